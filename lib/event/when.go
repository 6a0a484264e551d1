package event

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipw/lib/unit"
)

// missing reports a cell that says there is no time: sacct writes Unknown and
// None.
func missing(text string) bool {
	switch strings.ToLower(text) {
	case "", "unknown", "none", "null", "nan", "nat":
		return true
	}
	return false
}

// when reads a moment as Unix microseconds: RFC 3339, the same without offset
// as local time in loc, or a Unix time as a number.
func when(text string, loc *time.Location) (int64, error) {
	us, err := readWhen(text, loc)
	if err != nil {
		return 0, err
	}
	if t := time.UnixMicro(us).UTC(); t.Year() < 1970 || t.Year() > 2200 {
		return 0, fmt.Errorf("%q would be the year %d", text, t.Year())
	}
	return us, nil
}

func readWhen(text string, loc *time.Location) (int64, error) {
	if !strings.Contains(text, ":") {
		return unixTime(text)
	}
	norm := normal(text)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, norm); err == nil {
			return t.UnixMicro(), nil
		}
	}
	wall, err := time.Parse("2006-01-02T15:04:05", norm)
	if err != nil {
		return 0, fmt.Errorf("%q is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time", text)
	}
	return localTime(wall, text, loc)
}

// normal writes a time with T and Z: a space and small letters are as good.
func normal(text string) string {
	if len(text) > 10 && (text[10] == ' ' || text[10] == 't') {
		text = text[:10] + "T" + text[11:]
	}
	if head, ok := strings.CutSuffix(strings.ToUpper(text), "UTC"); ok {
		text = strings.TrimSpace(head) + "Z"
	}
	if head, ok := strings.CutSuffix(text, "z"); ok {
		text = head + "Z"
	}
	return strings.Replace(text, " ", "", 1)
}

// localTime finds the moment whose clock in loc shows wall. An hour that the
// change to winter time gives twice has two, one that the change to summer time
// skips has none: both are errors, a guess would put the joules of an hour into
// the wrong window.
func localTime(wall time.Time, text string, loc *time.Location) (int64, error) {
	near := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	from, to := near.ZoneBounds()
	probes := []time.Time{near}
	if !from.IsZero() {
		probes = append(probes, from.Add(-1))
	}
	if !to.IsZero() {
		probes = append(probes, to)
	}
	var hits []int64
	for _, p := range probes {
		_, offset := p.Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		if _, there := t.In(loc).Zone(); there == offset && (len(hits) == 0 || hits[0] != t.UnixMicro()) {
			hits = append(hits, t.UnixMicro())
		}
	}
	switch len(hits) {
	case 0:
		return 0, fmt.Errorf("%q does not exist in %s: the clock was set forward over it", text, zoneName(loc))
	case 1:
		return hits[0], nil
	}
	return 0, fmt.Errorf("%q is there twice in %s, where the clock was set back: write its offset, or a Unix time (sacct: SLURM_TIME_FORMAT=%%s)", text, zoneName(loc))
}

func zoneName(loc *time.Location) string {
	if loc == time.Local {
		return "local time"
	}
	return loc.String()
}

// unixTime reads seconds, milliseconds, microseconds or nanoseconds since 1970,
// told apart by their size: each range is a thousand times the one before, and
// the first ends in the year 5138.
func unixTime(text string) (int64, error) {
	bad := fmt.Errorf("%q is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time", text)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, bad
	}
	var us int64
	switch b := []byte(text); {
	case f < 0:
		return 0, bad
	case f < 1e11:
		us, err = unit.ParseDecimal(b, 6)
	case f < 1e14:
		us, err = unit.ParseDecimal(b, 3)
	case f < 1e17:
		us, err = unit.ParseDecimal(b, 0)
	default:
		us, err = unit.ParseDecimal(b, 0)
		us /= 1000
	}
	if err != nil {
		return 0, bad
	}
	return us, nil
}

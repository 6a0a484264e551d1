package powerlog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// stamps reads a log's times.
type stamps struct {
	src        *source
	zone       zone
	resolution int64 // of the finest time read, µs; 0: none was read
	with       bool  // a time had an offset
	without    bool
}

func newStamps(s *source, o Options) stamps {
	loc := o.Zone
	if loc == nil {
		loc = time.Local
	}
	return stamps{src: s, zone: zone{loc: loc}}
}

// date reads a date with a time of day, with / or - in the date, with or
// without an offset.
func (s *stamps) date(text string) (int64, error) {
	wall, frac, rest, ok := clockReading(strings.TrimSpace(text))
	if !ok {
		return 0, fmt.Errorf("%.40q is no time", text)
	}
	s.saw(frac)
	if rest == "" {
		return s.local(wall, text)
	}
	s.with = true
	for _, layout := range []string{"Z07:00", "Z0700"} {
		if t, err := time.Parse(layout, strings.TrimSpace(rest)); err == nil {
			_, offset := t.Zone()
			s.mixed(text)
			return checked(wall-int64(offset)*1e6, text)
		}
	}
	return 0, fmt.Errorf("%.40q is no time", text)
}

// local is a time without an offset.
func (s *stamps) local(wall int64, text string) (int64, error) {
	s.without = true
	s.mixed(text)
	if _, err := checked(wall, text); err != nil {
		return 0, err
	}
	us, twice, err := s.zone.at(wall, text)
	if twice {
		s.src.problems.WarnOnce("twice "+s.src.name, "%s:%d: %q is there twice in %s, where the clock was set back; taken as the first of the two: --timezone with an offset, as in +01:00, says which", s.src.name, s.src.line, text, s.zone.name())
	}
	return us, err
}

// mixed says once that some times have an offset and some have not.
func (s *stamps) mixed(text string) {
	if s.with && s.without {
		s.src.problems.WarnOnce("mixed "+s.src.name, "%s:%d: times with and without an offset in one log (%q): those without are taken in %s", s.src.name, s.src.line, text, s.zone.name())
	}
}

// unix reads seconds, milliseconds, microseconds or nanoseconds since 1970,
// told apart by their size.
func (s *stamps) unix(text string) (int64, error) {
	text = strings.TrimSpace(text)
	whole, frac, _ := strings.Cut(text, ".")
	var us int64
	var err error
	switch n := len(whole); {
	case n <= 11:
		us, err = unit.ParseDecimal([]byte(text), 6)
		s.saw(len(frac))
	case n <= 14:
		us, err = unit.ParseDecimal([]byte(text), 3)
		s.saw(3 + len(frac))
	case n <= 17:
		us, err = unit.ParseDecimal([]byte(text), 0)
		s.saw(6)
	default:
		us, err = unit.ParseDecimal([]byte(text), 0)
		us /= 1000
		s.saw(9)
	}
	if err != nil {
		return 0, fmt.Errorf("%.40q is no Unix time", text)
	}
	return checked(us, text)
}

// saw notes how many digits of a second a time had.
func (s *stamps) saw(digits int) {
	us := int64(1)
	for range max(0, 6-digits) {
		us *= 10
	}
	if s.resolution == 0 || us < s.resolution {
		s.resolution = us
	}
}

// checked refuses what cannot be a log's time.
func checked(us int64, text string) (int64, error) {
	if y := time.UnixMicro(us).UTC().Year(); y < 1970 || y > 2200 {
		return 0, fmt.Errorf("%.40q would be the year %d", text, y)
	}
	return us, nil
}

// clockReading reads "2025/11/23 10:00:00.123", with - for / and T for the
// space, as if it were UTC: Unix µs, the digits of its fraction, and what
// stands behind.
func clockReading(text string) (us int64, frac int, rest string, ok bool) {
	const pattern = "0000-00-00 00:00:00"
	if len(text) < len(pattern) {
		return 0, 0, "", false
	}
	var part [6]int
	k := 0
	for i := range len(pattern) {
		switch c := text[i]; pattern[i] {
		case '0':
			if c < '0' || c > '9' {
				return 0, 0, "", false
			}
			part[k] = part[k]*10 + int(c-'0')
		case '-':
			ok = c == '-' || c == '/'
			k++
		case ' ':
			ok = c == ' ' || c == 'T' || c == 't'
			k++
		default:
			ok = c == ':'
			k++
		}
		if !ok && pattern[i] != '0' {
			return 0, 0, "", false
		}
	}
	t := time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], 0, time.UTC)
	if int(t.Month()) != part[1] || t.Day() != part[2] || part[3] > 23 || part[4] > 59 || part[5] > 59 {
		return 0, 0, "", false
	}
	us, rest = t.UnixMicro(), text[len(pattern):]
	if rest == "" || rest[0] != '.' && rest[0] != ',' {
		return us, 0, rest, true
	}
	for frac = 0; frac+1 < len(rest) && rest[frac+1] >= '0' && rest[frac+1] <= '9'; frac++ {
	}
	n, _ := strconv.ParseInt((rest[1:frac+1] + "000000")[:6], 10, 64)
	return us + n, frac, rest[frac+1:], true
}

// microOf reads seconds since 1970.
func microOf(seconds string) (int64, error) {
	us, err := unit.ParseDecimal([]byte(seconds), 6)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no Unix time", seconds)
	}
	return checked(us, seconds)
}

// ParseTime reads a moment as Unix microseconds: a date with a time of day, with
// an offset or as the clock in loc shows it, or a Unix time.
func ParseTime(text string, loc *time.Location) (int64, error) {
	twice := false
	s := stamps{src: &source{problems: &stream.Problems{Print: func(string) { twice = true }}}, zone: zone{loc: loc}}
	if !strings.Contains(text, ":") {
		return s.unix(text)
	}
	us, err := s.date(text)
	if err == nil && twice {
		err = fmt.Errorf("%q is there twice in %s, where the clock was set back: write its offset", text, s.zone.name())
	}
	return us, err
}

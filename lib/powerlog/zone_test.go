package powerlog

import (
	"testing"
	"time"

	"ipw/lib/stream"
)

// A clock that is set back shows an hour twice, one that is set forward skips
// one; a log goes forward through both.
func TestLocalTime(t *testing.T) {
	type reading struct{ shown, utc string }
	for _, c := range []struct {
		name, zone string
		readings   []reading // "" for one that does not exist
		warned     bool
	}{
		{"october", "Europe/Berlin", []reading{
			{"2025-10-26 01:59:59", "2025-10-25T23:59:59Z"}, {"2025-10-26 02:00:00", "2025-10-26T00:00:00Z"}, {"2025-10-26 02:59:59.999", "2025-10-26T00:59:59.999Z"},
			{"2025-10-26 02:00:00", "2025-10-26T01:00:00Z"}, {"2025-10-26 02:30:00", "2025-10-26T01:30:00Z"}, {"2025-10-26 02:59:59", "2025-10-26T01:59:59Z"}, {"2025-10-26 03:00:00", "2025-10-26T02:00:00Z"}}, false},
		{"rows a little out of order", "Europe/Berlin", []reading{
			{"2025-10-26 01:30:00", "2025-10-25T23:30:00Z"}, {"2025-10-26 02:10:00.005", "2025-10-26T00:10:00.005Z"}, {"2025-10-26 02:10:00.003", "2025-10-26T00:10:00.003Z"}, {"2025-10-26 02:10:01", "2025-10-26T00:10:01Z"}}, false},
		{"begins in the hour", "Europe/Berlin", []reading{{"2025-10-26 02:10:00", "2025-10-26T00:10:00Z"}, {"2025-10-26 02:05:00", "2025-10-26T01:05:00Z"}}, true},
		{"begins in the hour, told", "+01:00", []reading{{"2025-10-26 02:10:00", "2025-10-26T01:10:00Z"}, {"2025-10-26 02:59:00", "2025-10-26T01:59:00Z"}}, false},
		{"comes to the hour from far", "Europe/Berlin", []reading{{"2025-10-25 12:00:00", "2025-10-25T10:00:00Z"}, {"2025-10-26 02:10:00", "2025-10-26T00:10:00Z"}}, true},
		{"march", "Europe/Berlin", []reading{{"2025-03-30 01:59:59", "2025-03-30T00:59:59Z"}, {"2025-03-30 02:30:00", ""}, {"2025-03-30 03:00:00", "2025-03-30T01:00:00Z"}}, false},
		{"half an hour", "Australia/Lord_Howe", []reading{{"2025-04-06 01:59:59", "2025-04-05T14:59:59Z"}, {"2025-04-06 01:30:00", "2025-04-05T15:00:00Z"}, {"2025-04-06 02:00:00", "2025-04-05T15:30:00Z"}}, true},
		{"new york", "America/New_York", []reading{{"2025-11-02 00:59:59", "2025-11-02T04:59:59Z"}, {"2025-11-02 01:30:00", "2025-11-02T05:30:00Z"}, {"2025-11-02 01:00:00", "2025-11-02T06:00:00Z"}}, false},
		{"no changes", "UTC", []reading{{"2025-10-26 02:10:00", "2025-10-26T02:10:00Z"}, {"2025-03-30 02:30:00", "2025-03-30T02:30:00Z"}}, false},
		{"offsets win", "Europe/Berlin", []reading{{"2025-10-26T02:10:00+01:00", "2025-10-26T01:10:00Z"}, {"2025-10-26T00:10:00Z", "2025-10-26T00:10:00Z"}, {"2025-10-26 02:10:00 +0200", "2025-10-26T00:10:00Z"}}, false},
		{"mixed", "Europe/Berlin", []reading{{"2025-11-23T10:00:00+00:00", "2025-11-23T10:00:00Z"}, {"2025-11-23 11:00:01", "2025-11-23T10:00:01Z"}}, true},
		{"no times", "UTC", []reading{{"2025-13-01 00:00:00", ""}, {"2025-02-30 00:00:00", ""}, {"2025-02-28 24:00:00", ""}, {"2025-02-28 10:00", ""}, {"20250228", ""}, {"2025-02-28 10:00:00 Mars", ""}}, false},
	} {
		loc, err := ParseZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		warned := false
		p := &stream.Problems{Print: func(string) { warned = true }}
		s := newStamps(&source{problems: p}, Options{Zone: loc})
		for _, r := range c.readings {
			us, err := s.date(r.shown)
			got := ""
			if err == nil {
				got = time.UnixMicro(us).UTC().Format(time.RFC3339Nano)
			}
			if got != r.utc {
				t.Errorf("%s: %q is %q (%v), want %q", c.name, r.shown, got, err, r.utc)
			}
		}
		if warned != c.warned {
			t.Errorf("%s: warned %v", c.name, warned)
		}
	}
	for _, bad := range []string{"", "Mars/Base", "+1", "25:00"} {
		if loc, err := ParseZone(bad); err == nil {
			t.Errorf("%q is %v", bad, loc)
		}
	}
}

// A whole year of a zone, each half hour of it: the moments come back.
func TestLocalTimeOfAYear(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		s := newStamps(&source{problems: &stream.Problems{}}, Options{Zone: loc})
		for at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2025; at = at.Add(15 * time.Minute) {
			us, err := s.date(at.In(loc).Format("2006/01/02 15:04:05.000"))
			if err != nil || us != at.UnixMicro() {
				t.Fatalf("%s: %s is %s (%v)", name, at.In(loc), time.UnixMicro(us).UTC(), err)
			}
		}
	}
}

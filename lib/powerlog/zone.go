package powerlog

import (
	"fmt"
	"slices"
	"time"
)

// zone turns what a wall clock showed into moments.
//
// When the clock is set back, as in October, an hour is shown twice. A log goes
// forward: the first moment that is not before the one read last is meant.
type zone struct {
	loc  *time.Location
	last int64 // the moment of the time read last, Unix µs; 0: none

	from, to, offset int64 // seconds: within them the offset is this one, whatever the wall shows
}

// jitter is how far a log's times may step back without being of the next hour.
const jitter = 10 * 1_000_000

// at finds the moment, in Unix µs, at which the clock showed wall, the Unix µs
// of the same reading in UTC. twice tells that it is one of two and nothing
// before says which.
func (z *zone) at(wall int64, text string) (us int64, twice bool, err error) {
	sec := wall / 1e6
	if z.offset != 0 || z.from != 0 {
		if t := sec - z.offset; t >= z.from && t < z.to {
			z.last = wall - z.offset*1e6
			return z.last, false, nil
		}
	}
	hits := z.moments(sec)
	for i := range hits {
		hits[i] += wall % 1e6
	}
	switch {
	case len(hits) == 0:
		return 0, false, fmt.Errorf("%q does not exist in %s: the clock was set forward over it", text, z.name())
	case len(hits) == 1 || z.last == 0 || z.last-hits[0] > 24*3600*1e6:
		z.last, twice = hits[0], len(hits) == 2
	case hits[0] >= z.last-jitter:
		twice = hits[0]-z.last > 3600*1e6
		z.last = hits[0]
	default:
		z.last = hits[1]
	}
	return z.last, twice, nil
}

// moments are the Unix µs at which the clock showed sec: one, two, or none.
func (z *zone) moments(sec int64) (hits []int64) {
	near := time.Unix(sec, 0).In(z.loc)
	_, offset := near.Zone()
	near = time.Unix(sec-int64(offset), 0).In(z.loc)
	from, to := near.ZoneBounds()
	probes := [3]time.Time{near, near, near}
	if !from.IsZero() {
		probes[0] = from.Add(-1)
	}
	if !to.IsZero() {
		probes[2] = to
	}
	for _, p := range probes {
		_, offset := p.Zone()
		t := sec - int64(offset)
		if _, there := time.Unix(t, 0).In(z.loc).Zone(); there == offset && !slices.Contains(hits, t*1e6) {
			hits = append(hits, t*1e6)
		}
	}
	slices.Sort(hits)
	if len(hits) == 1 {
		z.remember(hits[0]/1e6, from, to)
	}
	return hits
}

// day is more than any clock is set back or forward.
const day = 24 * 3600

// remember keeps the span in which the offset is beyond doubt: log lines come
// by the million.
func (z *zone) remember(t int64, from, to time.Time) {
	z.from, z.to = t-day, t+day
	if !from.IsZero() {
		z.from = max(z.from, from.Unix()+day/2)
	}
	if !to.IsZero() {
		z.to = min(z.to, to.Unix()-day/2)
	}
	_, offset := time.Unix(t, 0).In(z.loc).Zone()
	z.offset = int64(offset)
}

func (z *zone) name() string {
	if z.loc == time.Local {
		return "local time"
	}
	return z.loc.String()
}

// ParseZone reads the name of a time zone, Local, or an offset as in +01:00,
// which also tells the two passes of October's hour apart.
func ParseZone(name string) (*time.Location, error) {
	if t, err := time.Parse("Z07:00", name); err == nil && name != "" {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return nil, fmt.Errorf("%q is no time zone: Europe/Berlin, UTC, Local or an offset such as +01:00", name)
	}
	return loc, nil
}

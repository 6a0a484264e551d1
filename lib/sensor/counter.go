package sensor

import "ipw/lib/power"

// Verdict is what Counter makes of a raw value.
type Verdict int

const (
	Good  Verdict = iota
	Doubt         // no reading: impossible as a step, and not confirmed yet
	Reset         // the counter began again; what it counted before is lost
)

// A step that no machine makes is a garbled reading or a reset, never energy.
// The limits are far above any hardware, so that they catch only nonsense.
const (
	// wrapSlack is the energy that a wrap may always be worth, and wrapWatts the
	// mean power it may be worth over a long time: beyond that a fallen counter
	// was reset.
	wrapSlack = 5_000 * 1_000_000 // 5 kJ in µJ
	wrapWatts = 1_000             // µJ/µs: 1 kW
	// leapSlack and leapWatts limit steps forward.
	leapSlack = 1_000_000 * 1_000_000 // 1 MJ in µJ
	leapWatts = 10_000                // 10 kW
)

// Counter turns the readings of a raw energy counter into microjoules that
// start at 0 and never fall.
//
// A counter that falls has wrapped, if it has a range and the joules up to its
// end and on to the new value are plausible; how often it went round between
// two readings nobody can know, so it must be read at least twice per round.
// Else it was reset (NVML counts from the last driver load), or the reading is
// garbage. One reading does not tell these apart, so the first one is a Doubt
// and gives no value: if the next one goes on from before, the doubtful one was
// garbage; if it goes on from the doubtful one, that was a Reset.
type Counter struct {
	Range int64 // microjoules; 0: the counter does not wrap

	total int64
	base  point
	doubt point
}

type point struct {
	at, raw int64 // microseconds, microjoules
	set     bool
}

// Next takes a raw reading made at the time at, in microseconds, and returns
// the microjoules counted so far, or power.Null with Doubt.
func (c *Counter) Next(at, raw int64) (total int64, v Verdict) {
	if raw < 0 || c.Range > 0 && raw > c.Range {
		return power.Null, Doubt // no value of this counter: not even a candidate
	}
	now := point{at, raw, true}
	if !c.base.set {
		c.base = now
		return c.total, Good
	}
	step, ok := c.step(c.base, now)
	if ok {
		c.total += step
		c.base, c.doubt = now, point{}
		return c.total, Good
	}
	if c.doubt.set {
		if _, ok := c.step(c.doubt, now); ok {
			c.base, c.doubt = now, point{}
			return c.total, Reset
		}
	}
	c.doubt = now
	return power.Null, Doubt
}

// step is the energy from a to b, if b can follow a.
func (c *Counter) step(a, b point) (int64, bool) {
	dt := max(b.at-a.at, 0)
	d, leap := b.raw-a.raw, leapSlack+leapWatts*dt
	if d >= 0 {
		return d, d <= leap
	}
	if c.Range == 0 {
		return 0, false
	}
	d += c.Range
	most := wrapSlack + wrapWatts*dt
	// A counter that was reset cannot stand above what was used since.
	return d, d <= most || b.raw > most && d <= leap
}

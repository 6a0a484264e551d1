package sensor

import "ipw/lib/power"

// Verdict is what Counter makes of a raw value.
type Verdict int

const (
	Good  Verdict = iota
	Doubt         // no reading: impossible as a step, and not confirmed yet
	Reset         // the counter began again; what it counted before is lost
)

// The limits are above any hardware, so that they catch only nonsense.
const (
	// wrapSlack is the energy that a wrap may always be worth, and wrapWatts the
	// mean power it may be worth over a long time: beyond that a fallen counter
	// was reset.
	wrapSlack = 5_000 * 1_000_000 // 5 kJ in µJ
	wrapWatts = 1_000             // µJ/µs: 1 kW
	// stepSlack and stepWatts limit steps forward, leapSlack those that the next
	// reading confirms.
	stepSlack = 20_000 * 1_000_000    // 20 kJ
	stepWatts = 10_000                // 10 kW
	leapSlack = 1_000_000 * 1_000_000 // 1 MJ
)

// Counter turns the readings of a raw energy counter into microjoules that
// start at 0 and never fall.
//
// A counter that falls has wrapped, if it has a range and the joules up to its
// end and on to the new value are plausible; how often it went round between
// two readings nobody can know, so it must be read at least twice per round.
// Else it was reset (NVML counts from the last driver load), or the reading is
// garbage, a torn number for one. So may be one that leaps. One reading does not
// tell these apart, so the first one is a Doubt and gives no value: if the next
// one goes on from before, the doubtful one was garbage; if it goes on from the
// doubtful one, that was a Reset, or a leap, which counts unless what it leapt
// from was a single reading itself, the first.
type Counter struct {
	Range int64 // microjoules; 0: the counter does not wrap

	total int64
	base  point
	doubt point
}

type point struct {
	at, raw int64 // microseconds, microjoules
	set     bool
	follows bool // another one
}

// Doubtful reports whether the last value waits for the next one.
func (c *Counter) Doubtful() bool { return c.doubt.set }

// Next takes a raw reading made at the time at, in microseconds, and returns
// the microjoules counted so far, or power.Null with Doubt.
func (c *Counter) Next(at, raw int64) (total int64, v Verdict) {
	if raw < 0 || c.Range > 0 && raw > c.Range {
		return power.Null, Doubt // no value of this counter: not even a candidate
	}
	now := point{at: at, raw: raw, set: true}
	if !c.base.set {
		c.base = now
		return c.total, Good
	}
	joules, how := c.step(c.base, now)
	switch {
	case how == plain:
		v = Good
	case c.doubt.set && c.confirms(now, how):
		if v = Reset; how == leap && c.base.follows {
			v = Good
		}
	default:
		c.doubt = now
		return power.Null, Doubt
	}
	if v == Good {
		c.total += joules
	}
	now.follows = true
	c.base, c.doubt = now, point{}
	return c.total, v
}

// confirms tells whether the counter goes on to b from where it was doubtful, or
// leaps on: what is garbage is not followed by more.
func (c *Counter) confirms(b point, fromBase size) bool {
	_, how := c.step(c.doubt, b)
	return how == plain || how == leap && fromBase == leap && c.base.raw <= c.doubt.raw && c.doubt.raw <= b.raw
}

// size is how large a step is.
type size int

const (
	plain size = iota
	leap       // more than is plausible, but it may be
	never
)

// step is the energy from a to b, if b can follow a.
func (c *Counter) step(a, b point) (int64, size) {
	dt := max(b.at-a.at, 0)
	most := stepSlack + stepWatts*dt
	d := b.raw - a.raw
	if d < 0 {
		if c.Range == 0 {
			return 0, never
		}
		d += c.Range
		wrap := wrapSlack + wrapWatts*dt
		if d > wrap && b.raw <= wrap { // a counter that was reset stands at what was used since
			return 0, never
		}
		most = wrapSlack + stepWatts*dt
	}
	switch {
	case d <= most:
		return d, plain
	case d <= leapSlack+stepWatts*dt:
		return d, leap
	}
	return 0, never
}

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
	// slack is the energy that a step may always be worth, stepWatts the mean
	// power that it may be worth over a long time, wrapWatts that of a wrap:
	// beyond that a fallen counter was reset.
	slack     = 5_000 * 1_000_000 // 5 kJ in µJ
	stepWatts = 10_000            // µJ/µs: 10 kW
	wrapWatts = 1_000             // 1 kW
	// usualSlack and usualWatts are what no step exceeds that is to explain
	// readings which belong together.
	usualSlack = 100 * 1_000_000 // 100 J
	usualWatts = 1_000           // 1 kW
)

const (
	// garbageUs is how long garbage is thought to stay.
	garbageUs = 10_000_000
	// sleepUs is a time between two readings in which a machine may have slept.
	sleepUs = 10_000_000
)

// Counter turns the readings of a raw energy counter into microjoules that
// start at 0 and never fall.
//
// A counter that falls has wrapped, if it has a range and the joules up to its
// end and on to the new value are plausible; how often it went round between
// two readings nobody can know, so it must be read at least twice per round.
// Else it was reset (NVML counts from the last driver load), or the reading is
// garbage, a torn number for one; as is one that leaps. One reading does not tell
// these apart, so the first one is a Doubt and gives no value: if the next one
// goes on from before, the doubtful one was garbage; if it goes on from the
// doubtful one, that was a Reset. If soon after the counter is back where it
// would be without, it was garbage that stayed for a while.
type Counter struct {
	Range int64 // microjoules; 0: the counter does not wrap

	total  int64
	base   point
	doubt  point
	before point // base before the last Reset
	kept   int64 // total then
}

type point struct {
	at, raw int64 // microseconds, microjoules
	set     bool
}

// Doubtful reports whether the last value waits for the next one.
func (c *Counter) Doubtful() bool { return c.doubt.set }

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
	switch {
	case c.back(now):
		c.total = max(c.total, c.kept+now.raw-c.before.raw)
	case ok:
		c.total += step
	case c.doubt.set && c.follows(now):
		c.before, c.kept = c.base, c.total
		v = Reset
	default:
		c.doubt = now
		return power.Null, Doubt
	}
	c.base, c.doubt = now, point{}
	return c.total, v
}

// follows tells whether the counter goes on from where it was doubtful.
func (c *Counter) follows(now point) bool {
	_, ok := c.step(c.doubt, now)
	return ok
}

// back tells whether the counter goes on from before the last Reset, and not
// from after it.
func (c *Counter) back(now point) bool {
	usual := func(from point) bool {
		d := now.raw - from.raw
		return d >= 0 && d <= usualSlack+usualWatts*(now.at-from.at)
	}
	return c.before.set && now.at-c.before.at <= garbageUs && usual(c.before) && !usual(c.base)
}

// step is the energy from a to b, if b can follow a.
func (c *Counter) step(a, b point) (int64, bool) {
	dt := max(b.at-a.at, 0)
	d := b.raw - a.raw
	if d >= 0 {
		return d, d <= slack+stepWatts*dt
	}
	if c.Range == 0 {
		return 0, false
	}
	// A machine that slept may begin again: processors' counters are cleared with
	// their power. A wrap in so long a time lands anywhere, hardly ever at once
	// behind 0.
	if dt > sleepUs && b.raw <= min(usualSlack, c.Range/1000) {
		return 0, false
	}
	d += c.Range
	most := slack + wrapWatts*dt
	// A counter that was reset cannot stand above what was used since.
	return d, d <= most || b.raw > most && d <= slack+stepWatts*dt
}

package powerlog

import (
	"ipw/lib/power"
	"ipw/lib/sensor"
)

// tally turns a domain's values of joules into microjoules that start at 0 and
// never fall within a segment.
type tally struct {
	interval bool  // the values are joules per interval
	most     int64 // watts that a reading is believed at once with
	total    int64
	base     reading // the last value believed
	doubt    reading // one that cannot follow it, unless the next confirms it
	lost     bool    // the interval before had no value: what it used is in no sum
}

type reading struct {
	t, raw int64
	set    bool
}

// next takes a value read at t and returns the microjoules so far, or
// power.Null. reset tells that what was used since the value before is unknown.
//
// A counter that falls was reset, or the reading is garbage. One value does not
// tell: it is no reading, and if the next one goes on from it, that was a reset;
// if the next goes on from before, it was garbage. Where a counter wraps no log
// tells, so a wrap is taken as a reset: its joules are unknown, not guessed. A
// leap is no reading either before the next confirms it; then all of it counts.
func (y *tally) next(t, raw int64) (total int64, reset bool) {
	switch {
	case y.interval && raw == power.Null:
		y.lost = true
		return power.Null, false
	case y.interval:
		y.total += raw
		return y.total, false
	case raw == power.Null:
		return power.Null, false
	}
	now := reading{t, raw, true}
	switch {
	case !y.base.set:
	case y.base.before(now) && (!y.leaps(now) || y.doubt.set && y.doubt.before(now)):
		y.total += raw - y.base.raw
	case y.base.before(now):
		y.doubt = now
		return power.Null, false
	case y.doubt.set && y.doubt.before(now):
		reset = true
	default:
		y.doubt = now
		return power.Null, false
	}
	y.base, y.doubt = now, reading{}
	return y.total, reset
}

// The reasons of resets.
const (
	counterFell = "the counter fell: it began again, or wrapped"
	noValue     = "an interval without a value: what it used is not known"
)

// resume goes on from the tick before, at last, if that is what the value now
// counts from and the sum has not seen it. It returns the reason.
func (y *tally) resume(last int64, now reading) (why string) {
	switch {
	case y.interval && y.lost:
		y.lost = false
		return noValue
	case !y.interval && y.doubt.set && y.doubt.t == last && !y.base.before(now) && y.doubt.before(now):
		y.base, y.doubt = y.doubt, reading{}
		return counterFell
	}
	return ""
}

// leaps reports whether b is further from the last value believed than what a
// domain draws, given that times are good to a second.
func (y *tally) leaps(b reading) bool {
	return float64(b.raw-y.base.raw) > float64(y.most)*float64(max(b.t-y.base.t, 0)+1_000_000)
}

// mostWatts is more than a device of a kind draws: boards are machines, or what
// else a plug feeds.
func mostWatts(kind string) int64 {
	if kind == power.Board {
		return sensor.MaxMicroW / 1e6
	}
	return 100_000
}

// leap is the energy that a counter may always have counted between two
// readings, in µJ: 10 MJ. Beyond it goes what no machine draws.
const leap = 10_000_000 * 1_000_000

// before reports whether b can follow a.
func (a reading) before(b reading) bool {
	step, dt := b.raw-a.raw, max(b.t-a.t, 0)
	return step >= 0 && float64(step) <= leap+float64(sensor.MaxMicroW/1e6)*float64(dt)
}

package sampler

import "ipw/lib/power"

// refresh watches how long a sensor's value stands before it changes: the
// period at which the sensor renews it, as far as it is read often enough to
// tell.
type refresh struct {
	value   int64
	changed int64 // when the value came; 0: it was there at the first look
	set     bool
	stood   bool // some value was seen twice: it is read faster than it changes
	periods histogram
}

// see takes a raw value. After a reading without one it begins again.
func (r *refresh) see(now, v int64) {
	switch {
	case v == power.Null:
		r.set = false
	case !r.set:
		r.value, r.changed, r.set = v, 0, true
	case v == r.value:
		r.stood = true
	default:
		if r.changed != 0 {
			r.periods.add(now - r.changed)
		}
		r.value, r.changed = v, now
	}
}

// seen is nil where every reading was a new value: then the period is shorter
// than the interval, and nothing more is known. So it is where none was.
func (r *refresh) seen() *Percentiles {
	if !r.stood {
		return nil
	}
	return r.periods.percentiles()
}

// fresh tells the one from the other.
func (r *refresh) fresh() bool { return !r.stood && r.periods.all > 0 }

package sensor

import (
	"time"

	"ipw/lib/power"
)

// A value that changes at every look says nothing about how long it may stay.
const (
	watchRounds  = 5                      // documented refresh periods to watch for
	watchAtLeast = 30 * time.Millisecond  // also what a load estimate needs before its first figure
	watchAtMost  = 500 * time.Millisecond // nobody waits longer for a command to start
	watchStep    = time.Millisecond
	watchEnough  = 3 // refreshes seen
)

// Watch reads the sensors over and over for a moment, before the first sample,
// and lengthens UpdateUs of those that were seen to refresh more slowly than
// documented. A sensor without documented period gets what was seen.
//
// Only whole periods count, from one change of the value to the next, and only
// if the value was itself seen to stand still longer than documented: a reader
// that was held up for a while must not blame the sensor.
func Watch(sensors []Sensor, now func() int64, sleep func(time.Duration)) {
	var watches []watch
	for _, s := range sensors {
		if d := s.Domain(); !d.Silent() && !d.Estimated {
			watches = append(watches, watch{s: s, until: watchFor(d)})
		}
	}
	start := now()
	var r Reading
	for {
		t := now() - start
		busy := t < watchAtLeast.Microseconds()
		for i := range watches {
			if w := &watches[i]; w.changes < watchEnough && t < w.until {
				busy = true
				r.Clear()
				at := now()
				w.s.Read(at, false, &r)
				w.see(at, &r)
			}
		}
		if !busy {
			break
		}
		sleep(watchStep)
	}
	for i := range watches {
		watches[i].tell()
	}
}

func watchFor(d *Domain) int64 {
	us := watchAtMost.Microseconds()
	if d.UpdateUs != nil {
		us = min(us, watchRounds**d.UpdateUs)
	}
	return max(us, watchAtLeast.Microseconds())
}

// watch follows one sensor's value.
type watch struct {
	s       Sensor
	until   int64
	changes int
	set     bool
	value   int64
	before  int64 // last look at the value before this one
	first   int64 // first look at this value
	last    int64 // last look at this value
	still   int64 // longest time a value was seen to stay
	period  int64 // and the longest it can have stayed then
}

func (w *watch) see(at int64, r *Reading) {
	v := r.MicroJ
	if w.s.Domain().Energy != power.Counter {
		v = r.MicroW
	}
	switch {
	case v == power.Null:
		return
	case !w.set:
		w.set, w.value, w.before, w.first = true, v, at, at
	case v != w.value:
		if still := w.last - w.first; w.changes > 0 && still > w.still {
			w.still, w.period = still, at-w.before
		}
		w.changes++
		w.value, w.before, w.first = v, w.last, at
	}
	w.last = at
}

func (w *watch) tell() {
	d := w.s.Domain()
	if d.UpdateUs == nil {
		if w.period > 0 {
			d.UpdateUs = &w.period
		}
		return
	}
	if w.still > *d.UpdateUs {
		d.UpdateUs = &w.period
	}
}

package oracle

import (
	"math/big"
	"slices"
)

// reading is one value of one domain. "A null is no reading: each domain has
// its own readings."
type reading struct {
	at     int64    // when it counts as read
	taken  int64    // when it was read
	value  *big.Rat // joules; for energy none, watts
	watts  *big.Rat // nil: none
	readUs int64
	broken bool // a line ended between this reading and the one before
}

// readings picks domain i's readings out of a segment and marks where lines
// end.
func readings(s *segment, i int, h domainHeader) []reading {
	var out []reading
	var mark reading // where the last slope ended
	limit := 3 * max(spacing(s), h.update())
	var seen *big.Rat // "largest power seen"
	see := func(w *big.Rat) {
		if w != nil && (seen == nil || w.Cmp(seen) > 0) {
			seen = w
		}
	}
	for _, r := range s.records {
		if r.Type != "" {
			continue
		}
		now := reading{at: r.at, taken: r.at, readUs: r.ReadUs, watts: number(r.W, i)}
		if now.value = now.watts; h.Energy != "none" {
			now.value = number(r.J, i)
		}
		if now.value == nil {
			continue
		}
		// "averaged watts count as read ½·power_window_us + lag_us earlier"
		if !h.counter() && h.Power == "averaged" {
			now.at -= h.PowerWindowUs/2 + h.LagUs
		}
		if len(out) > 0 {
			last := out[len(out)-1]
			if now.taken == last.taken {
				continue // one reading an instant, the first
			}
			gap := now.taken - last.taken
			see(now.watts)
			// The power that the counter itself shows, over at least
			// update_us: nearer readings show the refresh, not the power.
			if h.counter() && now.at-mark.at >= h.update() {
				see(slope(mark, now))
				mark = now
			}
			switch {
			case reset(s, h.ID, last.taken, now.taken):
				now.broken = true
			case !h.counter():
				now.broken = gap > limit // "more than 3 × interval_us"
			case h.WrapJoules > 0 && seen != nil:
				// "gap × largest power seen > wrap_joules/2"
				may := new(big.Rat).Mul(seconds(gap), seen)
				now.broken = may.Cmp(new(big.Rat).SetFloat64(h.WrapJoules/2)) > 0
			}
		} else {
			see(now.watts)
			mark = now
		}
		out = append(out, now)
	}
	return out
}

// slope is the mean power between two readings of a counter.
func slope(a, b reading) *big.Rat {
	d := new(big.Rat).Sub(b.value, a.value)
	return d.Quo(d, seconds(b.at-a.at))
}

// reset tells whether the domain was reset between two readings. One at the
// time of a reading came before it: that reading found it.
func reset(s *segment, id string, after, until int64) bool {
	for _, r := range s.records {
		if r.Type == "note" && r.What == "reset" && (r.Domain == id || r.Domain == "") && r.at > after && r.at <= until {
			return true
		}
	}
	return false
}

// spacing is interval_us, "without interval_us … the median spacing of the
// segment's first 100 samples".
func spacing(s *segment) int64 {
	if s.header.IntervalUs > 0 {
		return s.header.IntervalUs
	}
	var times, steps []int64
	for _, r := range s.records {
		if r.Type == "" && len(times) < 100 {
			times = append(times, r.at)
		}
	}
	for i := 1; i < len(times); i++ {
		steps = append(steps, times[i]-times[i-1])
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return (steps[(len(steps)-1)/2] + steps[len(steps)/2]) / 2
}

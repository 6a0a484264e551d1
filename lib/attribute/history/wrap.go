package history

// wraps gives counters a range so that some gaps hide half a wrap and the
// others clearly do not, whichever way one estimates the largest power seen.
// Where no range does that the counter does not wrap.
func (m *maker) wraps(p *sampling, sensors []*sensor, segments []*segment) {
	for i, d := range sensors {
		if d.energy != "counter" {
			continue
		}
		var sure, possible []int64 // what each gap hides at least and at most, microjoules
		for _, s := range segments {
			lo, hi := s.hidden(i, d)
			sure, possible = append(sure, lo...), append(possible, hi...)
		}
		for _, half := range possible {
			half += half / 4
			gaps, clear := 0, half > 0
			for k := range sure {
				if sure[k] > half+half/4 {
					gaps++
				} else if possible[k] > half-half/8 {
					clear = false
				}
			}
			if clear && gaps > 0 {
				d.wrapUj = 2 * half
				break
			}
		}
	}
}

// hidden estimates, for each two neighbouring readings of domain i, the least
// and the most that gap × largest power seen can mean: the least is the mean
// power up to the gap, the most the steepest step of the whole segment.
func (s *segment) hidden(i int, d *sensor) (least, most []int64) {
	steepest, first, last := int64(0), -1, -1
	for k, one := range s.samples {
		if one.w[i] != null {
			steepest = max(steepest, one.w[i])
		}
		if one.j[i] == null {
			continue
		}
		if last >= 0 && one.at > s.samples[last].at {
			steepest = max(steepest, perSecond(s.samples[last], one, i))
		}
		last = k
	}
	last = -1
	for k, one := range s.samples {
		if one.j[i] == null {
			continue
		}
		if last >= 0 {
			gap, mean := one.at-s.samples[last].at, int64(0)
			if s.samples[last].at-s.samples[first].at > 2*max(d.updateUs, 0) {
				mean = perSecond(s.samples[first], s.samples[last], i)
			}
			least = append(least, int64(float64(gap)*float64(mean)/1e6))
			most = append(most, int64(float64(gap)*float64(steepest)/1e6))
		} else {
			first = k
		}
		last = k
	}
	return least, most
}

// perSecond is the mean microwatts between two samples.
func perSecond(a, b sample, i int) int64 {
	return int64(float64(b.j[i]-a.j[i]) * 1e6 / float64(b.at-a.at))
}

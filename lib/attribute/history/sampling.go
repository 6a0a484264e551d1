package history

import "slices"

// sampling decides when samples are taken.
func (m *maker) sampling(from, to int64) *sampling {
	p := &sampling{interval: []int64{10, 20, 25, 50, 100}[m.rng.IntN(5)] * ms}
	if m.has(Micro) {
		p.interval = 10*ms + m.rng.Int64N(90*ms)/2*2
	}
	first := from - m.length(ms, 500*ms)
	last := to + m.length(ms, 500*ms)
	if m.has(LateSampler) {
		if m.coin(0.6) {
			first = from + m.between(0, (to-from)/3)
		}
		if m.coin(0.6) {
			last = to - m.between(0, (to-from)/3)
		}
	}
	if mod(first, p.interval) != 0 && m.coin(0.5) { // on round times
		first -= mod(first, p.interval)
	}
	for (last-first)/p.interval > int64(m.size.Samples) {
		p.interval *= 2
	}
	p.regular = !m.has(Jitter) && !m.has(RandomTicks) || m.has(NoInterval)
	m.tick(p, first, last)
	m.gaps(p)
	m.segments(p)
	return p
}

// tick fills in the times, at least a dozen.
func (m *maker) tick(p *sampling, first, last int64) {
	n := max(12, int((last-first)/p.interval)+2)
	for k := range n {
		at := first + int64(k)*p.interval
		switch {
		case p.regular:
		case m.has(RandomTicks):
			at += 1 + m.rng.Int64N(p.interval-2)
		default:
			at += m.rng.Int64N(p.interval/3) - p.interval/6
		}
		p.times = append(p.times, at)
	}
}

// gaps takes samples out. Some gaps are exactly as long as none.
func (m *maker) gaps(p *sampling) {
	for range 3 {
		if !m.maybe(Gaps, 0.6) || len(p.times) < 20 {
			continue
		}
		n := 1 + m.rng.IntN(5)
		if m.coin(0.3) {
			n = min(5+m.rng.IntN(40), len(p.times)/3)
		}
		if m.coin(0.2) {
			n = 2 // three intervals
		}
		i := 7 + m.rng.IntN(len(p.times)-14)
		p.times = slices.Delete(p.times, i, min(i+n, len(p.times)-6))
	}
}

// segments restarts the sampler, with at least six samples in each segment.
func (m *maker) segments(p *sampling) {
	for i := 6; i+6 <= len(p.times); i++ {
		if m.maybe(PowerSegments, 3/float64(len(p.times))) {
			p.breaks = append(p.breaks, i)
			i += 6
		}
	}
}

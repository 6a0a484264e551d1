package history

import (
	"slices"
)

// segment is one segment's samples and the lines they are written as.
type segment struct {
	samples []sample
	lines   []object
}

// sample is what one tick read: microjoules and microwatts by domain.
type sample struct {
	at   int64
	j, w []int64
}

const null = int64(-1) << 62

// read takes the samples.
func (m *maker) read(p *sampling, sensors []*sensor) []*segment {
	var all []*segment
	starts := append([]int{0}, p.breaks...)
	for i, start := range starts {
		end := len(p.times)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		times := slices.Clone(p.times[start:end])
		if i > 0 && m.maybe(Seams, 0.7) {
			times = slices.Insert(times, 0, p.times[start-1])
		}
		all = append(all, m.segment(p, sensors, times))
	}
	return all
}

func (m *maker) segment(p *sampling, sensors []*sensor, times []int64) *segment {
	s := &segment{}
	for _, at := range times {
		s.samples = append(s.samples, sample{at, make([]int64, len(sensors)), make([]int64, len(sensors))})
	}
	resetAt := make(map[int]string) // sample index → domain
	for i, d := range sensors {
		k := 0
		if m.maybe(Resets, 0.4) && d.energy == "counter" && len(times) > 3 {
			k = 1 + m.rng.IntN(len(times)-1)
			resetAt[k] = d.id
		}
		m.fill(p, d, i, s.samples, k)
		m.nulls(i, s.samples)
	}
	for k, one := range s.samples {
		if d := resetAt[k]; d != "" {
			if mid := (one.at + s.samples[k-1].at) / 2; mid > s.samples[k-1].at {
				s.lines = append(s.lines, m.note(mid, d, "reset"))
			}
		}
		if k == 0 {
			for _, d := range sensors {
				if d.silent {
					s.lines = append(s.lines, m.note(one.at, d.id, "permission"))
				}
			}
		}
		if k > 0 && one.at-s.samples[k-1].at > 3*p.interval && m.coin(0.5) {
			s.lines = append(s.lines, m.note(one.at, "", "gap"))
		}
		s.lines = append(s.lines, m.sampleLine(one))
	}
	return s
}

// fill reads one domain through a segment; its reset comes before sample k.
func (m *maker) fill(p *sampling, d *sensor, i int, samples []sample, reset int) {
	origin := int64(0) // picojoules that the stream does not show
	if m.coin(0.7) {
		origin = d.counter(samples[0].at)
	}
	for k := range samples {
		s := &samples[k]
		s.j[i], s.w[i] = null, null
		if d.silent {
			continue
		}
		switch d.power {
		case "instant":
			s.w[i] = d.truth.power(s.at - d.lagUs)
		case "averaged":
			s.w[i] = (d.truth.energy(s.at-d.lagUs) - d.truth.energy(s.at-d.lagUs-d.windowUs)) / d.windowUs
		}
		switch d.energy {
		case "counter":
			if k > 0 && k == reset { // what was used meanwhile is lost
				origin += d.counter(s.at) - d.counter(samples[k-1].at)
			}
			s.j[i] = (d.counter(s.at) - origin) / 1_000_000
		case "integrated":
			s.j[i] = 0
			if k > 0 {
				last := samples[k-1]
				s.j[i] = last.j[i]
				if dt := s.at - last.at; dt <= 3*p.interval {
					s.j[i] += (s.w[i] + last.w[i]) * dt / 2_000_000
				}
			}
		}
		if d.power == "derived" && k > 0 && s.at > samples[k-1].at && s.j[i] >= samples[k-1].j[i] {
			s.w[i] = (s.j[i] - samples[k-1].j[i]) * 1_000_000 / (s.at - samples[k-1].at)
		}
	}
}

// counter is the picojoules that the sensor shows at a moment.
func (d *sensor) counter(at int64) int64 {
	at -= d.lagUs
	if d.staircase {
		at -= mod(at-d.phase, d.updateUs)
	}
	return d.truth.energy(at)
}

// nulls loses single readings and runs of them.
func (m *maker) nulls(i int, samples []sample) {
	for k := range samples {
		if !m.maybe(Nulls, 0.06) {
			continue
		}
		run := 1
		if m.coin(0.2) {
			run = 1 + m.rng.IntN(8)
		}
		for _, s := range samples[k:min(k+run, len(samples))] {
			if !m.coin(0.1) {
				s.j[i] = null
			}
			if !m.coin(0.1) {
				s.w[i] = null
			}
		}
	}
}

func (m *maker) note(at int64, domain, what string) object {
	o := append(object{{"type", "note"}}, m.stamps(at)...)
	if domain != "" {
		o = append(o, pair{"domain", domain})
	}
	return append(o, pair{"what", what})
}

func (m *maker) stamps(at int64) object {
	tUs, mUs := m.stamp(at)
	o := object{{"t_us", tUs}}
	if m.powerBoot {
		o = append(o, pair{"m_us", mUs})
	}
	return o
}

func (m *maker) sampleLine(s sample) object {
	o := m.stamps(s.at)
	if m.maybe(ReadTime, 0.8) {
		o = append(o, pair{"read_us", m.rng.Int64N(3 * ms)})
	}
	return append(o, pair{"j", values(s.j)}, pair{"w", values(s.w)})
}

// values prints micro-units, null where there is none.
func values(micro []int64) []any {
	out := make([]any, len(micro))
	for i, v := range micro {
		if v != null {
			out[i] = decimal(v)
		}
	}
	return out
}

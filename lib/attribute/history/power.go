package history

import (
	"bytes"
	"fmt"
)

// sensor is a domain and how it is read.
type sensor struct {
	id, kind, partOf string
	energy, power    string
	updateUs         int64 // −1: unknown
	lagUs            int64
	windowUs         int64 // of averaged watts
	wrapUj           int64 // 0: does not wrap
	estimated        bool
	staircase        bool  // the readings show the refreshes
	phase            int64 // of the refreshes
	silent           bool
	truth            *curve
}

// sampling is how the sampler goes about it.
type sampling struct {
	interval int64
	regular  bool
	times    []int64
	breaks   []int // indexes of times at which a new segment begins
}

// power makes the power stream for events between two moments.
func (m *maker) power(from, to int64) []byte {
	p := m.sampling(from, to)
	sensors := m.sensors(p, p.times[0]-10_000_000, p.times[len(p.times)-1]+1_000_000)
	segments := m.read(p, sensors)
	if m.has(Wraps) {
		m.wraps(p, sensors, segments)
	}
	var out bytes.Buffer
	for i, s := range segments {
		status := "ok"
		if i < len(segments)-1 && m.coin(0.3) {
			status = "interrupted"
		}
		m.powerSegment(&out, p, sensors, s, status)
	}
	return out.Bytes()
}

// sensors lists the domains.
func (m *maker) sensors(p *sampling, from, to int64) []*sensor {
	var all []*sensor
	add := func(id, kind string) *sensor {
		s := &sensor{id: id, kind: kind, truth: m.curve(from, to)}
		m.style(s, p)
		all = append(all, s)
		return s
	}
	if m.has(OnlyBoard) {
		add("psys:0", "board")
		return all
	}
	if !m.has(NoGPU) {
		gpus := 1
		if m.has(ManyGPUs) {
			gpus = 1 + m.rng.IntN(3)
		}
		for i := range gpus {
			add(fmt.Sprintf("gpu:%d", i), "gpu")
		}
		if m.has(Parts) {
			add("gpu:0/mig0", "gpu").partOf = "gpu:0"
		}
	}
	add("cpu:0", "cpu")
	if m.maybe(Parts, 0.5) {
		add("cpu:0/core", "core").partOf = "cpu:0"
		add("uncore:0", "uncore")
	}
	if m.has(Permission) {
		s := add("dram:0", "dram")
		*s = sensor{id: s.id, kind: s.kind, energy: "none", power: "none", silent: true, updateUs: -1, truth: s.truth}
	} else if m.coin(0.6) {
		add("dram:0", "dram")
	}
	if m.has(OtherKinds) {
		add("soc:0", "soc")
		add("ane:0", "ane")
	}
	if m.has(Board) {
		add("psys:0", "board")
	}
	return all
}

// style chooses how a sensor works.
func (m *maker) style(s *sensor, p *sampling) {
	styles := []Switch{0}
	for _, style := range []Switch{Staircase, NoUpdate, Integrated, Watts, Averaged, Estimated} {
		if m.has(style) {
			styles = append(styles, style)
		}
	}
	s.energy, s.power = "counter", []string{"instant", "derived", "none"}[m.rng.IntN(3)]
	s.updateUs = []int64{0, 1000}[m.rng.IntN(2)]
	update := p.interval * (2 + m.rng.Int64N(8))
	s.phase = m.rng.Int64N(update)
	switch styles[m.rng.IntN(len(styles))] {
	case Staircase:
		s.updateUs, s.staircase = update, true
	case NoUpdate:
		s.updateUs = -1
	case Integrated:
		s.energy, s.power = "integrated", "instant"
	case Watts:
		s.energy, s.power = "none", "instant"
	case Averaged:
		s.energy, s.power = []string{"integrated", "none"}[m.rng.IntN(2)], "averaged"
		s.windowUs = p.interval / 2 * (2 + m.rng.Int64N(12)) / 2 * 2 // an even number: half of it is a time
	case Estimated:
		s.energy, s.power, s.estimated, s.updateUs = "integrated", "instant", true, -1
	}
	if m.maybe(Lag, 0.5) {
		s.lagUs = m.rng.Int64N(2*p.interval) / 1000 * 1000
	}
}

func (m *maker) powerSegment(out *bytes.Buffer, p *sampling, sensors []*sensor, s *segment, status string) {
	tUs, _ := m.stamp(s.samples[0].at)
	h := object{{"type", "header"}, {"schema", "ipw.power/1"}, {"host", "n1"}}
	if m.powerBoot {
		h = append(h, pair{"boot_id", "boot-1"})
	}
	h = append(h, pair{"t_us", tUs})
	if !m.has(NoInterval) {
		h = append(h, pair{"interval_us", p.interval})
	}
	if m.has(RandomTicks) {
		h = append(h, pair{"ticks", "random"})
	}
	var domains []map[string]any
	for _, d := range sensors {
		domains = append(domains, d.header())
	}
	h = append(h, pair{"tool", "history"}, pair{"domains", domains})
	h.write(out)
	for _, line := range s.lines {
		line.write(out)
	}
	fmt.Fprintf(out, `{"type":"end","records":%d,"status":%q}`+"\n", len(s.lines), status)
}

func (s *sensor) header() map[string]any {
	d := map[string]any{"id": s.id, "kind": s.kind, "source": "history", "energy": s.energy, "power": s.power}
	if s.partOf != "" {
		d["part_of"] = s.partOf
	}
	if s.updateUs >= 0 {
		d["update_us"] = s.updateUs
	}
	if s.lagUs > 0 {
		d["lag_us"] = s.lagUs
	}
	if s.windowUs > 0 {
		d["power_window_us"] = s.windowUs
	}
	if s.wrapUj > 0 {
		d["wrap_joules"] = decimal(s.wrapUj)
	}
	if s.estimated {
		d["estimated"], d["model"] = true, "load × watts"
	}
	return d
}

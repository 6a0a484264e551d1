package powerlog

import (
	"math"
	"slices"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// thinned is what a thinner remembers of one domain.
type thinned struct {
	silent     bool
	counter    bool
	integrates bool // it has watts only, which become joules
	integral   sensor.Integral
	base       int64 // joules of the lines before this one, µJ
	update     int64
	gap        int64 // the longest time between two readings that belong together; 0: any
	half       int64 // of the counter's range, µJ; 0: none

	sum  int64   // the last joules made of watts, µJ
	any  bool    // it has had a reading on this line; the first is kept
	kept int64   // the interval in which one was kept
	last int64   // time of the last one
	mark reading // of a counter: at least update ago
	maxW int64   // the largest power seen
}

func newThinned(d *power.Domain, spacing int64) thinned {
	t := thinned{silent: d.Silent(), counter: d.Energy == power.Counter, integrates: d.Energy == power.None && !d.Silent()}
	if d.UpdateUs != nil {
		t.update = *d.UpdateUs
	}
	if !t.counter && spacing > 0 {
		t.gap = 3 * max(spacing, t.update)
	}
	t.restart()
	if t.counter && d.WrapJoules > 0 {
		t.half = int64(min(d.WrapJoules*1e6/2, math.MaxInt64/2))
	}
	return t
}

// maxGap is the longest that watts are integrated over: more overflows.
const maxGap = 10_000_000 * 1_000_000 // µs

// restart begins another line of readings.
func (d *thinned) restart() {
	d.base, d.any = d.sum, false
	d.integral = sensor.Integral{MaxGap: maxGap}
	if d.gap > 0 {
		d.integral.MaxGap = min(d.gap, maxGap)
	}
}

// has reports whether a sample has a reading of the domain: of its joules, or,
// where it has none, of its watts.
func (d *thinned) has(s *power.Sample, i int) bool {
	v := s.J
	if d.integrates {
		v = s.W
	}
	return !d.silent && i < len(v) && v[i] != power.Null
}

// breaks reports whether nothing bridges the time since the last reading.
func (d *thinned) breaks(s *power.Sample, i int) bool {
	dt := s.TUs - d.last
	switch {
	case !d.any:
		return false
	case d.counter:
		return d.half > 0 && float64(dt)/1e6*float64(d.maxW) > float64(d.half)
	}
	return d.gap > 0 && dt > d.gap
}

// take takes a reading, and makes joules of watts.
func (d *thinned) take(s *power.Sample, i int) {
	d.any, d.last = true, s.TUs
	if d.integrates {
		if s.J[i] = d.integral.Next(s.TUs, s.W[i]); s.J[i] != power.Null {
			s.J[i] += d.base
			d.sum = s.J[i]
		}
		return
	}
	if i < len(s.W) && s.W[i] != power.Null {
		d.maxW = max(d.maxW, s.W[i])
	}
	now := reading{s.TUs, s.J[i], true}
	if dt := now.t - d.mark.t; !d.mark.set {
		d.mark = now
	} else if dt > 0 && dt >= d.update {
		d.maxW = max(d.maxW, int64(min(float64(now.raw-d.mark.raw)/float64(dt)*1e6, math.MaxInt64/2)))
		d.mark = now
	}
}

// thinHeader is the header of a stream that was thinned: its interval is longer,
// its samples come at no random moments any more, wraps have been dealt with,
// watts without joules have become joules.
func thinHeader(h *power.Header, raw []byte, interval int64) (*power.Header, []byte, error) {
	n := *h
	n.IntervalUs, n.Ticks = max(h.IntervalUs, interval), ""
	n.Domains = slices.Clone(h.Domains)
	for i := range n.Domains {
		d := &n.Domains[i]
		d.WrapJoules = 0
		if d.Energy == power.None && !d.Silent() {
			d.Energy = power.Integrated
		}
	}
	if raw == nil {
		return &n, nil, nil
	}
	raw, err := editHeader(raw, &n)
	return &n, raw, err
}

// editHeader writes what h has changed into a header's own text, so that fields
// of a later version stay.
func editHeader(raw []byte, h *power.Header) ([]byte, error) {
	interval, err := stream.AppendJSON(nil, h.IntervalUs)
	if err != nil {
		return nil, err
	}
	raw = setField(setField(raw, "interval_us", interval), "ticks", nil)
	domains := []byte{'['}
	for i, d := range elements(fieldOf(raw, "domains")) {
		if i > 0 {
			domains = append(domains, ',')
		}
		energy, err := stream.AppendJSON(nil, h.Domains[i].Energy)
		if err != nil {
			return nil, err
		}
		domains = append(domains, setField(setField(d, "energy", energy), "wrap_joules", nil)...)
	}
	return setField(raw, "domains", append(domains, ']')), nil
}

package sampler

import (
	"math"
	"math/bits"

	"ipw/lib/power"
)

// Report is what a sampler says of itself, in its end record.
type Report struct {
	RateHz  *float64     `json:"rate_hz"`      // samples per second achieved; null for fewer than two
	Missed  int64        `json:"missed_ticks"` // ticks left out because they came too late
	Gaps    int64        `json:"gaps"`         // times that more than three intervals passed between two samples
	LateUs  *Percentiles `json:"jitter_us"`    // how much later than planned a tick's sample was; null if there was no tick
	ReadUs  *Percentiles `json:"read_us"`      // how long the reads of one sample took
	CPUSecs *float64     `json:"cpu_s"`        // of this process; null if the system does not tell

	Seconds float64         `json:"-"` // from the first sample to the last
	Fresh   map[string]bool `json:"-"` // the domains whose value was new at every reading

	// RefreshUs is how long each sensor's value stood before it changed, by
	// domain; null where it changed from every reading to the next.
	RefreshUs map[string]*Percentiles `json:"refresh_us"`
}

// Percentiles of a number of microseconds, each at most an eighth too large.
type Percentiles struct {
	P50 int64 `json:"p50"`
	P90 int64 `json:"p90"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

// self counts what the report needs, in memory that does not grow.
type self struct {
	first, last int64 // stamps
	samples     int64
	late, reads histogram
	cpu         float64
	cpuOK       bool
}

func (s *self) begin() { s.cpu, s.cpuOK = cpuSeconds() }

func (s *self) sample(p *power.Sample) {
	if s.samples == 0 {
		s.first = p.MUs
	}
	s.last = p.MUs
	s.samples++
	s.reads.add(p.ReadUs)
}

func (s *self) report(missed, gaps int64) *Report {
	r := &Report{Missed: missed, Gaps: gaps, LateUs: s.late.percentiles(), ReadUs: s.reads.percentiles()}
	if s.samples > 1 && s.last > s.first {
		r.Seconds = float64(s.last-s.first) / 1e6
		hz := round(float64(s.samples-1)/r.Seconds, 1e3)
		r.RateHz = &hz
	}
	if cpu, ok := cpuSeconds(); ok && s.cpuOK {
		d := round(cpu-s.cpu, 1e6)
		r.CPUSecs = &d
	}
	return r
}

func round(f, per float64) float64 { return math.Round(f*per) / per }

// histogram counts microseconds in eight steps per power of two.
type histogram struct {
	n    [64 * 8]int64
	all  int64
	most int64
}

func (h *histogram) add(us int64) {
	us = max(us, 0)
	h.n[bucket(us)]++
	h.all++
	h.most = max(h.most, us)
}

// bucket: values below 8 have one each.
func bucket(us int64) int {
	if us < 8 {
		return int(us)
	}
	e := bits.Len64(uint64(us)) - 4 // so that us>>e is 8 to 15
	return (e+1)*8 + int(us>>e) - 8
}

// top is the largest value of a bucket.
func top(b int) int64 {
	if b < 8 {
		return int64(b)
	}
	e := b/8 - 1
	return (int64(b%8+9) << e) - 1
}

func (h *histogram) percentiles() *Percentiles {
	if h.all == 0 {
		return nil
	}
	return &Percentiles{h.percentile(50), h.percentile(90), h.percentile(99), h.most}
}

func (h *histogram) percentile(p int64) int64 {
	rank := (h.all*p + 99) / 100
	for b, n := range h.n {
		if rank -= n; rank <= 0 {
			return min(top(b), h.most)
		}
	}
	return h.most
}

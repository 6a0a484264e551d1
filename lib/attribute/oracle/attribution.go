package oracle

import (
	"math/big"
	"slices"
)

// attribution is everything known, and the two tables that all numbers are
// sums over: shares per domain and slice, energy per domain and slice.
type attribution struct {
	rule        string
	minCoverage *big.Rat
	hasPower    bool
	serves      serves
	used        func(domain string, from, to int64) float64

	domains    []*domain
	permission map[string]bool // kinds with a permission note
	samples    []sample
	queries    []*query
	start, end int64 // the run, "from the first event to the last"

	slices []moment
	shares map[*domain][]charges
	values map[valueKey]value
}

// slice cuts the run at every edge of an event. Between two of them nobody
// comes or goes, so every share is constant.
func (a *attribution) slice() {
	edges := []int64{a.start, a.end}
	for _, q := range a.queries {
		edges = append(edges, q.from, q.to, q.start, q.end)
		for _, s := range q.spans {
			edges = append(edges, s.start, s.end)
			if s.firstToken != nil {
				edges = append(edges, *s.firstToken)
			}
			for _, w := range s.waits {
				edges = append(edges, w.from, w.to)
			}
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	for i := 1; i < len(edges); i++ {
		m := moment{window: window{edges[i-1], edges[i]}}
		for _, q := range a.queries {
			if q.open(m.from, m.to) {
				m.queries = append(m.queries, q)
			}
		}
		a.slices = append(a.slices, m)
	}
}

func (a *attribution) share() {
	a.shares = make(map[*domain][]charges)
	for _, d := range a.domains {
		for _, m := range a.slices {
			a.shares[d] = append(a.shares[d], a.charge(d, m))
		}
	}
}

// measure fills in every domain's energy and measured time per slice.
func (a *attribution) measure() {
	for _, d := range a.domains {
		for _, m := range a.slices {
			joules, us := d.between(m.from, m.to)
			if a.used != nil {
				joules = a.trulyUsed(d, m.window)
			}
			d.energy = append(d.energy, joules)
			d.measured = append(d.measured, us)
		}
	}
}

// trulyUsed is what a domain used in the measured part of a window.
func (a *attribution) trulyUsed(d *domain, w window) *big.Rat {
	sum := 0.0
	for _, i := range d.intervals {
		if from, to := max(i.from, w.from), min(i.to, w.to); from < to {
			sum += a.used(d.ID, from, to)
		}
	}
	return new(big.Rat).SetFloat64(sum)
}

// charged is what a domain charged to a figure: ∫ share dE.
func (a *attribution) charged(f figure, d *domain) *big.Rat {
	sum := new(big.Rat)
	for i, c := range a.shares[d] {
		if s := c.to[f]; s != nil {
			sum.Add(sum, new(big.Rat).Mul(s, d.energy[i]))
		}
	}
	return sum
}

// extent is the time a figure is about: a set of slices within a hull.
type extent struct {
	window
	slices []int // their indexes
}

// extent returns the window of a figure: what its coverage is the measured
// part of. None of a query's figures but these two count the time in its setup
// and scoring windows. ok is false if the trace has no such figure.
func (a *attribution) extent(f figure, kind string) (x extent, ok bool) {
	q, t := f.query, f.turn
	var in []window
	switch f.name {
	case "query", "overhead":
		in = []window{{q.from, q.to}}
	case "turn":
		in = []window{{t.first, t.last}}
	case "tool":
		in = []window{{f.tool.start, f.tool.end}}
	case "setup", "scoring":
		for _, s := range q.spans {
			if s.kind == f.name {
				in = append(in, window{s.start, s.end})
			}
		}
	case "lm", "prefill", "decode":
		for _, s := range t.spans {
			if w, ok := s.phase(f.name); ok && !(kind == "gpu" && s.on == nil) {
				in = append(in, w)
			}
		}
	}
	if len(in) == 0 {
		return x, false
	}
	x.window = in[0]
	for _, w := range in {
		x.from, x.to = min(x.from, w.from), max(x.to, w.to)
	}
	for i, m := range a.slices {
		inside := slices.ContainsFunc(in, func(w window) bool { return w.from <= m.from && m.to <= w.to })
		setup := q.during("setup", m.from, m.to)
		scoring := q.during("scoring", m.from, m.to) && !setup
		switch f.name {
		case "setup":
			inside = setup
		case "scoring":
			inside = scoring
		case "overhead":
			inside = inside && !setup && !scoring && len(m.turns(q)) == 0
		default:
			inside = inside && !setup && !scoring
		}
		if inside {
			x.slices = append(x.slices, i)
		}
	}
	return x, true
}

// phase is the part of an lm_inference call that a figure is about.
func (s *span) phase(name string) (window, bool) {
	switch {
	case s.kind != "lm":
		return window{}, false
	case name == "lm":
		return window{s.start, s.end}, true
	case s.firstToken == nil:
		return window{}, false // "null without lm_first_token"
	case name == "prefill":
		return window{s.start, *s.firstToken}, true
	}
	return window{*s.firstToken, s.end}, true
}

// length is the extent's time.
func (a *attribution) length(x extent) int64 {
	us := int64(0)
	for _, i := range x.slices {
		us += a.slices[i].to - a.slices[i].from
	}
	return us
}

// measuredUs is "the time between two points of one line" in an extent.
func (a *attribution) measuredUs(x extent, d *domain) int64 {
	us := int64(0)
	for _, i := range x.slices {
		us += d.measured[i]
	}
	return us
}

// coverage is "the measured part of a window". Without length it is 1 if a
// line runs through the window's start, else 0.
func (a *attribution) coverage(x extent, d *domain) *big.Rat {
	if n := a.length(x); n > 0 {
		return big.NewRat(a.measuredUs(x, d), n)
	}
	if d.covers(x.from) {
		return big.NewRat(1, 1)
	}
	return new(big.Rat)
}

// pieces are the extent's slices joined where they touch.
func (a *attribution) pieces(x extent) []window {
	var ps []window
	for _, i := range x.slices {
		w := a.slices[i].window
		if n := len(ps); n > 0 && ps[n-1].to == w.from {
			ps[n-1].to = w.to
		} else {
			ps = append(ps, w)
		}
	}
	return ps
}

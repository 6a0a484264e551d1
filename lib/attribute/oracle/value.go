package oracle

import (
	"math/big"
)

// Kinds that are summed, in the order of the basis, and the board.
var summed = []string{"gpu", "cpu", "dram", "soc", "ane"}

// kinds lists the kinds a trace has fields for: gpu, cpu and dram always,
// others "where such domains exist".
func (a *attribution) kinds() []string {
	kinds := []string{"gpu", "cpu", "dram"}
	for _, k := range []string{"soc", "ane", "board"} {
		if len(a.ofKind(k)) > 0 {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func (a *attribution) ofKind(kind string) []*domain {
	var ds []*domain
	for _, d := range a.domains {
		if d.Kind == kind {
			ds = append(ds, d)
		}
	}
	return ds
}

// counted are the domains that sums hold: "all counted domains, or the board
// where it is the only one".
func (a *attribution) counted() []*domain {
	var ds []*domain
	for _, k := range summed {
		ds = append(ds, a.ofKind(k)...)
	}
	if len(ds) == 0 {
		return a.ofKind("board")
	}
	return ds
}

func (a *attribution) isCounted(d *domain) bool {
	for _, c := range a.counted() {
		if c == d {
			return true
		}
	}
	return false
}

// value is a figure for one kind of domain.
type value struct {
	joules      *big.Rat // nil: null
	why         string   // it is null
	partial     bool     // it misses a domain, or a part of its window
	from        []*domain
	watts       *big.Rat // the average
	sharers     *big.Rat // nil: nothing was charged
	uncertainty *big.Rat // nil: null
	kind        string   // of the uncertainty
}

// value is a figure of a kind, remembered.
func (a *attribution) value(f figure, kind string) value {
	key := valueKey{f, kind}
	v, ok := a.values[key]
	if !ok {
		v = a.newValue(f, kind)
		a.values[key] = v
	}
	return v
}

type valueKey struct {
	figure
	kind string
}

// newValue adds a figure up over a kind's domains.
func (a *attribution) newValue(f figure, kind string) value {
	ds := a.ofKind(kind)
	switch {
	case !a.hasPower:
		return value{why: "no power stream"}
	case len(ds) == 0 && a.permission[kind]:
		return value{why: "permission"}
	case len(ds) == 0:
		return value{why: "no sensor"}
	case kind == "gpu" && f.query.remote():
		return value{why: "remote endpoint"}
	}
	x, ok := a.extent(f, kind)
	if !ok {
		return value{}
	}
	v := value{joules: new(big.Rat), partial: a.misses(f, kind)}
	best := new(big.Rat)
	for _, d := range ds {
		coverage := a.coverage(x, d)
		if coverage.Cmp(best) > 0 {
			best = coverage
		}
		if !a.passes(coverage) {
			v.partial = true
			continue
		}
		v.partial = v.partial || coverage.Cmp(one) < 0
		v.from = append(v.from, d)
		v.joules.Add(v.joules, a.charged(f, d))
	}
	if len(v.from) == 0 {
		if best.Sign() == 0 {
			return value{why: "no samples"}
		}
		return value{why: "low coverage"}
	}
	v.watts = a.averageWatts(f, x, v.from)
	v.sharers = a.meanSharers(f, v.from)
	v.uncertainty, v.kind = a.uncertainty(f, x, v.from)
	return v
}

// passes: "below --min-coverage (0.9) its value is null (low coverage; at 0 no
// samples)".
func (a *attribution) passes(coverage *big.Rat) bool {
	return coverage.Sign() > 0 && coverage.Cmp(a.minCoverage) >= 0
}

// remote: "a query that made model calls and none on a sampled host".
func (q *query) remote() bool {
	calls := 0
	for _, s := range q.spans {
		if s.call() {
			calls++
			if s.on != nil {
				return false
			}
		}
	}
	return calls > 0
}

// misses tells whether some of the turn's calls are not in an lm figure: the
// remote ones, and those without a first token.
func (a *attribution) misses(f figure, kind string) bool {
	if f.turn == nil || f.name == "turn" || f.name == "tool" {
		return false
	}
	for _, s := range f.turn.spans {
		if _, ok := s.phase(f.name); s.kind == "lm" && (!ok || kind == "gpu" && s.on == nil) {
			return true
		}
	}
	return false
}

// averageWatts: "Averages in watts = energy ÷ measured seconds of the same
// window", of each domain.
func (a *attribution) averageWatts(f figure, x extent, ds []*domain) *big.Rat {
	sum := new(big.Rat)
	for _, d := range ds {
		us := a.measuredUs(x, d)
		if us == 0 {
			return nil
		}
		sum.Add(sum, new(big.Rat).Quo(a.charged(f, d), seconds(us)))
	}
	return sum
}

// meanSharers: "the energy-weighted mean number of sharers", nil if no joule
// was charged.
func (a *attribution) meanSharers(f figure, ds []*domain) *big.Rat {
	joules, weighted := new(big.Rat), new(big.Rat)
	for _, d := range ds {
		for i, c := range a.shares[d] {
			charge := new(big.Rat).Mul(c.of(f), d.energy[i])
			joules.Add(joules, charge)
			weighted.Add(weighted, charge.Mul(charge, big.NewRat(int64(c.sharers), 1)))
		}
	}
	if joules.Sign() == 0 {
		return nil
	}
	return weighted.Quo(weighted, joules)
}

// alone: "share is alone only if every share in the window was 0 or 1 and no
// other query was open". A share exists where the domain is measured.
func (a *attribution) alone(f figure, x extent) bool {
	for _, i := range x.slices {
		if len(a.slices[i].queries) > 1 {
			return false
		}
		for _, d := range a.counted() {
			s := a.shares[d][i].of(f)
			if d.measured[i] > 0 && s.Sign() != 0 && s.Cmp(one) != 0 {
				return false
			}
		}
	}
	return true
}

// method is how the joules of some domains came about.
func method(ds []*domain) string {
	got := "none"
	for _, d := range ds {
		m := "integrated" // by the sampler, or here
		if d.Estimated {
			m = "estimate"
		} else if d.counter() {
			m = "counter"
		}
		if got != "none" && got != m {
			return "mixed"
		}
		got = m
	}
	return got
}

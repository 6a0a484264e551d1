package oracle

import (
	"math/big"
	"slices"
)

// energy collects the energy object of a turn or a query.
type energy struct {
	f       Fields
	path    string
	values  map[string]value // the window's own, by kind
	partial []string
	sum     any // the joules of all counted kinds
}

func newEnergy(f Fields, path string) *energy {
	return &energy{f: f, path: path, values: make(map[string]value)}
}

// main takes the window's own value of a kind.
func (e *energy) main(kind string, v value) {
	e.values[kind] = v
	if v.joules == nil {
		e.f[e.path+"missing."+kind] = v.why
	} else if v.sharers != nil {
		e.f[e.path+"sharers."+kind] = v.sharers
	}
	e.also(kind, v)
}

// also takes another value that has an uncertainty of its own.
func (e *energy) also(key string, v value) {
	if v.joules == nil {
		return
	}
	e.f[e.path+"uncertainty_joules."+key] = null(v.uncertainty)
	e.f[e.path+"uncertainty_kind."+key] = v.kind
	if v.partial {
		e.partial = append(e.partial, key)
	}
}

// finish fills in what is about all kinds together.
func (a *attribution) finish(e *energy, whole figure, x extent) {
	e.f[e.path+"share_rule"] = a.rule

	basis := []string{}
	var sum *big.Rat
	missed := false
	var from []*domain
	for _, kind := range append(slices.Clone(summed), "board") {
		v := e.values[kind]
		missed = missed || kind != "board" && (v.why == "no samples" || v.why == "low coverage")
		if v.joules == nil || !a.isCounted(v.from[0]) {
			continue
		}
		if sum == nil {
			sum = new(big.Rat)
		}
		basis, from = append(basis, kind), append(from, v.from...)
		sum.Add(sum, v.joules)
	}
	e.sum = null(sum)
	if sum != nil && missed { // "a sum that misses a turn or a domain is given and named"
		e.partial = append(e.partial, "energy_joules")
	}
	slices.Sort(e.partial)
	e.f[e.path+"partial"] = slices.Compact(e.partial)
	e.f[e.path+"basis"] = basis
	e.f[e.path+"method"] = method(from)

	for _, d := range a.domains {
		e.f[e.path+"by_domain."+d.ID] = nil
		if v := e.values[d.Kind]; slices.Contains(v.from, d) {
			e.f[e.path+"by_domain."+d.ID] = a.charged(whole, d)
		}
	}

	var coverage, samples *big.Rat // "the smallest among the counted domains"
	for _, d := range a.counted() {
		c, n := a.coverage(x, d), big.NewRat(d.readingsIn(x.window), 1)
		if coverage == nil || c.Cmp(coverage) < 0 {
			coverage = c
		}
		if samples == nil || n.Cmp(samples) < 0 {
			samples = n
		}
	}
	e.f[e.path+"coverage"], e.f[e.path+"samples"] = null(coverage), null(samples)
	e.f[e.path+"share"], e.f[e.path+"below_resolution"] = nil, nil
	if coverage == nil {
		return // nothing is counted
	}
	e.f[e.path+"below_resolution"] = a.belowResolution(x)
	e.f[e.path+"share"] = "shared"
	if a.alone(whole, x) {
		e.f[e.path+"share"] = "alone"
	}
}

// readingsIn counts a domain's readings of a window, its ends included.
func (d *domain) readingsIn(w window) int64 {
	n := int64(0)
	for _, t := range d.times {
		if w.from <= t && t <= w.to {
			n++
		}
	}
	return n
}

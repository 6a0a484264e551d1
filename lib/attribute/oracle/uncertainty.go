package oracle

import (
	"math"
	"math/big"
	"slices"
)

// Kinds of uncertainty, the weakest last.
var uncertaintyKinds = []string{"bound", "assumed", "statistical", "none"}

// uncertaintyKind is the kind of a domain's.
func (d *domain) uncertaintyKind() string {
	boxcar := d.PowerWindowUs > 0 && d.spacingUs > 0 && 2*d.spacingUs <= d.PowerWindowUs
	switch {
	case d.Estimated:
		return "none" // "an estimate"
	case d.counter() && d.UpdateUs != nil:
		return "bound" // "a counter with a known update_us"
	case d.counter():
		return "assumed" // "update_us unknown"
	case d.Power == "averaged" && boxcar:
		return "assumed" // "a boxcar of length W read at spacing h ≤ W/2"
	case d.Power == "instant" && d.random:
		return "statistical" // "integrated instant watts have no bound"
	}
	return "none" // "integrated instant watts without ticks: random"
}

// uncertainty is that of a figure summed over domains. "A sum has its weakest
// part's kind." With a part that has none it is nil. Bounds of several domains
// add up, standard errors are independent and add as squares.
func (a *attribution) uncertainty(f figure, x extent, ds []*domain) (*big.Rat, string) {
	kind := 0
	value, lo, hi := new(big.Rat), new(big.Rat), new(big.Rat)
	boxcars, variance, known := new(big.Rat), 0.0, true
	for _, d := range ds {
		k := d.uncertaintyKind()
		kind = max(kind, slices.Index(uncertaintyKinds, k))
		switch {
		case k == "none":
		case d.counter():
			l, h := a.bounds(f, d)
			lo.Add(lo, l)
			hi.Add(hi, h)
			value.Add(value, a.charged(f, d))
		case k == "assumed":
			boxcars.Add(boxcars, a.boxcar(f, d))
		default:
			v, ok := a.variance(f, x, d)
			variance += v
			known = known && ok
		}
	}
	if uncertaintyKinds[kind] == "none" || !known {
		return nil, uncertaintyKinds[kind]
	}
	// "the uncertainty is max(value − lo, hi − value)"
	u := new(big.Rat).Sub(value, lo)
	if up := new(big.Rat).Sub(hi, value); up.Cmp(u) > 0 {
		u = up
	}
	u.Add(u, boxcars)
	if variance > 0 {
		u.Add(u, new(big.Rat).SetFloat64(2*math.Sqrt(variance)))
	}
	return u, uncertaintyKinds[kind]
}

// bounds: "A charge with share w(t), 0 outside its window, is therefore at
// least lo = Σ D·(smallest w in the cell) and at most hi = Σ D·(largest w in
// the cell)".
func (a *attribution) bounds(f figure, d *domain) (lo, hi *big.Rat) {
	lo, hi = new(big.Rat), new(big.Rat)
	for _, c := range d.cells {
		if c.joules.Sign() == 0 {
			continue
		}
		smallest, largest := a.sharesIn(f, d, c.from, c.to)
		lo.Add(lo, new(big.Rat).Mul(c.joules, smallest))
		hi.Add(hi, new(big.Rat).Mul(c.joules, largest))
	}
	return lo, hi
}

// sharesIn returns a figure's smallest and largest share between two moments.
// What has no length does not count; outside the run every share is 0.
func (a *attribution) sharesIn(f figure, d *domain, from, to int64) (smallest, largest *big.Rat) {
	see := func(s *big.Rat) {
		if smallest == nil || s.Cmp(smallest) < 0 {
			smallest = s
		}
		if largest == nil || s.Cmp(largest) > 0 {
			largest = s
		}
	}
	if from < a.start || to > a.end {
		see(new(big.Rat))
	}
	for i, m := range a.slices {
		if m.from < to && from < m.to {
			see(a.shares[d][i].of(f))
		}
	}
	if smallest == nil {
		see(new(big.Rat))
	}
	return smallest, largest
}

// boxcar: "(W/2 + 2h)(w_a + w_b) + (h/W)·E′, w the larger reading round each
// edge, E′ the energy of the window widened by W on both sides". That is for a
// window whose share is 1. In general an edge is a jump of the share and counts
// by its height, and the widened window has at each moment the largest share
// within W of it; for a share of 1 this is the sentence.
func (a *attribution) boxcar(f figure, d *domain) *big.Rat {
	width, step := d.PowerWindowUs, d.spacingUs
	sum, before := new(big.Rat), new(big.Rat)
	for i := 0; i <= len(a.slices); i++ {
		at, now := a.end, new(big.Rat)
		if i < len(a.slices) {
			at, now = a.slices[i].from, a.shares[d][i].of(f)
		}
		jump := new(big.Rat).Sub(now, before)
		before = now
		sum.Add(sum, jump.Abs(jump).Mul(jump, d.wattsRound(at)))
	}
	sum.Mul(sum, big.NewRat(width+4*step, 2_000_000))
	wide := a.widened(f, d, width)
	return sum.Add(sum, wide.Mul(wide, big.NewRat(step, width)))
}

// wattsRound is the larger of the two readings round a moment. The later one
// does not count if it begins another line more than a window away.
func (d *domain) wattsRound(at int64) *big.Rat {
	larger := new(big.Rat)
	see := func(w wattsAt) {
		if w.watts.Cmp(larger) > 0 {
			larger = w.watts
		}
	}
	for i, w := range d.watts {
		lastBefore := w.at <= at && (i+1 == len(d.watts) || d.watts[i+1].at > at)
		firstAfter := w.at >= at && (i == 0 || d.watts[i-1].at < at) && !(w.broken && w.at > at+d.PowerWindowUs)
		if lastBefore || firstAfter {
			see(w)
		}
	}
	return larger
}

// widened is E′.
func (a *attribution) widened(f figure, d *domain, by int64) *big.Rat {
	var cuts []int64
	for _, m := range a.slices {
		cuts = append(cuts, m.from-by, m.from, m.from+by, m.to-by, m.to, m.to+by)
	}
	slices.Sort(cuts)
	sum := new(big.Rat)
	for i := 1; i < len(cuts); i++ {
		from, to := cuts[i-1], cuts[i]
		if from == to {
			continue
		}
		largest := new(big.Rat)
		for k, m := range a.slices {
			near := m.from-by < to && from < m.to+by
			if s := a.shares[d][k].of(f); near && s.Cmp(largest) > 0 {
				largest = s
			}
		}
		if largest.Sign() > 0 {
			joules, _ := d.between(from, to)
			sum.Add(sum, joules.Mul(joules, largest))
		}
	}
	return sum
}

// variance: "two standard errors, 2·sqrt(½·q·Σoᵢ²), oᵢ the window's time in
// interval i weighted by its share": ½·q·Σoᵢ². Not known if no two readings
// are neighbours up to the window's end.
func (a *attribution) variance(f figure, x extent, d *domain) (v float64, known bool) {
	sum := new(big.Rat)
	for _, iv := range d.intervals {
		o := new(big.Rat)
		for i, m := range a.slices {
			if from, to := max(iv.from, m.from), min(iv.to, m.to); from < to {
				o.Add(o, new(big.Rat).Mul(seconds(to-from), a.shares[d][i].of(f)))
			}
		}
		sum.Add(sum, o.Mul(o, o))
	}
	q := d.meanSquaredStep(x)
	if q == nil {
		return 0, sum.Sign() == 0
	}
	half := new(big.Rat).Mul(big.NewRat(1, 2), sum.Mul(sum, q))
	v, _ = half.Float64()
	return v, true
}

// meanSquaredStep: "q the mean squared step of power between neighbouring
// readings in the window, of the last 20 if it has fewer".
func (d *domain) meanSquaredStep(x extent) *big.Rat {
	var inside, until []*big.Rat
	for i := 1; i < len(d.watts); i++ {
		a, b := d.watts[i-1], d.watts[i]
		if b.broken || b.at > x.to {
			continue
		}
		step := new(big.Rat).Sub(b.watts, a.watts)
		step.Mul(step, step)
		until = append(until, step)
		if a.at >= x.from {
			inside = append(inside, step)
		}
	}
	if len(inside) < 20 {
		inside = until[max(0, len(until)-20):]
	}
	if len(inside) == 0 {
		return nil
	}
	sum := new(big.Rat)
	for _, s := range inside {
		sum.Add(sum, s)
	}
	return over(sum, len(inside))
}

// belowResolution: "for some counted domain no whole cell lies inside the
// window, or the window is shorter than its power_window_us".
func (a *attribution) belowResolution(x extent) bool {
	for _, d := range a.counted() {
		if a.length(x) < d.PowerWindowUs || !a.hasWholeCell(x, d) {
			return true
		}
	}
	return false
}

func (a *attribution) hasWholeCell(x extent, d *domain) bool {
	for _, w := range a.pieces(x) {
		for _, c := range d.cells {
			if w.from <= c.from && c.to <= w.to {
				return true
			}
		}
	}
	return false
}

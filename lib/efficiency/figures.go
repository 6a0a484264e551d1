package efficiency

import (
	"ipw/lib/stats"
	"ipw/lib/unit"
)

// basis computes the efficiency by this account.
func (a *account) basis() Basis {
	b := Basis{Basis: kindName[a.kind], Estimated: a.estimated, N: len(a.scored)}
	if a.why == "" {
		a.why = a.figures(&b)
		b.JoulesPerSuccess = a.perSuccess()
	}
	if a.why != "" {
		b.Reason = &a.why
	}
	return b
}

// figures fills in b and tells why something is null.
func (a *account) figures(b *Basis) (why string) {
	if len(a.scored) == 0 {
		return "no query is both scored and measured"
	}
	x, joules := scores(a.scored), make([]float64, len(a.scored))
	for i, t := range a.scored {
		joules[i] = t.energy(a.kind).Float()
	}
	sum := a.sum(a.scored)
	b.EnergyJoules = &sum
	if sum <= 0 {
		return "the energy is 0 J"
	}
	n, m := float64(len(x)), sum/float64(len(x))
	b.IPJ, b.IPJCI95 = a.estimate(x, relative(joules, m), 1/m)

	var windows, length unit.Sum
	watts, seconds := make([]float64, len(x)), make([]float64, len(x))
	for i, t := range a.scored {
		j, s, ok := t.window(a.kind)
		if !ok {
			return "the length of a query is not known"
		}
		watts[i], seconds[i] = j, s
		windows.Add(unit.FromFloat(j))
		length.Add(unit.FromFloat(s))
	}
	e, s := windows.Float(), length.Float()
	b.Seconds = &s
	if e <= 0 || s <= 0 {
		return "the power is 0 W"
	}
	rel := relative(watts, e/n)
	for i, r := range relative(seconds, s/n) {
		rel[i] -= r
	}
	b.IPW, b.IPWCI95 = a.estimate(x, rel, s/e)
	return ""
}

// estimate is mean(x)·perUnit and its interval.
func (a *account) estimate(x, rel []float64, perUnit float64) (*float64, *stats.Interval) {
	v := stats.Mean(x) * perUnit
	iv, ok := stats.LogRatio(x, rel, perUnit, a.clusters)
	if !ok {
		return &v, nil
	}
	return &v, &iv
}

// perSuccess is the joules of every task with known joules over the right
// answers among them; nil without one.
func (a *account) perSuccess() *float64 {
	var right int
	for _, x := range a.known {
		if x.right {
			right++
		}
	}
	if right == 0 {
		return nil
	}
	v := a.sum(a.known) / float64(right)
	return &v
}

// relative returns each value's deviation from the mean, relative to it.
func relative(v []float64, mean float64) []float64 {
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = x/mean - 1
	}
	return d
}

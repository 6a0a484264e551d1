// Package stats says how sure a number is: descriptions of samples, and
// intervals for accuracy and for what accuracy costs.
//
// # Descriptions
//
// Describe gives mean, median, extremes, standard deviation (n − 1 below the
// line) and percentiles. A percentile is a linear interpolation between the two
// order statistics beside it: the one at position (n − 1)·p, counted from 0
// (Hyndman and Fan's type 7, numpy's and R's default).
//
// # Accuracy
//
// Wilson's interval for a proportion, with z = 1.96. It stays within 0 and 1
// and has a width at 0 of n and at n of n.
//
// # Accuracy per joule
//
// Of n answers with scores x and energies e, accuracy per joule is
//
//	r = Σx ÷ Σe = x̄ ÷ ē,  so  ln r = ln x̄ − ln ē
//
// and, to first order (the delta method),
//
//	Var(ln r) = Var(x̄)/x̄² + Var(ē)/ē² − 2·Cov(x̄, ē)/(x̄·ē)
//
// The first term is not used as it stands: at 30 answers the log of a
// proportion is far from normal. In its place stands, on each side, d_a, the
// distance from ln x̄ to the log of its Wilson limit on that side; the second
// becomes d_e = t·s/(m√n), the half width of the t interval of ē relative to
// its mean m; and ρ is the correlation of scores with energies. On each side
// (the method of variance estimates recovery, Zou and Donner 2008)
//
//	d = √(d_a² + d_e² − 2·ρ·d_a·d_e),  limits  r·exp(∓d)
//
// So if right answers are also the cheap ones (ρ < 0) the interval is wider
// than either part alone would make it, and if hard questions cost more and
// are still answered right it is narrower. Nothing right: r = 0, its log is not
// defined, the lower limit is 0 and the upper Wilson's over ē·exp(−d_e).
//
// Accuracy per watt, x̄·Σs ÷ Σe with the seconds s, is the same with
// e/ē − s/s̄ in the place of e/ē: only the relative deviations of the
// denominator enter (the argument rel of LogRatio).
//
// # Repeated tasks
//
// Answers to one task are alike, so the tasks are the sample, not the answers.
// With G tasks the deviations are summed within each, t has G − 1 degrees of
// freedom, s/(m√n) becomes √(G/(G−1)·Σ(sum of a task's deviations)²)/(m·n), and
// Wilson's n is divided by the design effect. With one answer per task all of
// it is the plain formula.
package stats

import (
	"math"
	"slices"
)

// Interval is a lower and an upper limit, of 95 % everywhere in ipw.
type Interval [2]float64

// Mean returns the mean; x must not be empty.
func Mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Std returns the sample standard deviation, with n − 1 below the line; false
// for fewer than two values.
func Std(x []float64) (float64, bool) {
	if len(x) < 2 {
		return 0, false
	}
	m, ss := Mean(x), 0.0
	for _, v := range x {
		ss += (v - m) * (v - m)
	}
	return math.Sqrt(ss / float64(len(x)-1)), true
}

// Percentile returns the value below which the part p of the values lies, by
// linear interpolation (type 7). sorted must be sorted and not empty.
func Percentile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// Description is what a sample looks like.
type Description struct {
	N      int      `json:"n"`
	Avg    float64  `json:"avg"`
	Median float64  `json:"median"`
	Min    float64  `json:"min"`
	Max    float64  `json:"max"`
	Std    *float64 `json:"std"` // null for one value
	P90    float64  `json:"p90"`
	P95    float64  `json:"p95"`
	P99    float64  `json:"p99"`
}

// Describe describes a sample; nil for an empty one.
func Describe(x []float64) *Description {
	if len(x) == 0 {
		return nil
	}
	s := slices.Sorted(slices.Values(x))
	d := &Description{
		N: len(s), Avg: Mean(s), Min: s[0], Max: s[len(s)-1],
		Median: Percentile(s, 0.5), P90: Percentile(s, 0.9), P95: Percentile(s, 0.95), P99: Percentile(s, 0.99),
	}
	if std, ok := Std(s); ok {
		d.Std = &std
	}
	return d
}

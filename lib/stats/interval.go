package stats

import "math"

// Wilson returns the interval of a proportion p seen in n trials. n need not be
// whole: answers to repeated tasks count for less than their number. n must be
// above 0.
func Wilson(p, n float64) Interval {
	z2 := Z * Z
	center := p + z2/(2*n)
	half := Z * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	iv := Interval{(center - half) / (1 + z2/n), (center + half) / (1 + z2/n)}
	// At the ends the two terms cancel exactly but for rounding.
	if p <= 0 {
		iv[0] = 0
	}
	if p >= 1 {
		iv[1] = 1
	}
	return iv
}

// LogRatio returns the interval of mean(x)·perUnit, where perUnit is the
// reciprocal of the mean cost of an answer and rel its costs' deviations from
// the mean, relative to it: e/ē − 1 per joule, e/ē − s/s̄ per watt. It tells
// false where nothing can be said: one task only, or deviations beyond measure.
func LogRatio(x, rel []float64, perUnit float64, c Clusters) (Interval, bool) {
	v, ok := c.variance(rel)
	if !ok {
		return Interval{}, false
	}
	iv := c.logRatio(x, rel, perUnit, v)
	return iv, !math.IsNaN(iv[0]) && !math.IsInf(iv[1], 0)
}

func (c Clusters) logRatio(x, rel []float64, perUnit, variance float64) Interval {
	p := Mean(x)
	wilson := Wilson(p, c.EffectiveN(x))
	de := StudentQuantile(0.975, c.n-1) * math.Sqrt(variance)
	if p <= 0 {
		return Interval{0, wilson[1] * perUnit * math.Exp(de)}
	}
	rho := c.correlation(deviations(x), rel)
	side := func(limit float64) float64 {
		da := math.Abs(math.Log(limit / p))
		return math.Sqrt(max(0, da*da+de*de-2*rho*da*de))
	}
	value := p * perUnit
	return Interval{value * math.Exp(-side(wilson[0])), value * math.Exp(side(wilson[1]))}
}

// correlation of two lists of deviations, summed within clusters; 0 where one
// of them does not vary.
func (c Clusters) correlation(a, b []float64) float64 {
	sa, sb := c.sums(a), c.sums(b)
	aa, bb := dot(sa, sa), dot(sb, sb)
	if aa <= 0 || bb <= 0 {
		return 0
	}
	return min(1, max(-1, dot(sa, sb)/math.Sqrt(aa)/math.Sqrt(bb)))
}

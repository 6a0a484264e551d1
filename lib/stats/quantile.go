package stats

import "math"

// Z is the 97.5 % quantile of the normal distribution: two-sided 95 %.
var Z = NormalQuantile(0.975)

// NormalQuantile returns the x below which a standard normal value lies with
// probability p.
func NormalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// exactDF is where the sum for the t distribution gives way to its expansion,
// whose error is below 1e-9 from there on.
const exactDF = 300

// StudentQuantile returns the t below which a value of Student's distribution
// with df degrees of freedom lies with probability p, 0 < p < 1. There is none
// without a degree of freedom: NaN. (A library of all distributions for this
// one function would weigh more than the rest of ipw-judge.)
func StudentQuantile(p float64, df int) float64 {
	switch {
	case df < 1 || !(p > 0 && p < 1):
		return math.NaN()
	case p < 0.5:
		return -StudentQuantile(1-p, df)
	case df > exactDF:
		return studentExpansion(NormalQuantile(p), float64(df))
	}
	lo, hi := 0.0, 1.0
	for studentCDF(hi, df) < p {
		lo, hi = hi, 2*hi
	}
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return mid
		}
		if studentCDF(mid, df) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// studentCDF is the finite sum for whole degrees of freedom: Abramowitz and
// Stegun, 26.7.3 and 26.7.4, for t ≥ 0.
func studentCDF(t float64, df int) float64 {
	theta := math.Atan(t / math.Sqrt(float64(df)))
	sin, cos := math.Sincos(theta)
	var a float64
	if df%2 == 1 {
		term, sum := cos, 0.0
		for k := 1; k <= df-2; k += 2 {
			sum += term
			term *= cos * cos * float64(k+1) / float64(k+2)
		}
		a = 2 / math.Pi * (theta + sin*sum)
	} else {
		term, sum := 1.0, 0.0
		for k := 0; k <= df-2; k += 2 {
			sum += term
			term *= cos * cos * float64(k+1) / float64(k+2)
		}
		a = sin * sum
	}
	return 0.5 + a/2
}

// studentExpansion is Abramowitz and Stegun, 26.7.5: t from the normal quantile
// x in powers of 1/df.
func studentExpansion(x, df float64) float64 {
	x2 := x * x
	g1 := x * (x2 + 1) / 4
	g2 := x * ((5*x2+16)*x2 + 3) / 96
	g3 := x * (((3*x2+19)*x2+17)*x2 - 15) / 384
	g4 := x * ((((79*x2+776)*x2+1482)*x2-1920)*x2 - 945) / 92160
	return x + (g1+(g2+(g3+g4/df)/df)/df)/df
}

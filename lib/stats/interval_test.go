package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Without spread in the energies only the accuracy is unsure, and the other way
// round.
func TestLogRatioParts(t *testing.T) {
	x := []float64{1, 1, 1, 0, 1}
	keys := []string{"a", "b", "c", "d", "e"}
	iv, ok := LogRatio(x, make([]float64, 5), 0.5, Cluster(keys))
	w := Wilson(0.8, 5)
	if !ok {
		t.Fatal("no interval")
	}
	near(t, "lower", iv[0], w[0]*0.5, 1e-12)
	near(t, "upper", iv[1], w[1]*0.5, 1e-12)

	right := []float64{1, 1, 1, 1, 1} // no upper side of the accuracy
	rel := []float64{-0.4, -0.2, 0, 0.2, 0.4}
	iv, _ = LogRatio(right, rel, 1, Cluster(keys))
	s, _ := Std(rel)
	near(t, "upper", iv[1], math.Exp(StudentQuantile(0.975, 4)*s/math.Sqrt(5)), 1e-9)
	if iv[0] >= Wilson(1, 5)[0] {
		t.Errorf("lower %g does not hold the energies' part", iv[0])
	}

	none, ok := LogRatio(make([]float64, 5), rel, 1, Cluster(keys))
	if !ok || none[0] != 0 || none[1] <= Wilson(0, 5)[1] {
		t.Errorf("none right: %v", none)
	}
	if _, ok := LogRatio([]float64{1}, []float64{0}, 1, Cluster(keys[:1])); ok {
		t.Error("one answer has an interval")
	}
	if _, ok := LogRatio([]float64{1, 0}, []float64{0.1, -0.1}, 1, Cluster([]string{"a", "a"})); ok {
		t.Error("one task has an interval")
	}
}

// The covariance narrows the interval where right answers cost more and widens
// it where they cost less.
func TestLogRatioCovariance(t *testing.T) {
	c := Cluster([]string{"a", "b", "c", "d"})
	x := []float64{1, 1, 0, 0}
	width := func(rel ...float64) float64 {
		iv, _ := LogRatio(x, rel, 1, c)
		return math.Log(iv[1] / iv[0])
	}
	dear, none, cheap := width(0.3, 0.3, -0.3, -0.3), width(0.3, -0.3, 0.3, -0.3), width(-0.3, -0.3, 0.3, 0.3)
	if !(dear < none && none < cheap) {
		t.Errorf("widths %g, %g, %g", dear, none, cheap)
	}
}

// draw is one answer of a made-up agent: hard tasks are answered right less
// often, and link says whether they cost more (1), less (−1) or neither (0).
func draw(r *rand.Rand, hard, link float64) (score, joules, seconds float64) {
	if r.NormFloat64() > hard-0.4 {
		score = 1
	}
	watts := 100 * math.Exp(0.2*r.NormFloat64())
	seconds = 3 * math.Exp(0.4*r.NormFloat64()+0.4*link*hard)
	return score, watts * seconds, seconds
}

// trial draws the answers to tasks and tells whether the intervals hold the
// true values.
func trial(r *rand.Rand, tasks, repeats int, link, ipj, ipw float64) (j, w bool) {
	var x, e, s []float64
	var keys []string
	for i := range tasks {
		hard := r.NormFloat64()
		for range repeats {
			a, b, c := draw(r, hard, link)
			x, e, s, keys = append(x, a), append(e, b), append(s, c), append(keys, fmt.Sprint(i))
		}
	}
	relJ, relW := make([]float64, len(e)), make([]float64, len(e))
	for i := range e {
		relJ[i] = e[i]/Mean(e) - 1
		relW[i] = e[i]/Mean(e) - s[i]/Mean(s)
	}
	c := Cluster(keys)
	ivJ, _ := LogRatio(x, relJ, 1/Mean(e), c)
	ivW, _ := LogRatio(x, relW, Mean(s)/Mean(e), c)
	return ivJ[0] <= ipj && ipj <= ivJ[1], ivW[0] <= ipw && ipw <= ivW[1]
}

// The intervals hold the true value in about 95 of 100 runs, whether scores and
// energies go together or not, and with repeated tasks too.
func TestLogRatioCoverage(t *testing.T) {
	const trials = 3000
	for _, c := range []struct {
		tasks, repeats int
		link           float64
	}{{40, 1, 0}, {40, 1, 1}, {40, 1, -1}, {200, 1, 1}, {40, 4, 0}, {40, 4, 1}, {40, 4, -1}} {
		r := rand.New(rand.NewPCG(7, 11))
		var sx, se, ss float64
		const big = 1_000_000
		for range big {
			x, e, s := draw(r, r.NormFloat64(), c.link)
			sx, se, ss = sx+x, se+e, ss+s
		}
		var inJ, inW int
		for range trials {
			j, w := trial(r, c.tasks, c.repeats, c.link, sx/se, sx/big*ss/se)
			if j {
				inJ++
			}
			if w {
				inW++
			}
		}
		covJ, covW := float64(inJ)/trials, float64(inW)/trials
		t.Logf("%d tasks × %d, link %+g: per joule %.3f, per watt %.3f", c.tasks, c.repeats, c.link, covJ, covW)
		for _, cov := range []float64{covJ, covW} {
			if cov < 0.93 || cov > 0.975 {
				t.Errorf("%d tasks × %d, link %+g: coverage %.3f", c.tasks, c.repeats, c.link, cov)
			}
		}
	}
}

// Taking repeated answers for independent ones would make the interval too
// narrow: what clustering is for.
func TestClusteringMatters(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	var x, rel []float64
	var keys, apart []string
	for i := range 30 {
		hard := r.NormFloat64()
		for k := range 6 {
			a, b, _ := draw(r, hard, 1)
			x, rel = append(x, a), append(rel, b)
			keys, apart = append(keys, fmt.Sprint(i)), append(apart, fmt.Sprint(i, k))
		}
	}
	m := Mean(rel)
	for i := range rel {
		rel[i] = rel[i]/m - 1
	}
	with, _ := LogRatio(x, rel, 1, Cluster(keys))
	without, _ := LogRatio(x, rel, 1, Cluster(apart))
	if math.Log(with[1]/with[0]) <= math.Log(without[1]/without[0]) {
		t.Errorf("clustered %v, not clustered %v", with, without)
	}
}

package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

func TestDescribe(t *testing.T) {
	d := Describe([]float64{4, 1, 3, 2})
	near(t, "avg", d.Avg, 2.5, 1e-15)
	near(t, "median", d.Median, 2.5, 1e-15)
	near(t, "std", *d.Std, math.Sqrt(5.0/3), 1e-15)
	near(t, "p90", d.P90, 3.7, 1e-12)
	near(t, "p95", d.P95, 3.85, 1e-12)
	near(t, "p99", d.P99, 3.97, 1e-12)
	if d.N != 4 || d.Min != 1 || d.Max != 4 {
		t.Errorf("%+v", d)
	}
}

func TestDescribeSmall(t *testing.T) {
	if Describe(nil) != nil {
		t.Error("an empty sample has a description")
	}
	d := Describe([]float64{7})
	if d.Std != nil || d.Median != 7 || d.P99 != 7 || d.Avg != 7 {
		t.Errorf("%+v: one value has no deviation", d)
	}
}

// Percentiles rise with p and stay within the sample.
func TestPercentileMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		x := make([]float64, 1+r.IntN(20))
		for i := range x {
			x[i] = r.NormFloat64()
		}
		d := Describe(x)
		last := d.Min
		for p := 0.0; p <= 1; p += 1.0 / 64 {
			s := append([]float64(nil), x...)
			sortFloats(s)
			v := Percentile(s, p)
			if v < last || v > d.Max {
				t.Fatalf("percentile %g of %v is %g", p, s, v)
			}
			last = v
		}
	}
}

func sortFloats(x []float64) {
	for i := range x {
		for j := i; j > 0 && x[j] < x[j-1]; j-- {
			x[j], x[j-1] = x[j-1], x[j]
		}
	}
}

// Figures from printed tables of the distribution.
func TestStudentQuantile(t *testing.T) {
	for _, c := range []struct {
		p    float64
		df   int
		want float64
	}{
		{0.975, 1, 12.7062047362}, {0.975, 2, 4.3026527297}, {0.975, 3, 3.1824463053}, {0.975, 4, 2.7764451052},
		{0.975, 5, 2.5705818356}, {0.975, 10, 2.2281388520}, {0.975, 30, 2.0422724563}, {0.975, 100, 1.9839715185},
		{0.975, 1000, 1.9623390808}, {0.95, 7, 1.8945786051}, {0.995, 9, 3.2498355416}, {0.5, 3, 0}, {0.025, 5, -2.5705818356},
	} {
		near(t, "t", StudentQuantile(c.p, c.df), c.want, 2e-9)
	}
	for _, df := range []int{0, -1} {
		if !math.IsNaN(StudentQuantile(0.975, df)) {
			t.Errorf("a quantile with %d degrees of freedom", df)
		}
	}
	// Where sum and expansion meet they are one function.
	for _, p := range []float64{0.6, 0.9, 0.975, 0.999} {
		near(t, "expansion", studentExpansion(NormalQuantile(p), exactDF), StudentQuantile(p, exactDF), 1e-9)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct{ p, n, lo, hi float64 }{
		{0.8, 10, 0.4901624715, 0.9433178485},
		{0, 10, 0, 0.2775327999},
		{1, 10, 0.7224672001, 1},
		{0.5, 2, 0.0945312057, 0.9054687943},
		{1, 1, 0.2065493143, 1},
	} {
		iv := Wilson(c.p, c.n)
		near(t, "lower", iv[0], c.lo, 1e-9)
		near(t, "upper", iv[1], c.hi, 1e-9)
	}
	if Wilson(0, 7)[0] != 0 || Wilson(1, 7)[1] != 1 {
		t.Error("rounding shows at 0 or 1")
	}
}

func TestEffectiveN(t *testing.T) {
	for _, c := range []struct {
		name string
		x    []float64
		keys []string
		want float64
	}{
		{"one answer per task", []float64{1, 0, 1}, []string{"a", "b", "c"}, 3},
		{"wholly alike", []float64{1, 1, 0, 0}, []string{"a", "a", "b", "b"}, 2},
		{"all right cannot tell", []float64{1, 1, 1, 1}, []string{"a", "a", "b", "b"}, 2},
		{"unlike within each", []float64{1, 0, 1, 0}, []string{"a", "a", "b", "b"}, 4},
		{"one task", []float64{1, 0}, []string{"a", "a"}, 1},
	} {
		if got := Cluster(c.keys).EffectiveN(c.x); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

package stats

// Clusters says which observations belong together, because they are answers
// to one task.
type Clusters struct {
	of []int // of[i] is the cluster of observation i
	n  int   // number of clusters
}

// Cluster groups observations by key.
func Cluster(keys []string) Clusters {
	c := Clusters{of: make([]int, len(keys))}
	seen := make(map[string]int)
	for i, k := range keys {
		id, ok := seen[k]
		if !ok {
			id = len(seen)
			seen[k] = id
		}
		c.of[i] = id
	}
	c.n = len(seen)
	return c
}

// Len returns the number of clusters.
func (c Clusters) Len() int { return c.n }

// repeated tells whether a cluster has more than one observation.
func (c Clusters) repeated() bool { return c.n < len(c.of) }

// sums adds up v within each cluster.
func (c Clusters) sums(v []float64) []float64 {
	s := make([]float64, c.n)
	for i, x := range v {
		s[c.of[i]] += x
	}
	return s
}

// variance returns the variance of the mean of v, given its deviations from
// that mean, and false for a single cluster.
func (c Clusters) variance(deviations []float64) (float64, bool) {
	if c.n < 2 {
		return 0, false
	}
	n, g := float64(len(deviations)), float64(c.n)
	s := c.sums(deviations)
	return g / (g - 1) * dot(s, s) / (n * n), true
}

// EffectiveN is the number of independent answers that would tell as much about
// the mean of x as these do: n over the design effect, the variance of the mean
// over what it were without clusters. It lies between what wholly alike answers
// within each task would leave, n²/Σ(answers of a task)², and n; the first is
// taken where the scores do not vary and so cannot tell.
func (c Clusters) EffectiveN(x []float64) float64 {
	n := float64(len(x))
	if !c.repeated() {
		return n
	}
	size := c.sums(ones(len(x)))
	least := n * n / dot(size, size)
	p := Mean(x)
	v, ok := c.variance(deviations(x))
	if plain := p * (1 - p) / n; ok && plain > 0 { // v = 0 gives n
		return min(max(n*plain/v, least), n)
	}
	return least
}

func deviations(x []float64) []float64 {
	m := Mean(x)
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = v - m
	}
	return d
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func dot(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

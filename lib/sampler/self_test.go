package sampler

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A percentile is the true one or at most an eighth above it.
func TestHistogram(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var h histogram
		var all []int64
		for range 1 + rnd.IntN(500) {
			v := rnd.Int64N(1 << (1 + rnd.IntN(40)))
			h.add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		for _, p := range []int64{50, 90, 99} {
			want := all[(int64(len(all))*p+99)/100-1]
			if got := h.percentile(p); got < want || got > want+want/8 {
				t.Fatalf("p%d of %d values: %d, want %d", p, len(all), got, want)
			}
		}
		if got := h.percentiles(); got.Max != all[len(all)-1] || got.P50 > got.P90 || got.P99 > got.Max {
			t.Fatalf("%+v", got)
		}
	}
	if (&histogram{}).percentiles() != nil {
		t.Error("percentiles of nothing")
	}
}

func TestBuckets(t *testing.T) {
	last := -1
	for us := int64(0); us < 1<<20; us++ {
		b := bucket(us)
		if b != last && b != last+1 || us > top(b) || b > 0 && us <= top(b-1) {
			t.Fatalf("%d µs in bucket %d up to %d", us, b, top(b))
		}
		last = b
	}
	if b := bucket(1<<63 - 1); b >= 64*8 || top(b) != 1<<63-1 {
		t.Errorf("bucket %d, top %d", b, top(b))
	}
}

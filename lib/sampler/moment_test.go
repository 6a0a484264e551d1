package sampler

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// Sensors of instant watts are read once in every interval, anywhere in it.
func TestRandomMoments(t *testing.T) {
	w := &world{ticks: 4000}
	var out bytes.Buffer
	rnd := rand.New(rand.NewPCG(1, 2))
	s := New([]sensor.Sensor{gauge("gpu:0", 1000, 10)}, stream.NewWriter(&out), Config{Interval: 50 * time.Millisecond, Clock: w.clock, Wait: w.wait, Random: rnd.Int64N})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	start := s.Last()
	var quarter [4]int
	w2 := w.wait
	s.cfg.Wait = func(ctx context.Context, until int64) bool {
		in := (until - start) % 50_000
		quarter[in*4/50_000]++
		if k := (until - start) / 50_000; int(k) != 4000-w.ticks {
			t.Fatalf("tick %d is in interval %d", 4000-w.ticks, k)
		}
		return w.ticks > 0 && w2(ctx, until)
	}
	w.ticks = 3999
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, n := range quarter {
		if n < 850 || n > 1150 {
			t.Errorf("%d of 4000 in quarter %d", n, i)
		}
	}
	if err := s.End("ok"); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, `"ticks":"random"`) || !strings.Contains(text, `"missed_ticks":0,"gaps":0`) {
		t.Errorf("%.300s … %s", text, text[len(text)-300:])
	}
}

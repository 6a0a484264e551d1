package history

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
)

// TestReadable: the project's own readers find nothing wrong with the streams
// but what a dead agent leaves behind.
func TestReadable(t *testing.T) {
	for seed := range uint64(200) {
		h := Seeded(seed, Options{})
		problems := &stream.Problems{Print: func(s string) {
			if !strings.Contains(s, "incomplete: ") {
				t.Errorf("seed %d, %s: %s", seed, h.On, s)
			}
		}, Partial: h.On&FailedSegments != 0}
		events := event.NewReader(problems, stream.NewInput("events", bytes.NewReader(h.Events)))
		drain(t, func() error { _, err := events.Next(); return err })
		if h.Power != nil {
			readPower(t, seed, h, problems)
		}
		if err := problems.Err(); err != nil {
			t.Errorf("seed %d, %s: %v", seed, h.On, err)
		}
	}
}

// readPower checks that j never falls and that samples stand in time order.
func readPower(t *testing.T, seed uint64, h History, problems *stream.Problems) {
	r := power.NewReader(problems, stream.NewInput("power", bytes.NewReader(h.Power)))
	var header *power.Header
	last := make(map[string]int64)
	lastTime := int64(0)
	drain(t, func() error {
		rec, err := r.Next()
		switch {
		case err != nil:
			return err
		case rec.Header != nil:
			header, last = rec.Header, make(map[string]int64)
		case rec.Sample != nil:
			at := rec.Sample.TUs
			if rec.Sample.HasM {
				at = rec.Sample.MUs
			}
			if at < lastTime {
				t.Errorf("seed %d, %s: sample at %d after %d", seed, h.On, at, lastTime)
			}
			lastTime = at
			for i, j := range rec.Sample.J {
				id := header.Domains[i].ID
				if j != power.Null && j < last[id] {
					t.Errorf("seed %d, %s: %s falls from %d to %d µJ", seed, h.On, id, last[id], j)
				}
				if j != power.Null {
					last[id] = j
				}
			}
		}
		return nil
	})
}

func drain(t *testing.T, next func() error) {
	for {
		err := next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// TestSame: the same seed makes the same history.
func TestSame(t *testing.T) {
	for seed := range uint64(50) {
		a, b := Seeded(seed, Options{}), Seeded(seed, Options{})
		if !bytes.Equal(a.Events, b.Events) || !bytes.Equal(a.Power, b.Power) || a.On != b.On {
			t.Fatalf("seed %d: two histories", seed)
		}
	}
}

// TestNarrow: a switch of the power turned off leaves the events as they are,
// and the other switches.
func TestNarrow(t *testing.T) {
	for seed := range uint64(50) {
		a, b := Seeded(seed, Options{}), Seeded(seed, Options{Off: Nulls | Gaps})
		if !bytes.Equal(a.Events, b.Events) || b.On != a.On&^(Nulls|Gaps) {
			t.Fatalf("seed %d: other events", seed)
		}
	}
}

// TestSwitches: every switch shows in some history.
func TestSwitches(t *testing.T) {
	if got := strings.Count(All.String(), "|") + 1; got != len(switchNames) || got != len(All.List()) {
		t.Fatalf("%d switches, %d names", len(All.List()), len(switchNames))
	}
	for _, s := range All.List() {
		changed := false
		for seed := uint64(0); seed < 60 && !changed; seed++ {
			must := s
			switch s { // what shows only beside another
			case OutsideWindows:
				must |= Setup | Scoring
			case OutliveCalls, ForeignParents:
				must |= ParallelTools
			case OutliveParents:
				must |= NestedSpans
			case Seams:
				must |= PowerSegments
			case Wraps:
				must |= Gaps
			}
			with := Seeded(seed, Options{Must: must, Off: NoPower &^ s})
			without := Seeded(seed, Options{Must: must &^ s, Off: s | NoPower})
			changed = !bytes.Equal(with.Events, without.Events) || !bytes.Equal(with.Power, without.Power)
			if s == Wraps {
				changed = bytes.Contains(with.Power, []byte("wrap_joules"))
			}
		}
		if !changed {
			t.Errorf("%s changes nothing", s)
		}
	}
}

// TestNarrowTo: what stays on is what the failure needs.
func TestNarrowTo(t *testing.T) {
	wrong := func(h History) bool { return h.On&Gaps != 0 && h.On&Retries != 0 }
	for seed := range uint64(200) {
		if h := Seeded(seed, Options{}); !wrong(h) {
			continue
		}
		h, o := Narrow(seed, Options{}, wrong)
		if h.On != Gaps|Retries || o.Queries != 1 {
			t.Fatalf("seed %d: narrowed to %s, %+v", seed, h.On, o)
		}
		return
	}
	t.Fatal("no history has both")
}

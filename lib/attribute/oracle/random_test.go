package oracle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"ipw/lib/attribute/history"
)

// random calls f with many histories, every rule in turn.
func random(t *testing.T, n uint64, f func(t *testing.T, h history.History, rule string, r Result)) {
	rules := []string{"active", "equal", "whole"}
	for seed := range n {
		h := history.Seeded(seed, history.Options{Samples: 120})
		rule := rules[seed%3]
		r, err := Attribute(h.Power, h.Events, rule, Options{})
		if err != nil {
			t.Fatalf("seed %d, %s: %v", seed, h.On, err)
		}
		f(t, h, rule, r)
		if t.Failed() {
			t.Fatalf("seed %d, rule %s, switches %s", seed, rule, h.On)
		}
	}
}

// TestBalance: "for every domain device = turns + overhead + setup + scoring +
// idle + withheld, exactly".
func TestBalance(t *testing.T) {
	nonzero := 0
	random(t, 120, func(t *testing.T, h history.History, rule string, r Result) {
		for id, d := range r.Totals {
			if e := d["balance_error_joules"].(*big.Rat); e.Sign() != 0 && rule != "whole" {
				t.Errorf("%s: balance error %s J", id, e.FloatString(9))
			}
			if d["device_joules"].(*big.Rat).Sign() > 0 {
				nonzero++
			}
		}
	})
	if nonzero == 0 {
		t.Error("no history has any energy")
	}
}

// TestRanges: what no number can be.
func TestRanges(t *testing.T) {
	random(t, 60, func(t *testing.T, h history.History, rule string, r Result) {
		for id, q := range r.Queries {
			for path, v := range q {
				if x, ok := v.(*big.Rat); ok && x.Sign() < 0 {
					t.Errorf("%v %s = %s", id, path, x.FloatString(9))
				}
			}
			if c, ok := q["energy.coverage"].(*big.Rat); ok && c.Cmp(one) > 0 {
				t.Errorf("%v: coverage %s", id, c)
			}
		}
	})
}

// TestDeterministic: the same history gives the same result.
func TestDeterministic(t *testing.T) {
	random(t, 20, func(t *testing.T, h history.History, rule string, r Result) {
		again, err := Attribute(h.Power, h.Events, rule, Options{})
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("another result, %v", err)
		}
	})
}

// TestOrder: "neither the order of equal-time records nor a split of the
// stream changes a digit".
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random(t, 40, func(t *testing.T, h history.History, rule string, r Result) {
		if h.On&(history.FailedSegments|history.Backwards) != 0 {
			return // there the order says something
		}
		again, err := Attribute(h.Power, reorder(rng, h.Events), rule, Options{})
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("another result, %v", err)
		}
	})
}

// reorder shuffles the records of each instant and cuts the stream anew.
func reorder(rng *rand.Rand, events []byte) []byte {
	var header []byte
	var records [][]byte
	for _, line := range bytes.SplitAfter(events, []byte{'\n'}) {
		switch {
		case bytes.HasPrefix(line, []byte(`{"type":"header"`)):
			header = line
		case len(line) > 0 && !bytes.HasPrefix(line, []byte(`{"type":"end"`)):
			records = append(records, line)
		}
	}
	rng.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
	slices.SortStableFunc(records, func(a, b []byte) int { return cmp.Compare(micros(a), micros(b)) })
	var out bytes.Buffer
	for len(records) > 0 {
		n := 1 + rng.IntN(len(records))
		out.Write(header)
		out.Write(bytes.Join(records[:n], nil))
		fmt.Fprintf(&out, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
		records = records[n:]
	}
	return out.Bytes()
}

// micros is a record's m_us, else its t_us.
func micros(line []byte) int64 {
	var r record
	_ = json.Unmarshal(line, &r)
	if r.MUs != nil {
		return *r.MUs
	}
	return r.TUs
}

// TestParts: "So query = turns + overhead at every instant", and the totals of
// a domain are what the traces show of it and what they withhold.
func TestParts(t *testing.T) {
	random(t, 60, func(t *testing.T, h history.History, rule string, r Result) {
		if rule == "whole" {
			return
		}
		for _, kind := range []string{"gpu", "cpu", "dram", "board"} {
			shown, total := new(big.Rat), new(big.Rat)
			for _, q := range r.Queries {
				for _, part := range []string{"total_", "overhead_", "setup_", "scoring_"} {
					if v, ok := q[part+kind+"_energy_joules"].(*big.Rat); ok {
						shown.Add(shown, v)
					}
				}
			}
			for _, d := range r.Totals {
				if d["kind"] == kind {
					for _, part := range []string{"turns", "overhead", "setup", "scoring"} {
						total.Add(total, d[part+"_joules"].(*big.Rat))
					}
				}
			}
			if shown.Cmp(total) != 0 {
				t.Errorf("%s: traces show %s J, totals %s", kind, shown.FloatString(6), total.FloatString(6))
			}
		}
		for id, q := range r.Queries {
			whole, turns, over := q["query_cpu_energy_joules"], q["total_cpu_energy_joules"], q["overhead_cpu_energy_joules"]
			if partial := fmt.Sprint(q["energy.partial"]); whole == nil || turns == nil || over == nil || partial != "[]" {
				continue
			}
			sum := new(big.Rat).Add(turns.(*big.Rat), over.(*big.Rat))
			if sum.Cmp(whole.(*big.Rat)) != 0 {
				t.Errorf("%v: query %s, turns + overhead %s", id, text(whole, true), text(sum, true))
			}
		}
	})
}

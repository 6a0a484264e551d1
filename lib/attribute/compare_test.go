package attribute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/attribute/oracle"
	"ipw/lib/event"
	"ipw/lib/join"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

var (
	histories = flag.Int("histories", 600, "random histories to compare with the oracle")
	about     = flag.String("about", "", "when narrowing, keep a difference about this")
	firstSeed = flag.Uint64("seed", 0, "the first history's seed")
)

// result is what an attribution gave.
type result struct {
	traces []*trace.QueryTrace
	lines  [][]byte
	totals attribute.Totals
}

// attributeFiles runs the real attribution over streams as files.
func attributeFiles(powerStream, events []byte, opts attribute.Options) (result, error) {
	var r result
	problems := &stream.Problems{Partial: true}
	opts.Emit = func(q *trace.QueryTrace) error {
		line, err := q.Append(nil)
		r.traces, r.lines = append(r.traces, q), append(r.lines, line)
		return err
	}
	opts.Aside = opts.Warn == nil // as the command has it
	e := attribute.New(opts)
	job := join.Job{Engine: e, Events: event.NewReader(problems, stream.NewInput("events", bytes.NewReader(events)))}
	if len(powerStream) > 0 {
		job.Power = []join.Power{{Name: "power", Open: func() (*power.Reader, error) {
			return power.NewReader(problems, stream.NewInput("power", bytes.NewReader(powerStream))), nil
		}}}
	}
	err := job.Run(context.Background())
	r.totals = e.Totals()
	return r, err
}

// TestAgainstOracle compares every number with a second implementation, slow
// and written from the design alone, on random histories.
func TestAgainstOracle(t *testing.T) {
	rules := []string{attribute.Active, attribute.Equal, attribute.Whole}
	for i := range *histories {
		seed := *firstSeed + uint64(i)
		h := history.Random(rand.New(rand.NewPCG(seed, 7)), history.Options{Samples: 120, Off: skip})
		rule := rules[seed%3]
		if h.On&history.Backwards != 0 && h.On&(history.Setup|history.Scoring) != 0 {
			continue // a window's start behind its end, or its query's: two readings of nonsense
		}
		if h.On&history.NoPower != 0 && h.On&history.ClockStep != 0 {
			continue // lengths are those of m_us; the oracle joins on t_us and knows no other
		}
		if diff := against(h, rule, serves(seed)); len(diff) > 0 {
			t.Errorf("seed %d, rule %s, %s:\n  %s", seed, rule, h.On, strings.Join(diff[:min(len(diff), 12)], "\n  "))
			if h = narrow(seed, rule, h); len(h.Power)+len(h.Events) > 0 {
				t.Logf("needs only %s: %s", h.On, strings.Join(against(h, rule, serves(seed))[:1], ""))
			}
			return
		}
	}
}

// serves says where the histories' two endpoints run, for some of them.
func serves(seed uint64) []string {
	const local, remote = "http://127.0.0.1:8000/v1", "https://api.example.com/v1"
	return [][]string{
		nil, nil, nil, nil, {local + "=gpu:0"}, {local + "=gpu:1", remote + "=gpu:0"}, {local + "=gpu:0-1"},
		{remote + "=n1"}, {local + "=remote"}, {remote + "=gpu:0,gpu:2"}, {local + "=n1/gpu:0", remote + "=remote"},
	}[seed%11]
}

func parsed(where []string) []attribute.Serve {
	var all []attribute.Serve
	for _, w := range where {
		v, err := attribute.ParseServe(w)
		if err != nil {
			panic(err)
		}
		all = append(all, v)
	}
	return all
}

// narrow turns off every switch that the difference does not need.
func narrow(seed uint64, rule string, h history.History) history.History {
	off := history.Switch(0)
	for _, s := range h.On.List() {
		g := history.Random(rand.New(rand.NewPCG(seed, 7)), history.Options{Samples: 120, Off: skip | off | s})
		if d := against(g, rule, serves(seed)); len(d) > 0 && strings.Contains(strings.Join(d, "\n"), *about) {
			off, h = off|s, g
		}
	}
	return h
}

// against lists where the attribution and the oracle differ.
func against(h history.History, rule string, where []string) []string {
	want, err := oracle.Attribute(h.Power, h.Events, rule, oracle.Options{Serves: where})
	if err != nil {
		return []string{"oracle: " + err.Error()}
	}
	got, err := attributeFiles(h.Power, h.Events, attribute.Options{Share: rule, MinCoverage: 0.9, Serves: parsed(where)})
	if err != nil {
		return []string{"attribute: " + err.Error()}
	}
	var diff []string
	seen := make(map[oracle.Attempt]bool)
	for i, q := range got.traces {
		key := oracle.Attempt{Query: q.QueryID, Number: q.Attempt}
		if q.Run != nil {
			key.Run = *q.Run
		}
		fields, ok := want.Queries[key]
		if !ok || seen[key] {
			diff = append(diff, fmt.Sprintf("%v: the oracle has no such query", key))
			continue
		}
		seen[key] = true
		for _, d := range compare(flatten(got.lines[i]), fields) {
			diff = append(diff, fmt.Sprintf("%s#%d %s", key.Query, key.Number, d))
		}
	}
	for key := range want.Queries {
		if !seen[key] {
			diff = append(diff, fmt.Sprintf("%v: missing", key))
		}
	}
	if rule != attribute.Whole && !got.totals.Balanced {
		diff = append(diff, "not balanced")
	}
	for _, d := range got.totals.Domains {
		line, _ := json.Marshal(d)
		for _, x := range compare(flatten(line), want.Totals[d.ID]) {
			diff = append(diff, "totals "+d.ID+" "+x)
		}
	}
	slices.Sort(diff)
	return diff
}

// flatten turns a trace's JSON into the oracle's paths.
func flatten(line []byte) map[string]any {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	out := make(map[string]any)
	walk(out, "", v)
	return out
}

func walk(out map[string]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			walk(out, strings.TrimPrefix(path+"."+k, "."), x)
		}
	case []any:
		if len(v) == 0 || !isObject(v[0]) {
			out[path] = v
			return
		}
		for i, x := range v {
			key := fmt.Sprint(i)
			if span, ok := x.(map[string]any)["span"]; ok {
				key = fmt.Sprintf("span=%s", span)
			}
			walk(out, fmt.Sprintf("%s[%s]", path, key), x)
		}
	default:
		out[path] = v
	}
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

// compare lists the fields that differ, maps' keys included.
func compare(got map[string]any, want oracle.Fields) []string {
	var diff []string
	for path, w := range want {
		g, ok := got[path]
		if !ok || !same(g, w) && !(strings.HasSuffix(path, "avg_watts") && nearly(g, w)) {
			diff = append(diff, fmt.Sprintf("%s: got %v, want %s", path, g, show(w)))
		}
	}
	for path, g := range got {
		if _, ok := want[path]; !ok && inMap(path) && !strings.HasSuffix(path, "missing.lm_gpu") {
			diff = append(diff, fmt.Sprintf("%s: got %v, want no such key", path, g))
		}
	}
	return diff
}

func inMap(path string) bool {
	for _, m := range []string{"uncertainty_joules.", "uncertainty_kind.", "sharers.", "by_domain.", "missing."} {
		if strings.Contains(path, m) {
			return true
		}
	}
	return false
}

func same(got, want any) bool {
	switch w := want.(type) {
	case nil:
		return got == nil
	case string:
		if w == "no sensor" && got == "remote endpoint" {
			return true // of a GPU: the oracle looks for the sensor first
		}
	case *big.Rat:
		n, ok := got.(json.Number)
		if !ok {
			return false
		}
		g, err := n.Float64()
		f, _ := w.Float64()
		return err == nil && math.Abs(g-f) <= 1e-6+1e-9*math.Abs(f)
	case []string:
		g, ok := got.([]any)
		g = slices.DeleteFunc(slices.Clone(g), notOfEnergy)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if g[i] != w[i] {
				return false
			}
		}
		return true
	}
	return got == want
}

// nearly is for joules in whole nanojoules over a few microseconds.
func nearly(got, want any) bool {
	n, ok1 := got.(json.Number)
	w, ok2 := want.(*big.Rat)
	if !ok1 || !ok2 {
		return false
	}
	g, _ := n.Float64()
	f, _ := w.Float64()
	return math.Abs(g-f) <= 1e-3
}

// notOfEnergy tells the sums in partial that the oracle does not know.
func notOfEnergy(name any) bool {
	s, _ := name.(string)
	return strings.HasSuffix(s, "_tokens") || strings.HasSuffix(s, "_usd")
}

func show(v any) string {
	if r, ok := v.(*big.Rat); ok {
		return r.FloatString(9)
	}
	return fmt.Sprint(v)
}

package oracle

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamples computes the worked histories, to 1e-6.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../testdata/examples/*/want.json")
	if err != nil || len(dirs) < 11 {
		t.Fatalf("%d worked histories, %v", len(dirs), err)
	}
	for _, want := range dirs {
		dir := filepath.Dir(want)
		t.Run(filepath.Base(dir), func(t *testing.T) { example(t, dir) })
	}
}

func example(t *testing.T, dir string) {
	command := strings.Fields(string(read(t, dir, "command")))
	o := Options{}
	for i, arg := range command {
		if arg == "--serves" {
			o.Serves = append(o.Serves, command[i+1])
		}
	}
	result, err := Attribute(read(t, dir, "power.jsonl"), read(t, dir, "events.jsonl"), "active", o)
	if err != nil {
		t.Fatal(err)
	}
	var wants map[string]any
	if err := json.Unmarshal(read(t, dir, "want.json"), &wants); err != nil {
		t.Fatal(err)
	}
	for key, want := range wants {
		got, ok := find1(result, key)
		if !ok {
			t.Errorf("%s: not there", key)
			continue
		}
		if !same(got, want) {
			t.Errorf("%s = %s, want %v", key, show(got), want)
		}
	}
}

var inDomain = regexp.MustCompile(`^totals domains\[id=(.*)\]\.(\w+)$`)

// find1 looks up "QUERY path", "QUERY tools[span=S].field" in any turn, or
// "totals domains[id=D].field".
func find1(r Result, key string) (any, bool) {
	if m := inDomain.FindStringSubmatch(key); m != nil {
		v, ok := r.Totals[m[1]][m[2]]
		return v, ok
	}
	query, path, _ := strings.Cut(key, " ")
	fields := r.Queries[Attempt{"r", query, 1}]
	for k, v := range fields {
		if k == path || strings.HasPrefix(path, "tools[") && strings.HasSuffix(k, "."+path) {
			return v, true
		}
	}
	return nil, false
}

func same(got, want any) bool {
	g, ok := got.(*big.Rat)
	w, number := want.(float64)
	if !ok || !number {
		return got == want
	}
	f, _ := g.Float64()
	return f-w < 1e-6 && w-f < 1e-6
}

func show(v any) string {
	if r, ok := v.(*big.Rat); ok {
		return r.FloatString(9)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func read(t *testing.T, dir, name string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

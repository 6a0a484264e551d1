package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/cli"
	"ipw/lib/trace"
)

const examples = "../../lib/attribute/testdata/examples"

// TestExamples runs the command of each worked history and looks up what its
// want.json says must come out.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(examples, "*", "want.json"))
	if err != nil || len(dirs) < 11 {
		t.Fatalf("%d worked histories, %v", len(dirs), err)
	}
	for _, want := range dirs {
		dir := filepath.Dir(want)
		t.Run(filepath.Base(dir), func(t *testing.T) { example(t, dir) })
	}
}

func example(t *testing.T, dir string) {
	out := runExample(t, dir)
	var wants map[string]any
	readJSON(t, filepath.Join(dir, "want.json"), &wants)
	for key, want := range wants {
		got, ok := out.find(key)
		if !ok {
			t.Errorf("%s: not there", key)
		} else if !same(got, want) {
			t.Errorf("%s = %v, want %v", key, got, want)
		}
	}
	if !out.totals.Balanced {
		t.Errorf("not balanced: %+v", out.totals)
	}
	for _, d := range out.totals.Domains {
		if !d.BalanceError.IsZero() || d.Device.IsZero() {
			t.Errorf("totals %+v", d)
		}
	}
}

// outcome is what a command wrote: traces and totals, decoded and as JSON.
type outcome struct {
	traces []map[string]any
	totals attribute.Totals
	json   map[string]any
}

// runExample runs the command file of a folder, there.
func runExample(t *testing.T, dir string) outcome {
	t.Helper()
	command, err := os.ReadFile(filepath.Join(dir, "command"))
	if err != nil {
		t.Fatal(err)
	}
	totals := filepath.Join(t.TempDir(), "totals.json")
	args := strings.Fields(string(command))
	for i, a := range args {
		switch {
		case strings.HasSuffix(a, ".jsonl"):
			args[i] = filepath.Join(dir, a)
		case a == "totals.json":
			args[i] = totals
		}
	}
	var stdout, stderr bytes.Buffer
	c := &cli.Context{Context: t.Context(), Name: args[0], Args: args[1:], Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}
	if code := c.Run(run); code != 0 {
		t.Fatalf("%s: exit %d, %s", command, code, &stderr)
	}
	for warning := range strings.Lines(stderr.String()) {
		if !strings.Contains(warning, "no price for model") {
			t.Errorf("%s: %s", command, warning)
		}
	}
	var out outcome
	for line := range bytes.Lines(stdout.Bytes()) {
		var q trace.QueryTrace
		var m map[string]any
		if err := q.UnmarshalJSON(bytes.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		out.traces = append(out.traces, m)
	}
	readJSON(t, totals, &out.totals)
	readJSON(t, totals, &out.json)
	return out
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// find looks up "QUERY path", "QUERY tools[span=S].field" of any turn, or
// "totals path". A path has keys, [INDEX] and [KEY=VALUE].
func (o outcome) find(key string) (any, bool) {
	of, path, _ := strings.Cut(key, " ")
	if of == "totals" {
		return walk(o.json, path)
	}
	for _, q := range o.traces {
		if q["query_id"] != of {
			continue
		}
		if v, ok := walk(q, path); ok {
			return v, true
		}
		for i := range q["turns"].([]any) {
			if v, ok := walk(q, fmt.Sprintf("turns[%d].%s", i, path)); ok {
				return v, true
			}
		}
	}
	return nil, false
}

var step = regexp.MustCompile(`^\.?(\w[\w:]*)|^\[(\d+)\]|^\[(\w+)=([^\]]*)\]`)

func walk(v any, path string) (any, bool) {
	for path != "" {
		m := step.FindStringSubmatch(path)
		if m == nil {
			return nil, false
		}
		path = path[len(m[0]):]
		list, _ := v.([]any)
		object, _ := v.(map[string]any)
		ok := false
		switch {
		case m[1] != "":
			v, ok = object[m[1]]
		case m[2] != "":
			if i, err := strconv.Atoi(m[2]); err == nil && i < len(list) {
				v, ok = list[i], true
			}
		default:
			for _, x := range list {
				if e, _ := x.(map[string]any); e[m[3]] == m[4] {
					v, ok = x, true
				}
			}
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// same allows 1e-6 between numbers.
func same(got, want any) bool {
	g, ok1 := got.(float64)
	w, ok2 := want.(float64)
	if ok1 && ok2 {
		return math.Abs(g-w) <= 1e-6
	}
	return got == want
}

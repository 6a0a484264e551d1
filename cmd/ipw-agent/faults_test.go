package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"ipw/lib/llm/hostile"
)

// writeFaults makes a task of every fault that needs no patience: faults FILE
func writeFaults(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	for _, f := range hostile.Faults {
		if !f.Slow {
			fmt.Fprintf(&b, `{"id":%q,"problem":"fault: %s","answer":"fine"}`+"\n", f.Name, f.Name)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// lived is what an event stream tells of one query.
type lived struct {
	retries          []string
	attempts, tokens int
	reason, err      string
	tools            int
}

// checkLived checks that an event stream tells of every fault what came of it:
// lived PROTOCOL FILE
func checkLived(ts *testscript.TestScript, _ bool, args []string) {
	protocol, queries := args[0], make(map[string]*lived)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var e struct {
			Type, Query, Reason, Error string
			ErrorClass                 string `json:"error_class"`
			Attempts                   int
			InputTokens                int `json:"input_tokens"`
		}
		ts.Check(json.Unmarshal([]byte(line), &e))
		q := queries[e.Query]
		if q == nil {
			q = &lived{}
			queries[e.Query] = q
		}
		switch e.Type {
		case "retry":
			q.retries = append(q.retries, e.ErrorClass)
		case "lm_inference_end":
			q.attempts += e.Attempts
			q.tokens += e.InputTokens
		case "tool_call_end":
			q.tools++
		case "query_end":
			q.reason, q.err = e.Reason, e.Error
		}
	}
	for _, f := range hostile.Faults {
		q := queries[f.Name]
		switch {
		case f.Slow:
		case q == nil || q.reason == "":
			ts.Fatalf("%s: no query", f.Name)
		case f.Outcome == hostile.Fatal:
			if q.reason != "error" || q.err == "" || len(q.retries) > 0 {
				ts.Fatalf("%s: %+v", f.Name, *q)
			}
		case q.reason != "finished" || q.tokens < hostile.Input:
			ts.Fatalf("%s: %+v", f.Name, *q)
		case f.Outcome == hostile.Retried:
			if !slices.Equal(q.retries, []string{f.Class}) || q.attempts != 2 {
				ts.Fatalf("%s: %+v, want one retry of class %s", f.Name, *q, f.Class)
			}
		case f.Outcome == hostile.Answered && f.Calls > 0 && !(protocol == "gemini" && f.Name == "malformed-arguments"):
			if q.tools != f.Calls || q.attempts != 2 {
				ts.Fatalf("%s: %+v, want %d tool calls", f.Name, *q, f.Calls)
			}
		}
	}
}

package run

import (
	"bytes"
	"slices"

	"ipw/lib/event"
	"ipw/lib/trace"
)

// validLines reads traces.jsonl and keeps the valid line of every query, in the
// order of ids; queries that are not in it come last, by their start.
func validLines(path string, ids map[string]int) (traces []*trace.QueryTrace, lines [][]byte, err error) {
	raws := make(map[*trace.QueryTrace][]byte)
	var all []*trace.QueryTrace
	err = eachTrace(path, func(q *trace.QueryTrace, raw []byte) {
		if q.Warmup() { // measured, and not counted
			return
		}
		all = append(all, q)
		raws[q] = bytes.Clone(raw)
	})
	if err != nil {
		return nil, nil, err
	}
	// A later attempt's verdict may have come back first.
	slices.SortStableFunc(all, func(a, b *trace.QueryTrace) int { return a.Attempt - b.Attempt })
	valid := trace.Valid(all)
	slices.SortStableFunc(valid, func(a, b *trace.QueryTrace) int {
		return before(place(a, ids), place(b, ids), a, b)
	})
	for _, q := range valid {
		lines = append(lines, raws[q])
	}
	return valid, lines, nil
}

func place(q *trace.QueryTrace, ids map[string]int) int {
	if i, ok := ids[q.QueryID]; ok {
		return i
	}
	return len(ids)
}

func before(i, j int, a, b *trace.QueryTrace) int {
	if i != j {
		return i - j
	}
	return int(a.StartUs - b.StartUs)
}

// rewriteTraces leaves only the valid lines in traces.jsonl, in query order.
func rewriteTraces(path string, ids map[string]int) ([]*trace.QueryTrace, error) {
	traces, lines, err := validLines(path, ids)
	if err != nil {
		return nil, err
	}
	var b []byte
	for _, line := range lines {
		b = append(append(b, line...), '\n')
	}
	return traces, replaceFile(path, b)
}

// unfinished tells whether a query is to be run again.
func unfinished(q *trace.QueryTrace) bool {
	return q.Reason == nil || *q.Reason == event.Failed || *q.Reason == event.Interrupted
}

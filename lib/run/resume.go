package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"ipw/lib/trace"
)

// examine tells what the directory holds: nothing (nil), or an earlier part of
// this very run. Anything else is an *ExistsError.
func (p *plan) examine() (*Summary, error) {
	fi, err := os.Stat(p.dir.Events())
	if p.Overwrite || err == nil && fi.Size() == 0 {
		return nil, nil
	}
	begun := err == nil
	old, err := ReadSummary(p.dir.Summary())
	if errors.Is(err, os.ErrNotExist) {
		if begun {
			return nil, &ExistsError{string(p.dir), "holds events but no summary.json, so nothing tells which run they are of"}
		}
		return nil, nil
	}
	if err != nil {
		return nil, &ExistsError{string(p.dir), err.Error()}
	}
	if !begun { // it never came to an event: nothing to lose
		return nil, nil
	}
	if d := p.cfg.differences(old.Config); len(d) > 0 {
		return nil, &ExistsError{string(p.dir), "holds a run of another configuration: " + strings.Join(d, "; ")}
	}
	missing, err := p.missing()
	if err != nil {
		return nil, err
	}
	if old.Status == Finished && missing == 0 {
		return nil, &ExistsError{string(p.dir), fmt.Sprintf("holds a finished run of %d queries", len(p.ids))}
	}
	return old, nil
}

// missing counts the queries asked for that have no finished trace.
func (p *plan) missing() (int, error) {
	traces, _, err := validLines(p.dir.Traces(), p.ids)
	if err != nil {
		return 0, err
	}
	return len(p.ids) - countFinished(traces, p.ids), nil
}

func countFinished(traces []*trace.QueryTrace, ids map[string]int) int {
	n := 0
	for _, q := range traces {
		if _, asked := ids[q.QueryID]; asked && !unfinished(q) {
			n++
		}
	}
	return n
}

// ReadSummary reads a summary.json.
func ReadSummary(path string) (*Summary, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := new(Summary)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("summary.json: %w", err)
	}
	return s, nil
}

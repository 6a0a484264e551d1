package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"

	"ipw/lib/efficiency"
	"ipw/lib/event"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// describe fills the summary from what the directory holds.
func (r *runner) describe(traces []*trace.QueryTrace) error {
	s := r.summary
	s.Totals = totals(traces)
	s.Statistics = statistics(traces)
	s.Efficiency = efficiency.Of(traces)
	s.Overhead = r.overhead()
	var errs []error
	var err error
	if s.Totals.Retries, err = countRetries(r.dir.Events()); err != nil {
		errs = append(errs, err)
	}
	if r.events != nil && !r.events.empty() {
		errs = append(errs, s.Provenance.collect(r.dir, r.Version))
	}
	if r.traces != nil && r.traces.hold {
		s.Provenance.Judging = "the judge runs on this machine: it was asked after the last query"
	}
	s.Balance, err = readBalance(r.dir.Totals())
	return errors.Join(append(errs, err)...)
}

// readBalance reads what ipw-attribute wrote at its end, nil if it did not.
func readBalance(path string) (json.RawMessage, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimSpace(b); !json.Valid(b) {
		return nil, errors.New(path + ": not JSON")
	}
	return b, nil
}

// countRetries counts the retry records of the whole run, but for those of
// warm-up queries.
func countRetries(path string) (n int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := stream.NewLines(&stream.Problems{}, stream.NewInput(path, f))
	warm := make(map[string]bool)
	for {
		line, err := lines.Next()
		if err != nil {
			return n, nil // the end, or damage that the filters have told
		}
		var e struct {
			Query    string          `json:"query"`
			Metadata json.RawMessage `json:"metadata"`
		}
		switch stream.Type(line.Bytes) {
		case event.QueryStart:
			if json.Unmarshal(line.Bytes, &e) == nil && trace.IsWarmup(e.Metadata) {
				warm[e.Query] = true
			}
		case event.Retry:
			if json.Unmarshal(line.Bytes, &e) == nil && !warm[e.Query] {
				n++
			}
		}
	}
}

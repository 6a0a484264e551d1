package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"

	"ipw/lib/stream"
	"ipw/lib/trace"
)

// attempt names one line of traces.jsonl.
type attempt struct {
	query  string
	number int
}

// verdict is what the judge said of an attempt.
type verdict struct {
	IsResolved       *bool           `json:"is_resolved"`
	AccuracyScore    *float64        `json:"accuracy_score"`
	UnscorableReason *string         `json:"unscorable_reason"`
	ScoreMetadata    json.RawMessage `json:"score_metadata"`
}

// traceLog is traces.jsonl while it grows: traces come from ipw-attribute, go
// to ipw-judge and come back scored. A trace whose verdict is known from an
// earlier session goes to the file at once.
type traceLog struct {
	known map[attempt]verdict
	last  map[string]int // the latest attempt with a verdict, per query
	hold  bool           // scored after the measurement: the judge runs on a machine that is measured

	mu      sync.Mutex
	file    *os.File
	failed  error
	pending map[attempt][]byte // with the judge
	held    [][]byte
	written int
}

// openTraces opens the file behind what earlier sessions left, and keeps the
// verdicts they got. A torn last line is cut off.
func openTraces(path string) (*traceLog, error) {
	known, last := make(map[attempt]verdict), make(map[string]int)
	err := eachTrace(path, func(q *trace.QueryTrace, _ []byte) {
		if q.IsResolved != nil {
			last[q.QueryID] = max(last[q.QueryID], q.Attempt)
			known[attempt{q.QueryID, q.Attempt}] = verdict{q.IsResolved, q.AccuracyScore, q.UnscorableReason, q.ScoreMetadata}
		}
	})
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := mend(f); err != nil {
		f.Close()
		return nil, err
	}
	return &traceLog{known: known, last: last, file: f, pending: map[attempt][]byte{}}, nil
}

// eachTrace reads a file of traces, which need not exist. Lines that are no
// trace are left out: only a crash makes them, and their queries run again.
func eachTrace(path string, f func(q *trace.QueryTrace, raw []byte)) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	r := trace.NewReader(&stream.Problems{}, stream.NewInput(path, file))
	for {
		q, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		f(q, r.Raw())
	}
}

// route reads what ipw-attribute prints and hands to judge what needs a
// verdict.
func (l *traceLog) route(attributed io.Reader, judge io.Writer) error {
	return eachLine(attributed, func(line []byte) error {
		q := new(trace.QueryTrace)
		if err := json.Unmarshal(line, q); err != nil {
			return err
		}
		k := attempt{q.QueryID, q.Attempt}
		if q.Attempt < l.last[q.QueryID] {
			return nil // a later attempt counts, and has its verdict
		}
		if v, ok := l.known[k]; ok {
			scored, err := trace.Patch(line, map[string]any{"is_resolved": v.IsResolved, "accuracy_score": v.AccuracyScore,
				"unscorable_reason": v.UnscorableReason, "score_metadata": orObject(v.ScoreMetadata)})
			if err != nil {
				return err
			}
			return l.write(scored)
		}
		l.mu.Lock()
		l.pending[k] = bytes.Clone(line)
		l.mu.Unlock()
		if l.hold {
			l.held = append(l.held, bytes.Clone(line))
			return l.write(line)
		}
		l.ask(line, judge)
		return nil
	})
}

// ask hands a trace to the judge. One that died is told by its watch; what it
// does not return is written without a verdict.
func (l *traceLog) ask(line []byte, judge io.Writer) { _, _ = judge.Write(append(line, '\n')) }

// release hands the held traces to the judge.
func (l *traceLog) release(judge io.Writer) {
	for _, line := range l.held {
		l.ask(line, judge)
	}
	l.held = nil
}

// take appends what the judge prints.
func (l *traceLog) take(judged io.Reader) error {
	return eachLine(judged, func(line []byte) error {
		var k struct {
			QueryID string `json:"query_id"`
			Attempt int    `json:"attempt"`
		}
		if err := json.Unmarshal(line, &k); err != nil {
			return err
		}
		l.mu.Lock()
		delete(l.pending, attempt{k.QueryID, k.Attempt})
		l.mu.Unlock()
		return l.write(line)
	})
}

func (l *traceLog) write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		_, l.failed = l.file.Write(append(bytes.TrimSuffix(line, []byte{'\n'}), '\n'))
		l.written++
	}
	return l.failed
}

// close writes, unscored, what a judge that died did not return.
func (l *traceLog) close() error {
	l.mu.Lock()
	left := l.pending
	l.pending = nil
	l.mu.Unlock()
	var errs []error
	for _, line := range left {
		errs = append(errs, l.write(line))
	}
	return errors.Join(append(errs, l.file.Close())...)
}

func eachLine(r io.Reader, f func(line []byte) error) error {
	br := bufio.NewReaderSize(r, 256<<10)
	for {
		b, err := readLine(br)
		if text := bytes.TrimSpace(b); len(text) > 0 && (err == nil || json.Valid(text)) {
			if err := f(text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func orObject(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("{}")
	}
	return b
}

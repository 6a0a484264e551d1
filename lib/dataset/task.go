package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ipw/lib/stream"
	"ipw/lib/swebench"
	"ipw/lib/terminalbench"
)

// Task is one problem to be solved.
type Task struct {
	ID           string
	Problem      string
	Answer       *string         // the text of a number or bool too; nil: not known
	Metadata     json.RawMessage // an object, nil for none
	WorkloadType string

	Bench    *terminalbench.Task // of Terminal-Bench, else nil
	Instance *swebench.Instance  // of SWE-bench, else nil
}

// reader reads tasks from lines.
type reader struct {
	workload string // of tasks that name none
	lines    *stream.Lines
	position int
	known    map[string]string // id → the place of its task
}

func newReader(workload string, problems *stream.Problems, in *stream.Input) *reader {
	return &reader{workload: workload, lines: stream.NewLines(problems, in), known: make(map[string]string)}
}

// next returns the next task and io.EOF at the end.
func (r *reader) next() (Task, error) {
	for {
		line, err := r.lines.Next()
		if err != nil {
			return Task{}, err
		}
		task, err := parse(line.Bytes, r.position, r.workload)
		r.position++
		if place, ok := r.known[task.ID]; err == nil && ok {
			err = fmt.Errorf("id %q is known already, from %s", task.ID, place)
		}
		if err != nil {
			r.lines.Reject(err)
			continue
		}
		r.known[task.ID] = fmt.Sprintf("%s:%d", line.File, line.Num)
		return task, nil
	}
}

// parse reads one task. Keys are matched exactly.
func parse(line []byte, position int, workload string) (Task, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Task{}, fmt.Errorf("no task: %w", err)
	}
	task := Task{ID: fmt.Sprintf("q%04d", position), WorkloadType: workload}
	if swebench.Is(fields) && !has(fields, "problem") {
		return fromInstance(line, task)
	}
	var errs [5]error
	task.Problem, errs[0] = text(fields, "problem", "")
	task.ID, errs[1] = scalar(fields, "id", task.ID)
	task.WorkloadType, errs[2] = text(fields, "workload_type", workload)
	task.Metadata, errs[3] = object(fields, "metadata")
	if has(fields, "answer") {
		var answer string
		if answer, errs[4] = scalar(fields, "answer", ""); answer != "" {
			task.Answer = &answer
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return Task{}, errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if strings.TrimSpace(task.Problem) == "" {
		return Task{}, errors.New(`a task needs a "problem"`)
	}
	return task, nil
}

func has(fields map[string]json.RawMessage, key string) bool {
	raw, ok := fields[key]
	return ok && !bytes.Equal(raw, []byte("null"))
}

// text is a string. Missing, null and empty are absent.
func text(fields map[string]json.RawMessage, key, absent string) (string, error) {
	if !has(fields, key) {
		return absent, nil
	}
	var s string
	if err := json.Unmarshal(fields[key], &s); err != nil {
		return "", fmt.Errorf("%q must be a string", key)
	}
	if s == "" {
		return absent, nil
	}
	return s, nil
}

// scalar is a string, or the text of a number or bool as it stands there.
func scalar(fields map[string]json.RawMessage, key, absent string) (string, error) {
	if raw := fields[key]; has(fields, key) && bytes.IndexByte([]byte(`"{[`), raw[0]) < 0 {
		return string(raw), nil
	}
	s, err := text(fields, key, absent)
	if err != nil {
		return "", fmt.Errorf("%q must be a string, number or bool", key)
	}
	return s, nil
}

func object(fields map[string]json.RawMessage, key string) (json.RawMessage, error) {
	if !has(fields, key) {
		return nil, nil
	}
	if fields[key][0] != '{' {
		return nil, fmt.Errorf("%q must be an object", key)
	}
	return fields[key], nil
}

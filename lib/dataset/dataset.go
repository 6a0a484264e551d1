// Package dataset is where an agent's tasks come from: a data set known by
// name, a file of JSON Lines, or a pipe.
//
// A task is one object a line. Only the problem is required:
//
//	{"problem":"What is 6 × 7?"}
//	{"id":"sum-2","problem":"What is 2 + 2?","answer":4,"metadata":{"level":1},"workload_type":"arithmetic"}
//
// A task without an id is called q0000, q0001, … by its position in the data
// set, rejected lines included, so that mending a line renames nothing. A line
// without a problem, with a field of the wrong type or with an id that an
// earlier line has is rejected, and the rest goes on.
//
//	set, err := dataset.Open("tasks.jsonl", nil)
//	for task, err := range set.Tasks(ctx, problems) { … }
package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"ipw/lib/stream"
	"ipw/lib/terminalbench"
)

// Set is a data set. Its tasks are read when they are asked for, so that a
// pipe's first task runs before its last is written.
type Set struct {
	Name   string   // demo, a file's base name, stdin
	About  string   // one line
	Tools  []string // the default of --tools
	Scorer string   // exact or judge; "" for files and stdin: judge if there is a key or an endpoint for one, else exact
	Corpus string   // the default of --corpus: what the search tool looks in

	Testbed bool // its tasks bring surroundings and tests of their own

	size int  // number of tasks, -1 if not known
	once bool // a pipe: it can be read only once, and its reader may have to wait
	open func(ctx context.Context) (*stream.Input, error)

	tasks string // a directory of Terminal-Bench tasks, which is read instead
}

// Open finds a data set: a known name, a JSONL file (plain, gzip or zstd) of
// tasks or of instances of SWE-bench, a directory of Terminal-Bench tasks, or
// "-" for stdin. The error is a *NameError for a name that is not known or not
// built yet.
func Open(name string, stdin io.Reader) (*Set, error) {
	if name == "-" {
		return fromPipe("stdin", stdin), nil
	}
	for _, set := range known() {
		if set.Name == name {
			return set, nil
		}
	}
	if howToFetch(name) != "" {
		if set := fetched(name); set != nil {
			return set, nil
		}
	}
	if isPlanned(name) {
		return nil, &NameError{Name: name, NotBuilt: true}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &NameError{Name: name}
	case err != nil:
		return nil, fmt.Errorf("data set: %w", err)
	case info.IsDir() && terminalbench.Holds(name):
		return fromTasks(filepath.Base(filepath.Clean(name)), name), nil
	case info.IsDir():
		return nil, &NameError{Name: name, directory: true}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	if !info.Mode().IsRegular() { // a pipe or a device, to be read once
		return fromPipe(filepath.Base(name), f), nil
	}
	f.Close()
	return fromFile(name), nil
}

// defaultTools is for tasks of which nothing is known.
var defaultTools = []string{"calculator"}

func fromFile(path string) *Set {
	set := &Set{Name: filepath.Base(path), About: path, Tools: defaultTools, size: -1,
		open: func(ctx context.Context) (*stream.Input, error) { return stream.Open(ctx, path, nil, false) }}
	if isInstances(path) {
		set.Tools, set.Testbed = boxTools, true
	}
	return set
}

func fromPipe(name string, r io.Reader) *Set {
	return &Set{Name: name, About: name, Tools: defaultTools, size: -1, once: true,
		open: func(context.Context) (*stream.Input, error) { return stream.NewInput(name, r), nil }}
}

func fromBytes(set Set, lines []byte) *Set {
	set.size = bytes.Count(lines, []byte("\n"))
	set.open = func(context.Context) (*stream.Input, error) {
		return stream.NewInput(set.Name, bytes.NewReader(lines)), nil
	}
	return &set
}

// Tasks reads the tasks in order. A line that is no task is rejected through
// problems and the rest goes on; an error ends the sequence.
func (s *Set) Tasks(ctx context.Context, problems *stream.Problems) iter.Seq2[Task, error] {
	if s.tasks != "" {
		return s.readTasks(problems)
	}
	return func(yield func(Task, error) bool) {
		in, err := s.open(ctx)
		if err != nil {
			yield(Task{}, fmt.Errorf("data set: %w", err))
			return
		}
		defer in.Close()
		reader := newReader(s.Name, problems, in)
		next := reader.next
		if s.once {
			next = func() (Task, error) { return unlessDone(ctx, reader.next) }
		}
		for ctx.Err() == nil {
			task, err := next()
			if err == io.EOF || !yield(task, err) || err != nil {
				return
			}
		}
		yield(Task{}, ctx.Err())
	}
}

// unlessDone waits for a task no longer than ctx lets it: nobody may write to
// a pipe any more, and the reading of it cannot be called off.
func unlessDone(ctx context.Context, next func() (Task, error)) (Task, error) {
	type result struct {
		task Task
		err  error
	}
	came := make(chan result, 1)
	go func() {
		task, err := next()
		came <- result{task, err}
	}()
	select {
	case <-ctx.Done():
		return Task{}, ctx.Err()
	case r := <-came:
		return r.task, r.err
	}
}

// Len is the number of tasks, -1 if only reading them all would tell.
func (s *Set) Len() int { return s.size }

// Hash is a digest of the decompressed content, for a run to be resumed only
// over the same tasks. It is "" for what can be read only once.
func (s *Set) Hash(ctx context.Context) (string, error) {
	if s.once {
		return "", nil
	}
	if s.tasks != "" {
		return hashTasks(ctx, s.tasks)
	}
	in, err := s.open(ctx)
	if err != nil {
		return "", fmt.Errorf("data set: %w", err)
	}
	defer in.Close()
	digest := sha256.New()
	lines := stream.NewLines(&stream.Problems{}, in)
	for {
		line, err := lines.Next()
		if err == io.EOF {
			return hex.EncodeToString(digest.Sum(nil)), nil
		} else if err != nil {
			return "", fmt.Errorf("data set: %w", err)
		}
		digest.Write(line.Bytes)
		digest.Write([]byte{'\n'})
	}
}

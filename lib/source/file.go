package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
)

// File is one file, which can be read as often as one likes.
type File struct {
	Name string // as reported in problems
	path string
	pipe bool      // path cannot be rewound
	once io.Reader // stdin: can be read once

	mu   sync.Mutex // guards what follows
	copy *os.File   // what was read from a pipe or stdin; it has no name any more
	size int64      // of copy
	kind *Kind
}

// Open opens the file from its beginning, decompressed.
func (f *File) Open() (*stream.Input, error) {
	if f.once == nil && !f.pipe {
		return stream.Open(context.Background(), f.path, nil, false)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.copy == nil {
		if err := f.keep(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return stream.NewInput(f.Name, io.NewSectionReader(f.copy, 0, f.size)), nil
}

// Size is about how long the file is, 0 if that is not known without reading.
func (f *File) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.copy != nil {
		return f.size
	}
	if fi, err := os.Stat(f.path); err == nil && fi.Mode().IsRegular() {
		return fi.Size()
	}
	return 0
}

// keep copies what can be read only once to a temporary file. The file loses
// its name at once, so that nothing is left behind however the command ends.
func (f *File) keep() error {
	in := f.once
	if in == nil {
		pipe, err := os.Open(f.path)
		if err != nil {
			return err
		}
		defer pipe.Close()
		in = pipe
	}
	tmp, err := os.CreateTemp("", "ipw-*")
	if err != nil {
		return err
	}
	_ = os.Remove(tmp.Name()) // a system that cannot do this keeps the file until it cleans up
	n, err := io.Copy(tmp, in)
	if err != nil {
		tmp.Close()
		return err
	}
	f.copy, f.size = tmp, n
	return nil
}

// Kind tells what the file holds, from its first line.
func (f *File) Kind() (Kind, error) {
	f.mu.Lock()
	known := f.kind
	f.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	kind, err := f.look()
	if err != nil {
		return Unknown, err
	}
	f.mu.Lock()
	f.kind = &kind
	f.mu.Unlock()
	return kind, nil
}

func (f *File) look() (Kind, error) {
	in, err := f.Open()
	if err != nil {
		return Unknown, err
	}
	defer in.Close()
	schema, err := in.Schema()
	if err != nil {
		return Unknown, fmt.Errorf("%s: %w", f.Name, err)
	}
	kind := Traces
	switch schema {
	case power.Schema:
		kind = Power
	case event.Schema:
		kind = Events
	case "":
		line, err := in.FirstLine()
		if err != nil || len(line) == 0 {
			return Unknown, err
		}
		if format, err := event.Sniff(in); err == nil && format == event.Tabular {
			kind = Events
		}
	default:
		return Unknown, fmt.Errorf("%s: schema %q, want traces, %s or %s", f.Name, schema, power.Schema, event.Schema)
	}
	return kind, nil
}

// Close frees what was kept.
func (f *File) Close() error {
	if f.copy == nil {
		return nil
	}
	return f.copy.Close()
}

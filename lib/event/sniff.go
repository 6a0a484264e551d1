package event

import (
	"errors"
	"io"
	"time"

	"ipw/lib/stream"
)

// Format is what an input holds, as far as its first line tells.
type Format int

const (
	Unknown Format = iota // neither, or nothing
	Stream                // a header line: of which schema, Input.Schema tells
	Tabular               // a table of time windows
)

// Sniff looks at an input's first line without consuming it.
func Sniff(in *stream.Input) (Format, error) {
	line, err := in.FirstLine()
	switch {
	case err != nil:
		return Unknown, err
	case stream.Type(line) == "header":
		return Stream, nil
	case columnsOf(line) != nil:
		return Tabular, nil
	}
	return Unknown, nil
}

// Source gives the records of an event stream, however it is written: Reader
// and Table.
type Source interface {
	Next() (*Record, error) // io.EOF at the end
	Close() error
}

// NewSource reads the inputs, in order, as one stream: each as what its first
// line says it is. loc is the zone of a table's local times, nil for this
// machine's.
func NewSource(problems *stream.Problems, loc *time.Location, inputs ...*stream.Input) Source {
	return &chain{problems: problems, loc: loc, inputs: inputs}
}

// chain reads runs of streams and single tables one after the other.
type chain struct {
	problems *stream.Problems
	loc      *time.Location
	inputs   []*stream.Input
	now      Source // nil: to be made of the next inputs
}

func (c *chain) Next() (*Record, error) {
	for {
		if c.now == nil {
			if err := c.step(); err != nil {
				return nil, err
			}
		}
		rec, err := c.now.Next()
		if err != io.EOF {
			return rec, err
		}
		if err := c.now.Close(); err != nil {
			return nil, err
		}
		c.now = nil
	}
}

// step makes a source of the next table, or of the streams before it.
func (c *chain) step() error {
	for n, in := range c.inputs {
		format, err := Sniff(in)
		if err != nil {
			return &stream.Error{File: in.Name, Text: err.Error()}
		}
		if line, _ := in.FirstLine(); format == Unknown && len(line) > 0 && line[0] != '{' {
			return &stream.Error{File: in.Name, Line: 1, Text: "neither an event stream, which begins with a header line, nor a table with columns start and end"}
		}
		if format != Tabular {
			continue
		}
		if n == 0 {
			c.now, c.inputs = NewTable(c.problems, in, c.loc), c.inputs[1:]
			return nil
		}
		c.now, c.inputs = NewReader(c.problems, c.inputs[:n]...), c.inputs[n:]
		return nil
	}
	if len(c.inputs) == 0 {
		return io.EOF
	}
	c.now, c.inputs = NewReader(c.problems, c.inputs...), nil
	return nil
}

func (c *chain) Close() error {
	var errs []error
	if c.now != nil {
		errs = append(errs, c.now.Close())
	}
	for _, in := range c.inputs {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

package foreign

import (
	"errors"
	"io"
	"time"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// NewSource reads the inputs, in order, as one event stream: event streams and
// tables of windows as event.NewSource reads them, logs of others by a Reader
// for each run of them. loc is the zone of a table's local times, nil for this
// machine's.
func NewSource(problems *stream.Problems, loc *time.Location, opts Options, inputs ...*stream.Input) event.Source {
	return &chain{problems: problems, loc: loc, opts: opts, inputs: inputs}
}

// chain reads runs of native and of foreign inputs one after the other.
type chain struct {
	problems *stream.Problems
	loc      *time.Location
	opts     Options
	inputs   []*stream.Input
	now      event.Source // nil: to be made of the next inputs
}

func (c *chain) Next() (*event.Record, error) {
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

// step makes a source of the next inputs of one sort.
func (c *chain) step() error {
	if len(c.inputs) == 0 {
		return io.EOF
	}
	n, foreign := 0, false
	for i, in := range c.inputs {
		is, err := isForeign(in)
		if err != nil {
			return &stream.Error{File: in.Name, Text: err.Error()}
		}
		if i > 0 && is != foreign {
			break
		}
		n, foreign = i+1, is
	}
	inputs := c.inputs[:n]
	c.inputs = c.inputs[n:]
	if foreign {
		c.now = NewReader(c.problems, c.opts, inputs...)
		return nil
	}
	c.now = event.NewSource(c.problems, c.loc, inputs...)
	if c.opts.TypeFrom != "" {
		c.now = &typed{Source: c.now, problems: c.problems, name: c.opts.TypeFrom}
	}
	return nil
}

// isForeign reports an input that is neither an event stream nor a table, but
// known.
func isForeign(in *stream.Input) (bool, error) {
	if f, err := event.Sniff(in); err != nil || f != event.Unknown {
		return false, err
	}
	f, err := Sniff(in)
	return f != Unknown, err
}

// Close closes every input that was not read to its end.
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

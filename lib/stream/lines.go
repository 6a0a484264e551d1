package stream

import (
	"bytes"
	"errors"
	"io"
)

// Lines reads lines without segments: traces, tasks, tables.
type Lines struct {
	inputs   []*Input
	problems *Problems
	verbatim bool
	line     Line
	rejected error
	torn     bool
}

// NewLines reads the inputs, in order, as one list of lines of JSON.
func NewLines(problems *Problems, inputs ...*Input) *Lines {
	return &Lines{inputs: inputs, problems: problems}
}

// Verbatim leaves the white space at both ends of a line, all but its CR: in a
// table it means something.
func (l *Lines) Verbatim() { l.verbatim = true }

// Reject reports that the last line returned could not be decoded.
func (l *Lines) Reject(why error) {
	l.rejected = why
	l.torn = l.torn && cut(l.line.Bytes)
}

// Next returns the next line, valid until the next call, and io.EOF at the end.
// A rejected line without newline at the end of an input was torn.
func (l *Lines) Next() (*Line, error) {
	for {
		if err := l.settle(); err != nil {
			return nil, err
		}
		if len(l.inputs) == 0 {
			return nil, io.EOF
		}
		in := l.inputs[0]
		b, torn, err := in.next()
		switch {
		case err == errLong:
			if err := l.problems.Reject(in.Name, in.line, err); err != nil {
				return nil, err
			}
			continue
		case err == nil:
			l.torn = torn
			l.line = Line{Bytes: l.trim(b), File: in.Name, Num: in.line}
			return &l.line, nil
		case shortened(err) && !in.waited():
			l.problems.Incomplete(in.Name, in.line, "incomplete: compressed data cut short")
		case err != io.EOF:
			return nil, &Error{in.Name, in.line, err.Error()}
		}
		in.Close()
		l.inputs = l.inputs[1:]
	}
}

func (l *Lines) settle() error {
	why := l.rejected
	if l.rejected = nil; why == nil {
		return nil
	}
	if l.torn {
		l.problems.Warn("%s:%d: torn last line dropped", l.line.File, l.line.Num)
		return nil
	}
	return l.problems.Reject(l.line.File, l.line.Num, why)
}

func (l *Lines) trim(b []byte) []byte {
	if !l.verbatim {
		return trim(b)
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(b, byteOrderMark), []byte{'\r'})
}

// Close closes every input that was not read to its end.
func (l *Lines) Close() error {
	var errs []error
	for _, in := range l.inputs {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

package foreign

import (
	"errors"
	"io"

	"ipw/lib/stream"
)

// settle deals with an error of next: what is wrong with the text is reported,
// and reading goes on. It returns io.EOF at the end of what can be read.
func (d *document) settle(problems *stream.Problems, err error) error {
	var b *broken
	switch {
	case errors.As(err, &b) && b.end && d.oneLine:
		problems.Warn("%s:%d: torn last line: what stands before the cut is used", d.in.Name, b.line)
		return nil
	case errors.As(err, &b) && b.end:
		problems.Incomplete(d.in.Name, b.line, "incomplete: "+b.why)
		return nil
	case errors.As(err, &b):
		return problems.Reject(d.in.Name, b.line, b)
	case err == io.ErrUnexpectedEOF:
		problems.Incomplete(d.in.Name, d.line, "incomplete: compressed data cut short")
		return io.EOF
	case err == io.EOF:
		return err
	}
	return &stream.Error{File: d.in.Name, Line: d.line, Text: err.Error()}
}

package powerlog

import (
	"bytes"
	"fmt"
	"io"

	"ipw/lib/power"
)

// value returns the next JSON object of the input and the line where it begins:
// one per line, several lines long, one behind the other without anything
// between them, or the elements of an array. A last one without its end is
// dropped.
func (s *source) value() (raw []byte, line int, err error) {
	if line, err = s.object(); err != nil {
		return nil, 0, err
	}
	var b nesting
	for {
		c, err := s.br.ReadByte()
		if err == io.EOF {
			s.problems.Warn("%s:%d: torn last line dropped", s.name, line)
			return nil, 0, err
		}
		if err != nil {
			return nil, 0, s.over(err)
		}
		if c == '\n' {
			s.line++
		}
		if raw = append(raw, c); c == ':' && s.restarts(raw) {
			if err := s.problems.Reject(s.name, line, errCut); err != nil {
				return nil, 0, err
			}
			line = s.line + 1
			raw, b = append(raw[:0], s.opening...), nesting{depth: 1}
			continue
		}
		if b.closes(c) {
			return raw, line, nil
		}
		if len(raw) > maxDocument {
			return nil, 0, s.fail("a value of more than %d MiB", maxDocument>>20)
		}
	}
}

// maxOpening is more than an object's first key takes.
const maxOpening = 64

// restarts reports whether an object ends with what objects of the log begin
// with, up to the colon of their first key: it was cut off, and the next stands
// behind it. Its brackets would not tell before the end of the log.
func (s *source) restarts(raw []byte) bool {
	if s.opening == nil && len(raw) < maxOpening {
		s.opening = bytes.Clone(raw)
	}
	return s.opening != nil && len(raw) > len(s.opening) && bytes.HasSuffix(raw, s.opening)
}

// object steps to the next brace that opens an object.
func (s *source) object() (line int, err error) {
	bad := false
	for {
		c, err := s.br.ReadByte()
		if err != nil {
			return 0, s.over(err)
		}
		switch c {
		case '{':
			return s.line + 1, s.br.UnreadByte()
		case '\n':
			s.line++
			bad = false
		case ' ', '\t', '\r', ',', '[', ']', 0, 0x1e, 0xef, 0xbb, 0xbf: // also a byte order mark, and RFC 7464's separator
		default:
			if !bad {
				if err := s.problems.Reject(s.name, s.line+1, fmt.Errorf("not JSON: %q where an object should begin", c)); err != nil {
					return 0, err
				}
			}
			bad = true
		}
	}
}

// nesting follows the brackets of JSON.
type nesting struct {
	depth          int
	quoted, escape bool
}

// closes reports whether c ends the object that the first byte began.
func (n *nesting) closes(c byte) bool {
	switch {
	case n.escape:
		n.escape = false
	case n.quoted:
		n.escape, n.quoted = c == '\\', c != '"'
	case c == '"':
		n.quoted = true
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
		return n.depth <= 0
	}
	return false
}

// objects are the rows of a log whose every JSON object is one.
type objects struct {
	src  *source
	read func(raw []byte, line int, r *row) error
	row  row
}

func (o *objects) next() (*row, error) {
	for {
		raw, line, err := o.src.value()
		if err != nil {
			return nil, err
		}
		o.row = row{line: line, t: power.Null, whole: true, values: o.row.values[:0]}
		if err := o.read(raw, line, &o.row); err == nil {
			return &o.row, nil
		} else if err := o.src.problems.Reject(o.src.name, line, err); err != nil {
			return nil, err
		}
	}
}

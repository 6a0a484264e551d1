package stream

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Int reads an integer.
func (s *Scanner) Int(p *int64) {
	if s.whole(p) || s.Null() {
		return
	}
	raw := s.Number()
	if raw == nil {
		s.Wrong("an integer")
		return
	}
	n, err := parseInt(raw)
	if err {
		s.Fail("is %.40s, not an integer", raw)
		return
	}
	*p = n
}

// whole reads an integer as nearly all are written: of at most 18 digits.
func (s *Scanner) whole(p *int64) bool {
	n, i := int64(0), s.i
	for i < len(s.line) && s.line[i]-'0' <= 9 {
		n = n*10 + int64(s.line[i]-'0')
		i++
	}
	digits := i - s.i
	if digits == 0 || digits > 18 || s.line[s.i] == '0' && digits > 1 {
		return false
	}
	if i < len(s.line) && (s.line[i] == '.' || s.line[i]|0x20 == 'e') {
		return false
	}
	*p, s.i = n, i
	return true
}

// Float reads a number.
func (s *Scanner) Float(p *float64) {
	if s.Null() {
		return
	}
	raw := s.Number()
	if raw == nil {
		s.Wrong("a number")
		return
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		s.Fail("is %.40s, out of range", raw)
		return
	}
	*p = f
}

// Bool reads true or false.
func (s *Scanner) Bool(p *bool) {
	switch {
	case s.Null():
	case s.literal("true"):
		*p = true
	case s.literal("false"):
		*p = false
	default:
		s.Wrong("true or false")
	}
}

// Text reads a string.
func (s *Scanner) Text(p *string) {
	raw, plain := s.quoted()
	if raw == nil {
		if !s.Null() {
			s.Wrong("a string")
		}
		return
	}
	text, ok := unquote(raw, plain, s.mem)
	if !ok {
		s.syntax()
		return
	}
	*p = text
}

// OptInt reads an integer or null, which is nil.
func (s *Scanner) OptInt(p **int64) {
	if *p = nil; !s.Null() {
		*p = s.mem.int()
		s.Int(*p)
	}
}

// OptCount reads an integer of the machine's size or null, which is nil.
func (s *Scanner) OptCount(p **int) {
	if *p = nil; !s.Null() {
		var n int64
		s.Int(&n)
		*p = s.mem.count()
		**p = int(n)
	}
}

// OptFloat reads a number or null, which is nil.
func (s *Scanner) OptFloat(p **float64) {
	if *p = nil; !s.Null() {
		*p = s.mem.float()
		s.Float(*p)
	}
}

// OptBool reads true, false or null, which is nil.
func (s *Scanner) OptBool(p **bool) {
	if *p = nil; !s.Null() {
		*p = s.mem.bool()
		s.Bool(*p)
	}
}

// OptText reads a string or null, which is nil.
func (s *Scanner) OptText(p **string) {
	if *p = nil; !s.Null() {
		*p = new(string)
		s.Text(*p)
	}
}

// Object reads an object as it is written; p does not share the line's memory.
func (s *Scanner) Object(p *json.RawMessage) {
	if s.Null() {
		*p = nil
		return
	}
	if s.i < len(s.line) && s.line[s.i] != '{' {
		s.Wrong("an object")
	} else if raw := s.value(); raw != nil {
		*p = bytes.Clone(raw)
	} else {
		s.syntax()
	}
}

// Skip steps over a value of any kind.
func (s *Scanner) Skip() { s.Value() }

// Value returns a value of any kind as it is written, nil if it is not JSON.
func (s *Scanner) Value() []byte {
	raw := s.value()
	if raw == nil {
		s.syntax()
	}
	return raw
}

// Null steps over null, if it is next.
func (s *Scanner) Null() bool { return s.literal("null") }

// Array steps into an array of values that are no arrays, if that is next; More
// steps through its elements.
func (s *Scanner) Array() bool {
	s.first = s.is('[')
	if !s.first {
		s.Wrong("an array")
	}
	return s.first
}

// More steps to the next element of the array, false at its end.
func (s *Scanner) More() bool {
	first := s.first
	s.first = false
	switch {
	case s.failed():
		return false
	case s.is(']'):
		return false
	case !first && !s.is(','):
		return s.syntax()
	}
	s.space()
	return true
}

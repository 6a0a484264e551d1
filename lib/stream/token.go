package stream

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Number returns the text of a number, nil if what is next is none.
func (s *Scanner) Number() []byte {
	b, i := s.line, s.i
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return nil
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return nil
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return nil
		}
	}
	raw := b[s.i:i]
	s.i = i
	return raw
}

func parseInt(raw []byte) (n int64, bad bool) {
	digits := raw
	if raw[0] == '-' {
		digits = raw[1:]
	}
	if len(digits) > 18 {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		return n, err != nil
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, true
		}
		n = n*10 + int64(c-'0')
	}
	if raw[0] == '-' {
		n = -n
	}
	return n, false
}

func (s *Scanner) space() {
	for s.i < len(s.line) {
		switch s.line[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// is steps over white space, and over c if it comes next.
func (s *Scanner) is(c byte) bool {
	s.space()
	if s.i < len(s.line) && s.line[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *Scanner) literal(word string) bool {
	if len(s.line)-s.i < len(word) || string(s.line[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// quoted steps over a string and returns it with its quotes. Its escapes are
// not looked at.
func (s *Scanner) quoted() []byte {
	if s.i >= len(s.line) || s.line[s.i] != '"' {
		return nil
	}
	for i := s.i + 1; i < len(s.line); i++ {
		switch c := s.line[i]; {
		case c == '"':
			raw := s.line[s.i : i+1]
			s.i = i + 1
			return raw
		case c == '\\':
			i++
		case c < 0x20:
			return nil
		}
	}
	return nil
}

// value steps over a value and returns its text, nil if it is not JSON.
func (s *Scanner) value() []byte {
	if s.i >= len(s.line) {
		return nil
	}
	start := s.i
	switch c := s.line[s.i]; c {
	case '"':
		raw := s.quoted()
		if bytes.IndexByte(raw, '\\') >= 0 && !json.Valid(raw) {
			return nil
		}
		return raw
	case '{', '[':
		s.i = nestedEnd(s.line, s.i)
		if raw := s.line[start:s.i]; json.Valid(raw) {
			return raw
		}
		return nil
	case 't', 'f', 'n':
		if s.literal("true") || s.literal("false") || s.Null() {
			return s.line[start:s.i]
		}
		return nil
	}
	return s.Number()
}

// nestedEnd returns the index behind the bracket that closes the one at i.
func nestedEnd(line []byte, i int) int {
	for depth := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			for i++; i < len(line) && line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
	return len(line)
}

// unquote returns the text of a quoted string.
func unquote(raw []byte, m *Memory) (string, bool) {
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') < 0 && (ascii(text) || utf8.Valid(text)) {
		return m.text(text), true
	}
	var s string // escapes; and foreign bytes, which become U+FFFD
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

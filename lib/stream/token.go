package stream

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
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
	for s.i < len(s.line) && s.line[s.i] <= ' ' {
		switch s.line[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// is steps over c, and white space before it, if it comes next.
func (s *Scanner) is(c byte) bool {
	if s.i < len(s.line) && s.line[s.i] <= ' ' {
		s.space()
	}
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

// quoted steps over a string and returns it with its quotes. plain tells that it
// is ASCII without escapes, which are not looked at here.
func (s *Scanner) quoted() (raw []byte, plain bool) {
	if s.i >= len(s.line) || s.line[s.i] != '"' {
		return nil, false
	}
	top := uint64(tops)
	for i := s.i + 1; i < len(s.line); i++ {
		for i+8 <= len(s.line) {
			n := ordinary(binary.LittleEndian.Uint64(s.line[i:i+8]), top)
			if i += n; n < 8 {
				break
			}
		}
		if i == len(s.line) {
			break
		}
		switch c := s.line[i]; {
		case c == '"':
			raw = s.line[s.i : i+1]
			s.i = i + 1
			return raw, top != 0
		case c == '\\':
			top = 0
			i++
		case c < ' ':
			return nil, false
		case c >= utf8.RuneSelf:
			top = 0
		}
	}
	return nil, false
}

// tops has the top bit of each of eight characters.
const tops = 0x8080808080808080

// ordinary is how many of the eight characters in x, from the lowest on, come
// before a quote, a backslash or a control character; or, given tops, before one
// that is not ASCII.
func ordinary(x, top uint64) int {
	const ones = 0x0101010101010101
	quote, slash := x^'"'*ones, x^'\\'*ones
	odd := ((quote-ones)&^quote|(slash-ones)&^slash|(x-' '*ones)&^x)&tops | x&top // its lowest bit is right
	return bits.TrailingZeros64(odd) / 8
}

// value steps over a value and returns its text, nil if it is not JSON.
func (s *Scanner) value() []byte {
	if s.i >= len(s.line) {
		return nil
	}
	start := s.i
	switch c := s.line[s.i]; c {
	case '"':
		raw, plain := s.quoted()
		if !plain && bytes.IndexByte(raw, '\\') >= 0 && !json.Valid(raw) {
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
func unquote(raw []byte, plain bool, m *Memory) (string, bool) {
	text := raw[1 : len(raw)-1]
	if plain {
		return m.text(text), true
	}
	if utf8.Valid(text) {
		if text, ok := m.unescape(text); ok {
			return m.text(text), true
		}
	}
	var s string // of other escapes; and of foreign bytes, which become U+FFFD
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// unescape returns text with the usual escapes resolved, false if there are
// others. It is valid until the next call.
func (m *Memory) unescape(text []byte) ([]byte, bool) {
	i := bytes.IndexByte(text, '\\')
	if i < 0 {
		return text, true
	}
	if m == nil {
		return nil, false
	}
	b := m.unescaped[:0]
	for ; i >= 0; i = bytes.IndexByte(text, '\\') {
		b = append(b, text[:i]...)
		switch c := text[i+1]; c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		default:
			return nil, false
		}
		text = text[i+2:]
	}
	m.unescaped = append(b, text...)
	return m.unescaped, true
}

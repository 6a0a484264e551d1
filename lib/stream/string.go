package stream

import (
	"math/bits"
	"unicode/utf8"
)

// AppendString appends a string as AppendJSON does: control characters, U+2028
// and U+2029 are escaped, and each byte that is no UTF-8 becomes \ufffd.
func AppendString(b []byte, s string) []byte {
	i := oddFrom(s, 0)
	b = append(append(b, '"'), s[:i]...)
	start := i // of what is not appended yet
	for ; i < len(s); i = oddFrom(s, i) {
		r, size := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && size == 1
		if r >= 0xa0 && r != '\u2028' && r != '\u2029' && !broken {
			i += size
			continue
		}
		b = appendEscape(append(b, s[start:i]...), r)
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

const hex = "0123456789abcdef"

// appendEscape appends a character of one UTF-16 unit, escaped.
func appendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// oddFrom returns the index of the first byte of s from i on that is no printable
// ASCII or has to be escaped. It looks at eight at once. In each sum the highest
// bit of a byte is 1 if it is below a space, a quote, a backslash, U+007F, or no
// ASCII; what that borrows from the bytes behind it is of no matter.
func oddFrom(s string, i int) int {
	const ones = 0x0101010101010101
	for ; i+8 <= len(s); i += 8 {
		e := s[i : i+8]
		w := uint64(e[0]) | uint64(e[1])<<8 | uint64(e[2])<<16 | uint64(e[3])<<24 |
			uint64(e[4])<<32 | uint64(e[5])<<40 | uint64(e[6])<<48 | uint64(e[7])<<56
		odd := (w - ' '*ones) | (w ^ '"'*ones - ones) | (w ^ '\\'*ones - ones) | (w ^ 0x7f*ones - ones) | w
		if odd &= 0x80 * ones; odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

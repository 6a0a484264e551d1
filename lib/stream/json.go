package stream

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// AppendJSON appends v as one line of JSON without its newline, every control
// character escaped. It fails on NaN and infinities.
func AppendJSON(b []byte, v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return b, err
	}
	return AppendEscaped(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})), nil
}

// AppendEscaped appends valid JSON with U+007F to U+009F escaped, which
// encoding/json leaves as they are: terminals obey some of them.
func AppendEscaped(b, line []byte) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i := 0; i < len(line); i++ {
		c, size := line[i], 1
		if c == 0xc2 && i+1 < len(line) && line[i+1] < 0xa0 {
			c, size = line[i+1], 2
		} else if c != 0x7f {
			continue
		}
		b = append(b, line[start:i]...)
		b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		i += size - 1
		start = i + 1
	}
	return append(b, line[start:]...)
}

// Type returns the value of the "type" key of a JSON object, "" if it has
// none. It looks at top-level keys only and does not validate the rest.
func Type(line []byte) string { return topString(line, "type") }

// topString returns the string value of a top-level key of an object.
func topString(line []byte, key string) string {
	if !bytes.Contains(line, []byte(`"`+key+`"`)) {
		return ""
	}
	depth, isKey, last := 0, false, ""
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '{', '[':
			depth++
			isKey = c == '{' && depth == 1
		case '}', ']':
			depth--
		case ',':
			if depth == 1 {
				isKey, last = true, ""
			}
		case ':':
			isKey = false
		case '"':
			end := stringEnd(line, i)
			if end < 0 {
				return ""
			}
			if depth == 1 {
				s := string(line[i+1 : end])
				if isKey {
					last = s
				} else if last == key {
					return s
				}
			}
			i = end
		}
	}
	return ""
}

// stringEnd returns the index of the quote that closes the string opened at i.
func stringEnd(line []byte, i int) int {
	for j := i + 1; j < len(line); j++ {
		switch line[j] {
		case '\\':
			j++
		case '"':
			return j
		}
	}
	return -1
}

// Clip cuts s to n bytes, keeping head and tail, with a note of what is gone
// in between: the rule for arguments, tool results and error texts.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head, tail := n/2, len(s)-(n-n/2)
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + "…[" + itoa(tail-head) + " bytes cut]…" + s[tail:]
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

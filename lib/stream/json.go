package stream

import (
	"bytes"
	"encoding/json"
	"strconv"
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
// encoding/json leaves as they are: terminals obey some of them. Bytes that are
// no UTF-8 become U+FFFD.
func AppendEscaped(b, line []byte) []byte {
	if !utf8.Valid(line) {
		line = []byte(string([]rune(string(line)))) // each bad byte is one U+FFFD, as in encoding/json
	}
	start := 0
	for i := 0; i < len(line); i++ {
		c, size := line[i], 1
		if c == 0xc2 && line[i+1] < 0xa0 {
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
// none. It reads no further than that, so the line may be torn behind it.
func Type(line []byte) string { return topString(line, "type") }

// topString returns the string value of a top-level key of an object.
func topString(line []byte, key string) string { return (*Memory)(nil).topString(line, key) }

func (m *Memory) topString(line []byte, key string) (value string) {
	if !bytes.Contains(line, []byte(key)) && bytes.IndexByte(line, '\\') < 0 {
		return ""
	}
	s := m.Scan(line)
	for s.Next() {
		if string(s.Key()) == key {
			s.Text(&value)
			return value
		}
		s.Skip()
	}
	return ""
}

// Clip cuts s to n bytes, keeping head and tail, with a note of what is gone
// in between: the rule for arguments, tool results and error texts.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head, tail := n/2, len(s)-(n-n/2)
	for i := 1; i < utf8.UTFMax && head > 0 && !utf8.RuneStart(s[head]); i++ {
		head--
	}
	for i := 1; i < utf8.UTFMax && tail < len(s) && !utf8.RuneStart(s[tail]); i++ {
		tail++
	}
	return s[:head] + "…[" + strconv.Itoa(tail-head) + " bytes cut]…" + s[tail:]
}

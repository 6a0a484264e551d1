package stream

import (
	"bytes"
	"encoding/json"
	"io"
)

// cut reports whether a line is the beginning of a JSON object whose rest was
// never written. A machine that crashes may leave zero bytes behind it.
func cut(line []byte) bool {
	line = bytes.TrimRight(line, "\x00")
	if len(line) == 0 {
		return true
	}
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(line)).Decode(&value)
	return line[0] == '{' && err == io.ErrUnexpectedEOF
}

var headerWord = []byte(`"header"`)

// gluedHeader finds the header line that a producer wrote behind a torn line
// without a newline, as `cat` leaves it: the tail of line, nil if there is none.
func gluedHeader(line []byte) []byte {
	if !bytes.Contains(line, headerWord) { // several times as fast as LastIndex
		return nil
	}
	rest := line
	for range 16 { // a tail that is JSON is close to the end, or not there
		i := bytes.LastIndex(rest, headerWord)
		if i < 0 {
			return nil
		}
		rest = line[:i]
		if at := objectBefore(rest); at > 0 && json.Valid(line[at:]) && !json.Valid(line) {
			return line[at:]
		}
	}
	return nil
}

// objectBefore returns the index of the brace if b ends in `{"type":`, with any
// white space, else -1.
func objectBefore(b []byte) int {
	for _, token := range []string{`:`, `"type"`, `{`} {
		var ok bool
		if b, ok = bytes.CutSuffix(bytes.TrimRight(b, " \t"), []byte(token)); !ok {
			return -1
		}
	}
	return len(b)
}

package llm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// events reads server-sent events (WHATWG HTML, 9.2.6), of which every protocol
// here needs the data only: each event's type stands in its JSON too.
type events struct {
	lines *bufio.Reader
	data  []byte // of the event that is being read
	held  []byte // a line read too early
}

// next returns the data of the next event, valid until the one after it.
// io.ErrUnexpectedEOF: the last one is cut.
//
// It takes what some servers send against the rules: an event that is not
// followed by a blank line, an error as bare JSON.
func (e *events) next() ([]byte, error) {
	e.data, e.held = append(e.data[:0], e.held...), e.held[:0]
	for {
		line, err := e.line()
		if value, ok := dataOf(line); ok {
			if complete(e.data) {
				e.held = append(e.held, value...)
				return e.data, nil
			}
			if len(e.data) > 0 {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
		}
		switch {
		case err == nil && len(line) == 0 && len(e.data) > 0:
			return e.data, nil
		case err == nil:
		case err == io.EOF && complete(e.data):
			return e.data, nil
		case err == io.EOF && len(e.data) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// dataOf is the data on a line, if it holds any.
func dataOf(line []byte) ([]byte, bool) {
	if value, ok := bytes.CutPrefix(line, []byte("data:")); ok {
		return bytes.TrimPrefix(value, []byte(" ")), true
	}
	return line, len(line) > 0 && line[0] == '{'
}

// line reads a line without its end. It may come with an error, and be cut.
func (e *events) line() ([]byte, error) {
	line, err := e.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull { // the body's own limit is behind it
		long := bytes.Clone(line)
		line, err = e.lines.ReadBytes('\n')
		line = append(long, line...)
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// complete tells whether data is an event's whole data.
func complete(data []byte) bool { return isDone(data) || json.Valid(data) }

// isDone tells the mark that ends a stream of chat completions.
func isDone(data []byte) bool { return string(bytes.TrimSpace(data)) == "[DONE]" }

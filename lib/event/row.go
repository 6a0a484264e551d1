package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ipw/lib/stream"
)

// row is one time window of a table.
type row struct {
	start, end int64 // Unix microseconds
	open       bool  // end is not known
	line       int
	query      string
	workload   string
	host       string
	metadata   json.RawMessage // an object, nil for none
}

// cell is one value of a row before it is known what it means.
type cell struct {
	name string
	role role
	text string
	raw  []byte // JSON of a cell that came as JSON, else nil
}

// rowOf makes a row of its cells. ok is false for one that never started.
func rowOf(cells []cell, loc *time.Location) (w row, ok bool, err error) {
	start, end := "", ""
	for i := range cells {
		c := &cells[i]
		switch c.role {
		case startColumn:
			start, err = c.value()
		case endColumn:
			end, err = c.value()
		case idColumn:
			w.query, err = c.value()
		case typeColumn:
			w.workload, err = c.value()
		case hostColumn:
			w.host, err = c.value()
		case metadata:
			w.metadata = c.appendTo(w.metadata)
		}
		if err != nil {
			return w, false, err
		}
	}
	if w.metadata != nil {
		w.metadata = append(w.metadata, '}')
	}
	if missing(start) {
		return w, false, nil
	}
	if w.start, err = when(start, loc); err != nil {
		return w, false, fmt.Errorf("start %w", err)
	}
	if w.open = missing(end); w.open {
		return w, true, nil
	}
	if w.end, err = when(end, loc); err != nil {
		return w, false, fmt.Errorf("end %w", err)
	}
	if w.end < w.start {
		return w, false, fmt.Errorf("ends before it starts: %s, %s", start, end)
	}
	return w, true, nil
}

// value is the text of a cell that must be a string or a number.
func (c *cell) value() (string, error) {
	switch {
	case c.raw == nil:
		return strings.TrimSpace(c.text), nil
	case c.raw[0] == '"':
		var text string
		err := json.Unmarshal(c.raw, &text)
		return strings.TrimSpace(text), err
	case string(c.raw) == "null":
		return "", nil
	case c.raw[0] == '{' || c.raw[0] == '[':
		return "", fmt.Errorf("field %q is neither a string nor a number", c.name)
	}
	return string(c.raw), nil
}

// appendTo adds a cell to an object without its closing brace. An empty cell is
// missing.
func (c *cell) appendTo(b []byte) []byte {
	raw := c.raw
	if raw == nil {
		raw = literal(strings.TrimSpace(c.text))
	}
	if len(raw) == 0 || string(raw) == "null" {
		return b
	}
	if b == nil {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	b, _ = stream.AppendJSON(b, c.name)
	return append(append(b, ':'), raw...)
}

// literal writes a cell's text as JSON: as a number if it is a plain one that a
// double holds, so 007 and long ids stay strings.
func literal(text string) []byte {
	if text == "" {
		return nil
	}
	s := stream.Scan([]byte(text))
	if raw := s.Number(); len(raw) == len(text) && len(text) <= 15 && !strings.ContainsAny(text, "eE") && text != "-0" {
		return raw
	}
	b, _ := stream.AppendJSON(nil, text)
	return b
}

// cellsOfJSON reads a row of JSON.
func cellsOfJSON(line []byte, cells []cell) ([]cell, error) {
	n := len(cells)
	s := stream.Scan(line)
	var names []string
	for s.Next() {
		names = append(names, string(s.Key()))
		cells = append(cells, cell{raw: bytes.TrimSpace(s.Value())})
	}
	if err := s.Err(); err != nil {
		return cells[:n], err
	}
	c := name(0, names)
	for i := range names {
		cells[n+i].name, cells[n+i].role = c.names[i], c.role[i]
	}
	return cells, nil
}

package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"ipw/lib/stream"
)

// objects writes each row as a JSON object, its keys in the order of the
// columns.
type objects struct {
	w     io.Writer
	array bool // one array of them, else one a line
	keys  [][]byte
	rows  int
	line  []byte
}

func newJSON(w io.Writer, _ Options) Writer  { return &objects{w: w, array: true} }
func newLines(w io.Writer, _ Options) Writer { return &objects{w: w} }

// Begin makes the keys; a name that comes again gets _1, _2, …
func (o *objects) Begin(columns []Column) error {
	taken := make(map[string]bool)
	for _, c := range columns {
		name := c.Name
		for n := 1; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", c.Name, n)
		}
		taken[name] = true
		o.keys = append(o.keys, append(quoted(nil, name), ':'))
	}
	if o.array {
		_, err := io.WriteString(o.w, "[")
		return err
	}
	return nil
}

func (o *objects) Row(values []any) error {
	b := o.line[:0]
	if o.array && o.rows > 0 {
		b = append(b, ',')
	}
	if o.array {
		b = append(b, '\n')
	}
	for i, v := range values {
		b = append(b, "{,"[min(i, 1)])
		b = appendJSON(append(b, o.keys[i]...), v)
	}
	b = append(b, '}')
	if !o.array {
		b = append(b, '\n')
	}
	o.rows++
	o.line = b
	_, err := o.w.Write(b)
	return err
}

func (o *objects) End() error {
	if !o.array {
		return nil
	}
	end := "\n]\n"
	if o.rows == 0 {
		end = "]\n"
	}
	_, err := io.WriteString(o.w, end)
	return err
}

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return quoted(b, v)
	case JSON:
		return stream.AppendEscaped(b, []byte(v))
	}
	return append(b, textOf(v, "null")...)
}

// quoted appends a JSON string.
func quoted(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return stream.AppendEscaped(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}))
}

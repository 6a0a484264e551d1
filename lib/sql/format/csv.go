package format

import (
	"io"
	"strings"
)

// csvWriter writes RFC 4180 with LF line ends. Null is an empty field, an empty
// string a quoted one.
type csvWriter struct {
	w     io.Writer
	clean func(string) string // for a terminal only: elsewhere CSV is data
	line  []byte
}

func newCSV(w io.Writer, o Options) Writer {
	if o.Width == 0 {
		o.Clean = func(s string) string { return s }
	}
	return &csvWriter{w: w, clean: o.Clean}
}

func (c *csvWriter) Begin(columns []Column) error {
	c.line = c.line[:0]
	for i, col := range columns {
		c.field(i, col.Name, false)
	}
	return c.end()
}

func (c *csvWriter) Row(values []any) error {
	c.line = c.line[:0]
	for i, v := range values {
		c.field(i, textOf(v, ""), v == nil)
	}
	return c.end()
}

func (c *csvWriter) field(i int, s string, null bool) {
	s = c.clean(s)
	if i > 0 {
		c.line = append(c.line, ',')
	}
	switch {
	case null:
	case s == "" || strings.ContainsAny(s, "\",\r\n"):
		c.line = append(c.line, '"')
		c.line = append(c.line, strings.ReplaceAll(s, `"`, `""`)...)
		c.line = append(c.line, '"')
	default:
		c.line = append(c.line, s...)
	}
}

func (c *csvWriter) end() error {
	if len(c.line) == 0 {
		c.line = append(c.line, `""`...) // a blank line would be no record
	}
	_, err := c.w.Write(append(c.line, '\n'))
	return err
}

func (c *csvWriter) End() error { return nil }

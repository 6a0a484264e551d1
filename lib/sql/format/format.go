// Package format prints the rows of a query: as an aligned table, CSV, JSON,
// JSON Lines or Markdown. Rows are printed as they come.
//
//	w, err := format.New("csv", os.Stdout, format.Options{})
//	w.Begin([]format.Column{{Name: "domain"}, {Name: "joules", Number: true}})
//	w.Row([]any{"gpu:0", format.Number("12.5")})
//	w.End()
package format

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Column is a column's name and how it is aligned.
type Column struct {
	Name   string
	Number bool
}

// Number is the text of a JSON number.
type Number string

// JSON is the text of a JSON value: a list or an object.
type JSON string

// Writer prints one result. A value is nil, a bool, a string, a Number or JSON.
type Writer interface {
	Begin([]Column) error
	Row([]any) error
	End() error
}

// Options are for people who look at the rows.
type Options struct {
	Clean func(string) string // makes control characters visible; nil leaves them
	Width int                 // the longest cell of a table on a terminal; 0: no terminal, any length
}

var makers = map[string]func(io.Writer, Options) Writer{
	"table":    newTable,
	"csv":      newCSV,
	"json":     newJSON,
	"jsonl":    newLines,
	"markdown": newMarkdown,
}

// Names lists the formats.
func Names() []string { return []string{"table", "csv", "json", "jsonl", "markdown"} }

// New makes the writer of a format.
func New(name string, w io.Writer, o Options) (Writer, error) {
	if !slices.Contains(Names(), name) {
		return nil, &UnknownError{name}
	}
	if o.Clean == nil {
		o.Clean = func(s string) string { return s }
	}
	return makers[name](w, o), nil
}

// UnknownError is a format that does not exist.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown format %q", e.Name) }

// Usage marks wrong usage.
func (e *UnknownError) Usage() bool { return true }

// Hint lists the formats.
func (e *UnknownError) Hint() string { return "formats: " + strings.Join(Names(), ", ") }

// textOf is a value as text, with null as given.
func textOf(v any, null string) string {
	switch v := v.(type) {
	case nil:
		return null
	case string:
		return v
	case Number:
		return string(v)
	case JSON:
		return string(v)
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return fmt.Sprint(v)
}

// Package export gathers what an exported data set has in each row; the
// packages below it write one format each.
//
//	set, err := source.Open([]string{"runs/run_react_m_demo"}, nil)
//	err = hf.Create("dataset", export.Rows(ctx, set, problems), hf.Options{})
//
// A row is one query: the columns of lib/column, then gpu_name and config of the
// run directory it comes from, and the trace itself as JSON.
package export

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"ipw/lib/column"
	"ipw/lib/source"
	"ipw/lib/stream"
)

// Row is one query's values, one per column of Columns.
type Row struct {
	Values []any
	Size   int // length of the trace's text, about what the row takes
}

// Columns lists the columns of every data set.
func Columns() []column.Column {
	text := column.Type{Kind: column.String}
	return append(slices.Clone(column.Trace()),
		column.Column{Name: "gpu_name", Type: text},
		column.Column{Name: "config", Type: text},
		column.Column{Name: "trace_json", Type: text})
}

// Rows yields the valid traces of a set as rows, until ctx ends.
func Rows(ctx context.Context, set *source.Set, problems *stream.Problems) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		runs := make(map[*source.Source][]any)
		for t, err := range set.Traces(problems) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			run, known := runs[t.Source]
			if !known {
				run = OfRun(t.Source, problems)
				runs[t.Source] = run
			}
			if !yield(Row{Values(t, run), len(t.Line)}, nil) {
				return
			}
		}
	}
}

// Values returns a trace's values, one per column of Columns; run is what OfRun
// tells of its run.
func Values(t source.Trace, run []any) []any {
	values := append(column.TraceValues(t.QueryTrace), run...)
	return append(values, strings.ToValidUTF8(string(t.Line), "\uFFFD"))
}

// OfRun returns gpu_name and config of a run directory; null for a bare file,
// and with a warning for a stream that cannot be read: the traces are there.
func OfRun(src *source.Source, problems *stream.Problems) []any {
	run := []any{nil, nil}
	if src.Dir == "" {
		return run
	}
	for i, get := range []func() (*string, error){src.GPUName, src.Config} {
		s, err := get()
		if err != nil {
			problems.Warn("%v: %s stays null", err, []string{"gpu_name", "config"}[i])
		} else if s != nil {
			run[i] = *s
		}
	}
	return run
}

// Formats, and those that are named but not built yet.
var (
	formats = []string{"hf"}
	later   = []string{"parquet", "csv", "otlp", "perfetto", "atif"}
)

// CheckFormat tells whether a format can be written.
func CheckFormat(name string) error {
	switch {
	case slices.Contains(formats, name):
		return nil
	case slices.Contains(later, name):
		return &FormatError{fmt.Sprintf("format %q is not built yet", name)}
	}
	return &FormatError{fmt.Sprintf("unknown format %q", name)}
}

// FormatError is a format that cannot be written.
type FormatError struct{ text string }

func (e *FormatError) Error() string { return e.text }

// Usage marks wrong usage.
func (e *FormatError) Usage() bool { return true }

// Hint lists the formats.
func (e *FormatError) Hint() string {
	return "formats: " + strings.Join(formats, ", ") + "; not built yet: " + strings.Join(later, ", ")
}

package column

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/unit"
)

// layout collects either the columns of a row or its values: both come from the
// same walk, so they cannot fall apart.
type layout struct {
	naming  bool
	columns []Column // if naming
	values  []any    // if not
}

// Types of plain values.
var (
	text   = Type{Kind: String}
	whole  = Type{Kind: Int}
	number = Type{Kind: Float}
	yesNo  = Type{Kind: Bool}
	texts  = ListOf(text)
)

// add adds a column; its name is the parts put together.
func (l *layout) add(t Type, v any, name ...string) {
	if l.naming {
		l.columns = append(l.columns, Column{strings.Join(name, ""), t})
	} else {
		l.values = append(l.values, v)
	}
}

// columnsOf returns the columns that a walk adds.
func columnsOf(walk func(*layout)) []Column {
	l := layout{naming: true}
	walk(&l)
	return l.columns
}

// valuesOf returns the values that a walk adds, n of them.
func valuesOf(n int, walk func(*layout)) []any {
	l := layout{values: make([]any, 0, n)}
	walk(&l)
	return l.values
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// joules is the float nearest to what the trace says; dividing the nanojoules
// would round twice past 9 MJ.
func joules(j *unit.Joules) any {
	switch {
	case j == nil:
		return nil
	case -1<<53 < *j && *j < 1<<53:
		return j.Float()
	}
	f, _ := strconv.ParseFloat(j.String(), 64) // a Joules always prints as a number in range
	return f
}

// jsonText is an object of a trace as text. A file may hold bytes that are no
// UTF-8, which neither Arrow nor DuckDB takes.
func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// orNull is nil for a text that a trace leaves empty.
func orNull(s string) any { return orMissing(s, s != "") }

func orMissing(s string, ok bool) any {
	if !ok {
		return nil
	}
	return s
}

// list maps a slice; an empty one is an empty list, as in the trace.
func list[T any](s []T, value func(*T) any) []any {
	out := make([]any, len(s))
	for i := range s {
		out[i] = value(&s[i])
	}
	return out
}

func entries[V any](m map[string]V, value func(V) any) []Entry {
	out := make([]Entry, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Entry{k, value(m[k])})
	}
	return out
}

//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"slices"

	"ipw/lib/column"
	"ipw/lib/export"
	"ipw/lib/source"
	"ipw/lib/trace"
)

func text(name string) column.Column {
	return column.Column{Name: name, Type: column.Type{Kind: column.String}}
}
func whole(name string) column.Column {
	return column.Column{Name: name, Type: column.Type{Kind: column.Int}}
}
func number(name string) column.Column {
	return column.Column{Name: name, Type: column.Type{Kind: column.Float}}
}
func yesNo(name string) column.Column {
	return column.Column{Name: name, Type: column.Type{Kind: column.Bool}}
}

// without drops a column and tells where it was.
func without(columns []column.Column, name string) ([]column.Column, int) {
	at := slices.IndexFunc(columns, func(c column.Column) bool { return c.Name == name })
	return slices.Delete(slices.Clone(columns), at, at+1), at
}

// A row of traces is what an exported data set has, but for turns, which are a
// view; a row of turns what a turn has there, but for tools.
var (
	traceColumns, turnsAt = without(export.Columns(), "turns")
	turnColumns, toolsAt  = without(column.Turn(), "tools")
	runAt                 = slices.IndexFunc(traceColumns, func(c column.Column) bool { return c.Name == "run" })
	queryKey              = []column.Column{text("run"), text("query_id"), whole("attempt")}
)

var (
	tracesView = valuesView("traces", 4000, traceColumns, (*DB).traces)
	turnsView  = valuesView("turns", 800, slices.Concat(queryKey, turnColumns), (*DB).turns)
	toolsView  = valuesView("tools", 800, slices.Concat(queryKey, []column.Column{whole("turn_index"), whole("tool_index")}, column.Tool()), (*DB).tools)
)

// valuesBatch keeps few rows in memory: each may hold a whole conversation.
const valuesBatch = 128

// valuesView is a view whose rows are lists of values.
func valuesView(name string, width int64, columns []column.Column, read func(*DB, func([]any) bool) error) view {
	put := func(c *chunk, row int, values *[]any) { c.row(row, columns, *values) }
	return view{name: name, columns: columns, kind: source.Traces, width: width, scan: func(db *DB) scan {
		return start(db, valuesBatch, put, func(yield func([]any) bool) error { return read(db, yield) })
	}}
}

func (db *DB) traces(yield func([]any) bool) error {
	problems := db.problems()
	runs := make(map[*source.Source][]any)
	for t, err := range db.set.Traces(problems) {
		if err != nil {
			return err
		}
		run, known := runs[t.Source]
		if !known {
			run = export.OfRun(t.Source, problems)
			runs[t.Source] = run
		}
		t.Turns = nil // their values are most of the work and not wanted
		values := slices.Delete(export.Values(t, run), turnsAt, turnsAt+1)
		if values[runAt], err = runOf(t.Source, values[runAt]); err != nil {
			return err
		}
		if !yield(values) {
			return nil
		}
	}
	return nil
}

// runOf is the run a trace names, else its directory's.
func runOf(src *source.Source, named any) (any, error) {
	if named != nil && named != "" {
		return named, nil
	}
	run, err := src.Run()
	if err != nil || run == "" {
		return nil, err
	}
	return run, nil
}

// eachTurn calls each with every turn and the key of its query.
func (db *DB) eachTurn(each func(key []any, t *trace.TurnTrace) bool) error {
	for t, err := range db.set.Traces(db.problems()) {
		if err != nil {
			return err
		}
		var named any
		if t.Run != nil {
			named = *t.Run
		}
		run, err := runOf(t.Source, named)
		if err != nil {
			return err
		}
		for i := range t.Turns {
			if !each([]any{run, t.QueryID, int64(t.Attempt)}, &t.Turns[i]) {
				return nil
			}
		}
	}
	return nil
}

func (db *DB) turns(yield func([]any) bool) error {
	return db.eachTurn(func(key []any, t *trace.TurnTrace) bool {
		bare := *t
		bare.Tools = nil
		return yield(slices.Concat(key, slices.Delete(column.TurnValues(&bare), toolsAt, toolsAt+1)))
	})
}

func (db *DB) tools(yield func([]any) bool) error {
	return db.eachTurn(func(key []any, t *trace.TurnTrace) bool {
		for i := range t.Tools {
			call := []any{int64(t.TurnIndex), int64(i)}
			if !yield(slices.Concat(key, call, column.ToolValues(&t.Tools[i]))) {
				return false
			}
		}
		return true
	})
}

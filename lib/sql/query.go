//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"ipw/lib/sql/format"
)

// ErrNoSQL is returned for a query without a statement.
var ErrNoSQL = errors.New("no SQL")

// Error is what DuckDB says about a query, on one line.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// oneLine joins DuckDB's message and drops its picture of the place.
func oneLine(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	text, _, _ := strings.Cut(err.Error(), "\n\nLINE ")
	return &Error{strings.Join(strings.Fields(text), " ")}
}

// Query runs the statements of a text and writes the result of the last one.
// A statement without a result, as CREATE or COPY, writes nothing.
func (db *DB) Query(ctx context.Context, text string, w format.Writer) error {
	statements := Statements(text)
	if len(statements) == 0 {
		return ErrNoSQL
	}
	ctx, cancel := context.WithCancel(ctx)
	defer db.scans.Wait() // after cancel, which ends them
	defer cancel()
	db.mu.Lock()
	db.query, db.fail = ctx, nil
	db.mu.Unlock()
	err := db.conn.Raw(func(c any) error {
		conn := c.(*duckdb.Conn)
		last := len(statements) - 1
		for _, s := range statements[:last] {
			if _, err := conn.ExecContext(ctx, s, nil); err != nil {
				return oneLine(err)
			}
		}
		return run(ctx, conn, statements[last], w)
	})
	db.mu.Lock()
	defer db.mu.Unlock()
	if err != nil && db.fail != nil {
		return db.fail // a scan's error is why
	}
	return err
}

func run(ctx context.Context, conn *duckdb.Conn, statement string, w format.Writer) error {
	r, err := prepare(ctx, conn, statement)
	if err != nil {
		return oneLine(err)
	}
	defer r.stmt.Close()
	rows, err := r.stmt.QueryContext(ctx, nil)
	if err != nil {
		return oneLine(err)
	}
	defer rows.Close()
	if r.silent {
		return nil
	}
	if r.columns == nil { // known only now
		r.fromRows(rows)
	}
	return r.write(ctx, rows, w)
}

// write hands the rows on. The names of columns come with the first row, so
// that a statement that only does something prints nothing; a query prints them
// always.
func (r *result) write(ctx context.Context, rows driver.Rows, w format.Writer) error {
	values := make([]driver.Value, len(r.columns))
	out := make([]any, len(r.columns))
	for begun := false; ; {
		err := rows.Next(values)
		if (err == nil || err == io.EOF && r.kind == duckdb.STATEMENT_TYPE_SELECT) && !begun {
			begun = true
			if err := w.Begin(r.formats()); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && begun:
			return w.End()
		case err == io.EOF:
			return nil
		case err == nil:
			err = ctx.Err()
		}
		if err != nil {
			return oneLine(err)
		}
		for i, v := range values {
			out[i] = r.columns[i].value(v)
		}
		if err := r.writeRow(w, out); err != nil {
			return err
		}
	}
}

// writeRow writes a row, and the picture that EXPLAIN draws line by line.
func (r *result) writeRow(w format.Writer, out []any) error {
	picture, ok := out[len(out)-1].(string)
	if r.kind != duckdb.STATEMENT_TYPE_EXPLAIN || !ok {
		return w.Row(out)
	}
	for line := range strings.Lines(picture) {
		out[len(out)-1] = strings.TrimRight(line, "\n")
		if err := w.Row(out); err != nil {
			return err
		}
	}
	return nil
}

// result is a prepared statement and what its columns are.
type result struct {
	stmt    *duckdb.Stmt
	kind    duckdb.StmtType
	columns []resultColumn // nil if not known before it runs
	silent  bool           // its only result is a count of rows
}

type resultColumn struct {
	name string
	as   shape
}

func (r *result) formats() []format.Column {
	out := make([]format.Column, len(r.columns))
	for i, c := range r.columns {
		out[i] = format.Column{Name: c.name, Number: c.as == plainNumber || c.as == textNumber}
	}
	return out
}

// prepare prepares a statement. Columns whose values Go would have to spell
// (times, decimals, lists, …) are spelled by DuckDB itself: the query becomes a
// subquery of one that casts them to text.
func prepare(ctx context.Context, conn *duckdb.Conn, statement string) (*result, error) {
	r := new(result)
	if err := r.prepare(ctx, conn, statement); err != nil {
		return nil, err
	}
	if r.kind != duckdb.STATEMENT_TYPE_SELECT {
		r.silent = len(r.columns) == 1 && r.columns[0].name == "Count"
		return r, nil
	}
	if wrapped := r.wrap(statement); wrapped != "" {
		again := new(result)
		if again.prepare(ctx, conn, wrapped) == nil {
			again.columns = r.columns
			return again, r.stmt.Close()
		}
	}
	return r, nil
}

func (r *result) prepare(ctx context.Context, conn *duckdb.Conn, statement string) error {
	s, err := conn.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	r.stmt = s.(*duckdb.Stmt)
	if r.kind, err = r.stmt.StatementType(); err != nil {
		return err
	}
	n, err := r.stmt.ColumnCount()
	if err != nil {
		return err
	}
	for i := range n {
		name, err := r.stmt.ColumnName(i)
		if err != nil {
			return err
		}
		info, err := r.stmt.ColumnTypeInfo(i)
		if err != nil { // a type only running it tells
			r.columns = nil
			return nil
		}
		r.columns = append(r.columns, resultColumn{name, shapeOf(info)})
	}
	return nil
}

// wrap makes the query that casts, "" if nothing is to be cast.
func (r *result) wrap(statement string) string {
	var casts, names []string
	need := false
	for i, c := range r.columns {
		name := fmt.Sprintf("c%d", i)
		names = append(names, name)
		switch c.as {
		case textNumber, plainText:
			casts, need = append(casts, "CAST("+name+" AS VARCHAR)"), true
		case nested:
			casts, need = append(casts, "CAST(to_json("+name+") AS VARCHAR)"), true
		default:
			casts = append(casts, name)
		}
	}
	if !need {
		return ""
	}
	return "SELECT " + strings.Join(casts, ", ") + " FROM (" + statement + "\n) AS result(" + strings.Join(names, ", ") + ")"
}

// fromRows names the columns of a statement that has run.
func (r *result) fromRows(rows driver.Rows) {
	for _, name := range rows.Columns() {
		r.columns = append(r.columns, resultColumn{name, anything})
	}
}

// Package sql answers SQL over run directories and streams, with DuckDB. It is
// the only importer of DuckDB; built without cgo it only says so.
//
//	db, err := sql.Open(ctx, set, sql.Config{})
//	err = db.Query(ctx, "SELECT query_id, query_energy_joules FROM traces", out)
//
// The views traces, turns, tools, events, power and runs have the same columns
// whatever the files hold. They keep nothing: a scan reads the files from their
// beginning, decodes only the columns that are asked for, and is over when the
// query needs no more. So a power stream may be longer than memory; a query
// that names a view twice reads its files twice.
//
// Joules are doubles here: DuckDB has no fixed-point type that prints well. One
// value is the nearest double to the file's; SUM over millions of rows differs
// from the exact sum in the last digits, which FSUM avoids.
package sql

import "errors"

// ErrNotBuiltIn is returned by Open in a build without cgo.
var ErrNotBuiltIn = errors.New("DuckDB is not built in")

// Config is how inputs are read.
type Config struct {
	Print   func(string) // prints what is wrong with an input; nil for none
	Strict  bool         // the first rejected line ends the query
	Partial bool         // incomplete segments are accepted
}

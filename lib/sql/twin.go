//go:build !cgo || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"context"

	"ipw/lib/source"
	"ipw/lib/sql/format"
)

// DB is a database over a set of sources; this build has none.
type DB struct{}

// Open fails: this build has no DuckDB.
func Open(context.Context, *source.Set, Config) (*DB, error) { return nil, ErrNotBuiltIn }

// Query is never called: there is no DB.
func (*DB) Query(context.Context, string, format.Writer) error { return ErrNotBuiltIn }

// Err is never called: there is no DB.
func (*DB) Err() error { return nil }

// Close is never called: there is no DB.
func (*DB) Close() error { return nil }

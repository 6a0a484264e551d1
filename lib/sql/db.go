//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2" // the SQL engine

	"ipw/lib/source"
	"ipw/lib/stream"
)

// DB is a private database in memory whose views read a set of sources.
type DB struct {
	set    *source.Set
	config Config
	pool   *sql.DB
	conn   *sql.Conn
	temp   string // where DuckDB puts what does not fit memory

	mu    sync.Mutex
	query context.Context // of the query that runs; ends its scans
	scans sync.WaitGroup
	fail  error // the first error of a scan
	read  []*stream.Problems
	seen  map[string]bool // problems that were printed
}

// Open makes the database. Nothing is read yet.
func Open(ctx context.Context, set *source.Set, config Config) (*DB, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	db := &DB{set: set, config: config, pool: sql.OpenDB(connector), seen: make(map[string]bool), query: ctx}
	if err := db.init(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) init(ctx context.Context) error {
	var err error
	if db.conn, err = db.pool.Conn(ctx); err != nil {
		return err
	}
	if db.temp, err = os.MkdirTemp("", "ipw-sql-*"); err != nil {
		return err
	}
	for _, set := range []string{
		"SET temp_directory = " + quote(db.temp),
		"SET TimeZone = 'UTC'",                     // so that a query prints the same everywhere
		"SET autoinstall_known_extensions = false", // nothing goes to the network unasked
	} {
		if _, err := db.conn.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	for _, v := range views {
		if err := db.register(ctx, v); err != nil {
			return fmt.Errorf("view %s: %w", v.name, err)
		}
	}
	return nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// problems makes the collector for one scan. What several scans of one file
// find is printed once.
func (db *DB) problems() *stream.Problems {
	p := &stream.Problems{Strict: db.config.Strict, Partial: db.config.Partial, Print: func(s string) {
		db.mu.Lock()
		again := db.seen[s]
		db.seen[s] = true
		db.mu.Unlock()
		if !again && db.config.Print != nil {
			db.config.Print(s)
		}
	}}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.read = append(db.read, p)
	return p
}

// failed keeps the first error of a scan: DuckDB would hand on its text only.
func (db *DB) failed(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.fail == nil && !errors.Is(err, context.Canceled) {
		db.fail = err
	}
}

// Err tells whether what the queries read was bad enough to fail: a line was
// rejected, or a segment incomplete and not accepted.
func (db *DB) Err() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, p := range db.read {
		if err := p.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the database and removes its temporary files.
func (db *DB) Close() error {
	var errs []error
	if db.conn != nil {
		errs = append(errs, db.conn.Close())
	}
	errs = append(errs, db.pool.Close())
	if db.temp != "" {
		errs = append(errs, os.RemoveAll(db.temp))
	}
	return errors.Join(errs...)
}

// context is the running query's: a scan ends with it.
func (db *DB) context() context.Context {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.query
}

//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"context"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"ipw/lib/column"
	"ipw/lib/source"
)

// view is one of the names a query can read from.
type view struct {
	name    string
	columns []column.Column
	scan    func(*DB) scan
	kind    source.Kind
	width   int64 // about how many bytes of a file one row takes
}

var views = []view{tracesView, turnsView, toolsView, eventsView, powerView, runsView}

// register makes a table function that reads the files, and the view on it.
func (db *DB) register(ctx context.Context, v view) error {
	t := table{db: db, view: v}
	for _, c := range v.columns {
		info, err := typeInfo(c.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		t.infos = append(t.infos, duckdb.ColumnInfo{Name: c.Name, T: info})
	}
	f := duckdb.ParallelChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ParallelChunkTableSource, error) { return &t, nil },
	}
	if err := duckdb.RegisterTableUDF(db.conn, "ipw_"+v.name, f); err != nil {
		return err
	}
	_, err := db.conn.ExecContext(ctx, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM ipw_%[1]s()", v.name))
	return err
}

// table is a view as DuckDB asks for it. Its methods may be called by several
// threads; each scan is read by one, so that rows keep their order.
type table struct {
	db    *DB
	view  view
	infos []duckdb.ColumnInfo
}

func (t *table) ColumnInfos() []duckdb.ColumnInfo { return t.infos }

// Cardinality estimates the rows from the files' lengths, so that joins hash
// the smaller side. It does not touch stdin.
func (t *table) Cardinality() *duckdb.CardinalityInfo {
	if t.view.kind == source.Unknown {
		return nil
	}
	var bytes int64
	for _, src := range t.db.set.Sources {
		if src.Dir == "" {
			continue
		}
		files, err := src.Files(t.view.kind)
		if err != nil {
			return nil
		}
		for _, f := range files {
			bytes += f.Size()
		}
	}
	if bytes == 0 {
		return nil
	}
	return &duckdb.CardinalityInfo{Cardinality: uint(bytes/t.view.width + 1)}
}

func (t *table) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: 1}
}

// NewLocalState begins a scan.
func (t *table) NewLocalState() any { return t.view.scan(t.db) }

// FillChunk writes the next rows of a scan.
func (t *table) FillChunk(state any, data duckdb.DataChunk) error {
	c := newChunk(data, len(t.infos))
	n, err := state.(scan).fill(c)
	if err != nil {
		t.db.failed(err)
		return err
	}
	return data.SetSize(n)
}

// scan is one reading of a view's rows.
type scan interface {
	fill(c *chunk) (rows int, err error) // no rows: the end
}

// chunkRows is how many rows DuckDB takes at once.
const chunkRows = 2048

// pipe is a scan whose rows come from a goroutine, so that decoding and
// querying use two processors.
type pipe[R any] struct {
	batches chan []R
	spent   chan []R // batches to be used again
	err     error    // why the batches ended, nil for the end; set before batches is closed
	batch   []R
	put     func(*chunk, int, *R)
}

// start begins to read, in batches of up to n rows. read yields rows until
// yield returns false.
func start[R any](db *DB, n int, put func(*chunk, int, *R), read func(yield func(R) bool) error) scan {
	ctx := db.context()
	s := &pipe[R]{batches: make(chan []R, 2), spent: make(chan []R, 4), put: put}
	db.scans.Go(func() {
		defer close(s.batches)
		batch := make([]R, 0, n)
		send := func() bool {
			select {
			case s.batches <- batch:
			case <-ctx.Done():
				return false
			}
			select {
			case batch = <-s.spent:
				batch = batch[:0]
			default:
				batch = make([]R, 0, n)
			}
			return true
		}
		err := read(func(r R) bool {
			batch = append(batch, r)
			return len(batch) < n || send()
		})
		if err == nil && ctx.Err() == nil {
			send()
		}
		s.err = err
	})
	return s
}

func (s *pipe[R]) fill(c *chunk) (int, error) {
	if s.batch != nil {
		select {
		case s.spent <- s.batch:
		default:
		}
		s.batch = nil
	}
	batch, ok := <-s.batches
	if !ok {
		return 0, s.err
	}
	for i := range batch {
		s.put(c, i, &batch[i])
	}
	s.batch = batch
	return len(batch), c.err
}

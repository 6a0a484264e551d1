package hf

import (
	"bufio"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"        // schema and batches
	"github.com/apache/arrow-go/v18/arrow/array"  // builds batches
	"github.com/apache/arrow-go/v18/arrow/ipc"    // the stream format that datasets maps into memory
	"github.com/apache/arrow-go/v18/arrow/memory" // the allocator

	"ipw/lib/column"
	"ipw/lib/export"
)

// A batch is what is in memory at once: as many rows as `datasets` writes in
// one, fewer if their traces are long.
const (
	batchRows  = 1000
	batchBytes = 8 << 20
)

// shards writes rows into one file after another within dir.
type shards struct {
	dir     string
	columns []column.Column
	schema  *arrow.Schema
	sum     hash.Hash // over all shards
	names   []string  // of the files, for now
	open    *shard    // nil before the first and between two
}

// shard is the file being written.
type shard struct {
	file    *os.File
	buf     *bufio.Writer
	count   *counter
	ipc     *ipc.Writer
	builder *array.RecordBuilder
	rows    int // in all
	pending int // in the batch
	bytes   int // of the batch
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// begin starts the next file.
func (s *shards) begin() error {
	name := tempName(len(s.names))
	f, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(f, 1<<20)
	count := &counter{w: io.MultiWriter(buf, s.sum)}
	s.names = append(s.names, name)
	s.open = &shard{file: f, buf: buf, count: count,
		ipc:     ipc.NewWriter(count, ipc.WithSchema(s.schema)),
		builder: array.NewRecordBuilder(memory.DefaultAllocator, s.schema)}
	return nil
}

func (s *shards) add(row export.Row) error {
	if s.open == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	w := s.open
	for i, c := range s.columns {
		appendValue(w.builder.Field(i), c.Type, row.Values[i])
	}
	w.rows++
	w.pending++
	w.bytes += row.Size
	if w.pending >= batchRows || w.bytes >= batchBytes {
		return w.flush()
	}
	return nil
}

// flush writes the pending rows as a batch.
func (w *shard) flush() error {
	if w.pending == 0 {
		return nil
	}
	batch := w.builder.NewRecordBatch()
	defer batch.Release()
	w.pending, w.bytes = 0, 0
	return w.ipc.Write(batch)
}

// end finishes the open file. A file without rows still has its schema.
func (s *shards) end() error {
	w := s.open
	if w == nil {
		return nil
	}
	s.open = nil
	defer w.file.Close()
	defer w.builder.Release()
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.ipc.Close(); err != nil {
		return err
	}
	if err := w.buf.Flush(); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.file.Close()
}

// abandon closes what is open; the caller removes the files.
func (s *shards) abandon() {
	if w := s.open; w != nil {
		w.builder.Release()
		w.file.Close()
	}
}

package stream

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Writer writes segments. Its methods may be called concurrently: one lock
// covers the making of a record and its writing, so that records stand in the
// order of their time stamps.
type Writer struct {
	mu      sync.Mutex
	w       *bufio.Writer
	z       flushCloser // the compressor, nil for none
	file    *os.File    // nil if not ours to close
	buf     []byte
	records int64
	open    bool
	lazy    bool // records stay in the buffer until Flush
	err     error
}

type flushCloser interface {
	io.WriteCloser
	Flush() error
}

// NewWriter writes to w. Every record is written at once, unless Lazy is called.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Lazy leaves records in the buffer until Flush: for producers of many.
func (w *Writer) Lazy() { w.lazy = true }

// Create opens path for a stream of this schema. "" and "-" are stdout; a name
// that ends in .gz or .zst is compressed. To an existing stream of the schema a
// new segment is appended, after a torn last line was cut off; any other file
// with something in it is refused.
func Create(path, schema string, stdout io.Writer) (*Writer, error) {
	if path == "" || path == "-" {
		return NewWriter(stdout), nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := prepareAppend(f, path, schema); err != nil {
		f.Close()
		return nil, err
	}
	w := &Writer{file: f}
	var out io.Writer = f
	switch {
	case strings.HasSuffix(path, ".gz"):
		w.z = gzip.NewWriter(f)
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, err
		}
		w.z = z
	}
	if w.z != nil {
		out = w.z
	}
	w.w = bufio.NewWriterSize(out, 64<<10)
	return w, nil
}

// prepareAppend leaves f at the place where a new segment may begin.
func prepareAppend(f *os.File, path, schema string) error {
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() || fi.Size() == 0 {
		return err
	}
	in := NewInput(path, f)
	got, err := in.Schema()
	if err != nil || got != schema {
		return &RefusedError{path, schema}
	}
	if head := make([]byte, 1); true {
		if _, err := f.ReadAt(head, 0); err != nil {
			return err
		}
		if head[0] == 0x1f || head[0] == 0x28 {
			return appendCompressed(f, path, schema)
		}
	}
	return cutTorn(f, fi.Size())
}

// appendCompressed appends behind whole compressed data only: behind a cut
// frame nothing could be read again.
func appendCompressed(f *os.File, path, schema string) error {
	in, err := Open(context.Background(), path, nil, false)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		if _, _, err := in.next(); err == io.EOF {
			break
		} else if err != nil && err != errLong {
			return fmt.Errorf("%s: compressed data is damaged, nothing can be appended: %w", path, err)
		}
	}
	_, err = f.Seek(0, io.SeekEnd)
	return err
}

// cutTorn removes a last line without newline if it is not JSON, else ends it.
func cutTorn(f *os.File, size int64) error {
	const chunk = 64 << 10
	var tail []byte
	start := size
	for start > 0 && bytes.IndexByte(tail, '\n') < 0 {
		n := min(chunk, start)
		start -= n
		b := make([]byte, n, int(n)+len(tail))
		if _, err := f.ReadAt(b, start); err != nil {
			return err
		}
		tail = append(b, tail...)
	}
	keep := start + int64(bytes.LastIndexByte(tail, '\n')+1)
	last := tail[keep-start:]
	switch {
	case len(last) == 0:
		_, err := f.Seek(0, io.SeekEnd)
		return err
	case json.Valid(last):
		_, err := f.WriteAt([]byte{'\n'}, size)
		if err == nil {
			_, err = f.Seek(0, io.SeekEnd)
		}
		return err
	}
	if err := f.Truncate(keep); err != nil {
		return err
	}
	_, err := f.Seek(keep, io.SeekStart)
	return err
}

// RefusedError says that a file holds something else.
type RefusedError struct{ Path, Schema string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: exists and is no %s stream, not written to", e.Path, e.Schema)
}

// Hint is what a user may type next.
func (e *RefusedError) Hint() string { return "name another file with -o" }

// Header begins a segment.
func (w *Writer) Header(h any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		return errors.New("stream: header within an open segment")
	}
	w.open, w.records = true, 0
	return w.json(h)
}

// Record writes v as one record.
func (w *Writer) Record(v any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.records++
	return w.json(v)
}

// Append lets f append one record, without newline, to a buffer: f is called
// under the writer's lock and may read the clock there.
func (w *Writer) Append(f func([]byte) ([]byte, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := f(w.buf[:0])
	if err != nil {
		return err
	}
	w.buf = b
	w.records++
	return w.write()
}

// End ends the segment, with extra fields if end is not nil: it is marshalled
// as an object and must not hold type, records or status.
func (w *Writer) End(status string, extra any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open {
		return w.err
	}
	w.open = false
	b := fmt.Appendf(w.buf[:0], `{"type":"end","records":%d,"status":%q`, w.records, status)
	if extra != nil {
		x, err := AppendJSON(nil, extra)
		if err != nil {
			return err
		}
		if len(x) > 2 {
			b = append(append(b, ','), x[1:len(x)-1]...)
		}
	}
	w.buf = append(b, '}')
	if err := w.write(); err != nil {
		return err
	}
	return w.flush()
}

// Records returns how many records the open segment has.
func (w *Writer) Records() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.records
}

func (w *Writer) json(v any) error {
	b, err := AppendJSON(w.buf[:0], v)
	if err != nil {
		return err
	}
	w.buf = b
	return w.write()
}

// write writes w.buf as a line.
func (w *Writer) write() error {
	if w.err != nil {
		return w.err
	}
	w.buf = append(w.buf, '\n')
	if _, w.err = w.w.Write(w.buf); w.err == nil && !w.lazy {
		return w.flush()
	}
	return w.err
}

// Flush hands everything written to the operating system.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err == nil && w.z != nil {
		w.err = w.z.Flush()
	}
	return w.err
}

// Close flushes and closes the file, if Create opened one. It does not end the
// segment: that is the producer's word.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.flush()
	if w.z != nil {
		err = errors.Join(err, w.z.Close())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}

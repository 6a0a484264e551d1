package stream

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Writer writes segments. Its methods may be called concurrently: one lock
// covers the making of a record and its writing, so that records stand in the
// order of their time stamps.
type Writer struct {
	mu      sync.Mutex
	w       *bufio.Writer
	out     *counted
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
func NewWriter(w io.Writer) *Writer {
	out := &counted{w: w}
	return &Writer{w: bufio.NewWriterSize(out, 64<<10), out: out}
}

func newWriter(w io.Writer, packed form) (*Writer, error) {
	writer := NewWriter(w)
	z, err := compressor(writer.out, packed)
	if err != nil {
		return nil, err
	}
	if z != nil {
		writer.z = z
		writer.w.Reset(z)
	}
	return writer, nil
}

// counted counts what is written through it.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Written is how many bytes were written to the file, or to stdout, since it was
// opened: after compression, as far as it was flushed then.
func (w *Writer) Written() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.z != nil {
		return w.out.n
	}
	return w.out.n + int64(w.w.Buffered())
}

// Lazy leaves records in the buffer until Flush: for producers of many.
func (w *Writer) Lazy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lazy = true
}

// Header begins a segment.
func (w *Writer) Header(h any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		return errors.New("stream: header within an open segment")
	}
	if err := w.json(h); err != nil {
		return err
	}
	w.open, w.records = true, 0
	return nil
}

// Record writes v as one record.
func (w *Writer) Record(v any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.json(v); err != nil {
		return err
	}
	w.records++
	return nil
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
	if err := w.write(); err != nil {
		return err
	}
	w.records++
	return nil
}

// End ends the segment, with extra fields if extra is not nil: it is marshalled
// as an object and must not hold type, records or status.
func (w *Writer) End(status string, extra any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open {
		return w.err
	}
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
	w.open = false
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
	if w.z != nil && err == nil {
		err = w.z.Close()
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
		w.file = nil
	}
	return err
}

package stream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip" // .gz; stays within the limits of a growing file, unlike a whole-file reader
	"github.com/klauspost/compress/zstd" // .zst, which the standard library lacks
)

// MaxLine is the largest line a reader takes.
const MaxLine = 64 << 20

// pollInterval is how often a followed file is looked at for growth. A finished
// query must appear within a second of its last sample; this is 4 % of that.
const pollInterval = 40 * time.Millisecond

// Input is one file or pipe, decompressed, read line by line.
type Input struct {
	Name   string // as reported in problems
	file   *os.File
	tail   *tail
	br     *bufio.Reader
	line   int    // lines read so far
	long   []byte // a line that did not fit br's buffer
	opened func() (*bufio.Reader, error)
}

// Open opens a file. "-" is stdin. A file to be followed may not exist yet, and
// is read until ctx ends or until nothing follows its last end record. Opening
// a compressed or followed file does not wait for its first byte.
func Open(ctx context.Context, name string, stdin io.Reader, follow bool) (*Input, error) {
	if name == "-" {
		return NewInput("stdin", stdin), nil
	}
	f, err := openFile(ctx, name, follow)
	if err != nil {
		return nil, err
	}
	in := NewInput(name, f)
	in.file = f
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: is a directory", name)
	} else if follow && err == nil && fi.Mode().IsRegular() {
		in.tail = &tail{ctx: ctx, r: f}
		in.reset(in.tail)
	}
	return in, nil
}

func openFile(ctx context.Context, name string, wait bool) (*os.File, error) {
	for {
		f, err := os.Open(name)
		if err == nil || !wait || !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pollInterval):
		}
	}
}

// NewInput reads r under a name.
func NewInput(name string, r io.Reader) *Input {
	in := &Input{Name: name}
	in.reset(r)
	return in
}

func (in *Input) reset(r io.Reader) {
	in.opened = func() (*bufio.Reader, error) { return decompress(r) }
}

func (in *Input) buffer() (*bufio.Reader, error) {
	if in.br == nil {
		br, err := in.opened()
		if err != nil {
			return nil, err
		}
		in.br = br
	}
	return in.br, nil
}

// decompress looks at the magic bytes.
func decompress(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 256<<10)
	head, _ := br.Peek(4)
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		br = bufio.NewReaderSize(z, 256<<10)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		br = bufio.NewReaderSize(z, 256<<10)
	}
	if bom, _ := br.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		br.Discard(3)
	}
	return br, nil
}

// Peek returns the first bytes of the input, at most n and at most up to the
// first newline with text before it, without consuming them.
func (in *Input) Peek(n int) ([]byte, error) {
	br, err := in.buffer()
	if err != nil {
		return nil, err
	}
	for want := 1; ; want++ {
		b, err := br.Peek(min(want, n))
		if err != nil || want >= n || want > 1 && b[len(b)-1] == '\n' && len(bytes.TrimSpace(b)) > 0 {
			return b, nil
		}
		if have := br.Buffered(); have > want { // look at all that is there before asking for more
			b, _ := br.Peek(min(have, n))
			if i := firstLine(b); i > 0 {
				return b[:i], nil
			}
			want = len(b)
		}
	}
}

// firstLine returns the length of b up to and with the newline that ends its
// first line with text in it, 0 if there is none.
func firstLine(b []byte) int {
	for i := 0; i < len(b); {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		if len(bytes.TrimSpace(b[i:i+n])) > 0 {
			return i + n + 1
		}
		i += n + 1
	}
	return 0
}

// Schema returns the schema that the input's first line announces, "" if that
// line is no header.
func (in *Input) Schema() (string, error) {
	b, err := in.Peek(1 << 20)
	if err != nil {
		return "", err
	}
	b = bytes.TrimSpace(b)
	if Type(b) != "header" {
		return "", nil
	}
	return topString(b, "schema"), nil
}

var errLong = fmt.Errorf("line longer than %d MiB", MaxLine>>20)

// next returns the next line with text in it, without its line end, valid
// until the next call. torn tells that it had no newline.
func (in *Input) next() (line []byte, torn bool, err error) {
	br, err := in.buffer()
	if err != nil {
		return nil, false, err
	}
	for {
		line, torn, err = in.readLine(br)
		if err != nil && err != errLong {
			return nil, false, err
		}
		in.line++
		if line = bytes.TrimSpace(line); len(line) > 0 || err != nil {
			return line, torn, err
		}
	}
}

func (in *Input) readLine(br *bufio.Reader) (line []byte, torn bool, err error) {
	line, err = br.ReadSlice('\n')
	if err == nil {
		return line, false, nil
	}
	in.long = append(in.long[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = br.ReadSlice('\n')
		if len(in.long) <= MaxLine { // past it, read on and forget
			in.long = append(in.long, line...)
		}
	}
	switch {
	case len(in.long) > MaxLine:
		in.long = nil
		return nil, false, errLong
	case err == nil:
		return in.long, false, nil
	case err == io.EOF && len(in.long) > 0:
		return in.long, true, nil
	}
	return nil, false, err
}

// over tells a followed file that its last segment has ended.
func (in *Input) over(yes bool) {
	if in.tail != nil {
		in.tail.over = yes
	}
}

func (in *Input) followed() bool { return in.tail != nil }

// Close closes the file behind the input.
func (in *Input) Close() error {
	if in.file != nil {
		return in.file.Close()
	}
	return nil
}

// tail reads a growing file: at its end it waits, until the context ends or,
// once the last segment has ended, not at all.
type tail struct {
	ctx  context.Context
	r    io.Reader
	over bool
}

func (t *tail) Read(p []byte) (int, error) {
	for {
		n, err := t.r.Read(p)
		if n > 0 || err != io.EOF || t.over {
			return n, err
		}
		select {
		case <-t.ctx.Done():
			return 0, io.EOF
		case <-time.After(pollInterval):
		}
	}
}

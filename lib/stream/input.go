package stream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// MaxLine is the largest line a reader takes, in bytes without its line end.
const MaxLine = 64 << 20

// Input is one file or pipe, decompressed, read line by line.
type Input struct {
	Name string // as reported in problems

	raw  io.Reader
	file *os.File      // nil if not ours to close
	read *os.File      // the same, for Progress; nil if it has no end yet
	tail *tail         // nil if not followed
	br   *bufio.Reader // nil before the first read
	line int           // lines read so far
	long []byte        // a line that did not fit br's buffer
}

// Open opens a file. "-" is stdin. A file to be followed may not exist yet, and
// is read until ctx ends or until nothing follows its last end record; if it is
// cut or replaced meanwhile, reading goes on in the new one. A pipe is read to
// its end either way. Opening does not wait for the first byte.
func Open(ctx context.Context, name string, stdin io.Reader, follow bool) (*Input, error) {
	if name == "-" {
		in := NewInput("stdin", stdin)
		if f, ok := stdin.(*os.File); ok && follow {
			in.follow(ctx, f, "")
		}
		return in, nil
	}
	f, err := openFile(ctx, name, follow)
	if err != nil {
		return nil, plainError(err)
	}
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: is a directory", name)
	}
	in := NewInput(name, f)
	in.file = f
	if follow {
		in.follow(ctx, f, name)
	} else {
		in.read = f
	}
	return in, nil
}

// Progress returns how many bytes of the file have been read, as they stand in
// it, and how many it has; zeros if nobody knows, as of a pipe. It may be called
// while another goroutine reads.
func (in *Input) Progress() (read, size int64) {
	if in.read == nil {
		return 0, 0
	}
	fi, err := os.Stat(in.Name)
	if err != nil || !fi.Mode().IsRegular() {
		return 0, 0
	}
	read, err = in.read.Seek(0, io.SeekCurrent)
	if err != nil { // it has been closed
		read = fi.Size()
	}
	return min(read, fi.Size()), fi.Size()
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

// plainError turns "open x: why" into "x: why".
func plainError(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// NewInput reads r under a name.
func NewInput(name string, r io.Reader) *Input { return &Input{Name: name, raw: r} }

func (in *Input) follow(ctx context.Context, f *os.File, path string) {
	if fi, err := f.Stat(); err == nil && fi.Mode().IsRegular() {
		in.tail = &tail{ctx: ctx, file: f, path: path}
		in.raw = in.tail
	}
}

// Unfollow makes a followed input end where the file ends now: for formats that
// do not say when they are complete.
func (in *Input) Unfollow() { in.over(true) }

func (in *Input) buffer() (*bufio.Reader, error) {
	if in.br == nil {
		br, err := decompress(in.raw)
		if err != nil {
			return nil, err
		}
		in.br = br
	}
	return in.br, nil
}

// Peek returns the first n bytes of the input, fewer if it has no more, without
// consuming them.
func (in *Input) Peek(n int) ([]byte, error) {
	br, err := in.buffer()
	if err != nil {
		return nil, err
	}
	b, err := br.Peek(n)
	if err == io.EOF || err == bufio.ErrBufferFull || err != nil && shortened(err) {
		err = nil
	}
	return b, err
}

// Begun returns what has come of the input, at least a byte unless it is empty,
// without consuming it and without waiting for more.
func (in *Input) Begun() ([]byte, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	return in.br.Peek(in.br.Buffered())
}

// Read reads the bytes of the input, decompressed, for formats that are not
// made of lines. Compressed data cut short is io.ErrUnexpectedEOF.
func (in *Input) Read(p []byte) (int, error) {
	br, err := in.buffer()
	if err != nil {
		return 0, err
	}
	n, err := br.Read(p)
	if err != nil && err != io.EOF && shortened(err) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// FirstLine returns the first line with text in it without consuming anything:
// as much of it as fits the buffer, nil if there is none.
func (in *Input) FirstLine() ([]byte, error) {
	br, err := in.buffer()
	if err != nil {
		return nil, err
	}
	for want := 1; ; want = br.Buffered() + 1 {
		_, err := br.Peek(want)
		b, _ := br.Peek(br.Buffered())
		if line, whole := firstLine(b); whole || err != nil {
			if err == io.EOF || err == bufio.ErrBufferFull || err != nil && shortened(err) {
				err = nil
			}
			return line, err
		}
	}
}

// firstLine returns the first line of b with text in it, and whether it ends.
func firstLine(b []byte) (line []byte, whole bool) {
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if line = trim(line); len(line) > 0 {
			return line, whole
		}
		b = rest
	}
	return nil, false
}

// Schema returns the schema that the input's first line announces, "" if that
// line is no header.
func (in *Input) Schema() (string, error) {
	line, err := in.FirstLine()
	if err != nil || Type(line) != "header" {
		return "", err
	}
	return topString(line, "schema"), nil
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
		if err != nil || len(trim(line)) > 0 {
			return line, torn, err
		}
	}
}

// readLine returns a line without its newline.
func (in *Input) readLine(br *bufio.Reader) (line []byte, torn bool, err error) {
	line, err = br.ReadSlice('\n')
	if err == nil {
		return line[:len(line)-1], false, nil
	}
	in.long = append(in.long[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = br.ReadSlice('\n')
		if len(in.long) <= MaxLine+len("\r\n") { // past it, read on and forget
			in.long = append(in.long, line...)
		}
	}
	if err != nil && err != io.EOF || len(in.long) == 0 {
		return nil, false, err
	}
	line, whole := bytes.CutSuffix(in.long, []byte{'\n'})
	if len(bytes.TrimSuffix(line, []byte{'\r'})) > MaxLine {
		in.long = nil
		return nil, false, errLong
	}
	return line, !whole, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// trim removes white space round a line of JSON, and a byte order mark before
// it: concatenated files may have one in their middle.
func trim(line []byte) []byte {
	if n := len(line); n > 0 && line[0] == '{' && line[n-1] == '}' {
		return line // nearly all
	}
	const space = " \t\r"
	return bytes.Trim(bytes.TrimPrefix(bytes.Trim(line, space), byteOrderMark), space)
}

// over tells a followed file that its last segment has ended.
func (in *Input) over(yes bool) {
	if in.tail != nil {
		in.tail.over = yes
	}
}

// stopped reports that a followed file may go on behind where reading ended.
func (in *Input) stopped() bool { return in.tail != nil && in.tail.stopped }

// waited reports that the file is followed, so that its producer may not have
// closed it yet.
func (in *Input) waited() bool {
	return in.tail != nil && (in.tail.over || in.tail.stopped || in.tail.moved != "")
}

// moved says what happened to a followed file that is not the one of its name
// any more, "" for nothing.
func (in *Input) moved() string {
	if in.tail == nil {
		return ""
	}
	return in.tail.moved
}

// Close closes the file behind the input.
func (in *Input) Close() error {
	if in.file == nil {
		return nil
	}
	f := in.file
	in.file = nil
	return f.Close()
}

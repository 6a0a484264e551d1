package stream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip" // .gz; stays within the limits of a growing file, unlike a whole-file reader
	"github.com/klauspost/compress/zstd" // .zst, which the standard library lacks
)

// form is how the bytes of a stream are packed.
type form int

const (
	plain form = iota
	gzipped
	zstandard
)

// Magic bytes: RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2, whose
// skippable frames pzstd puts first.
func formOf(head []byte) form {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstandard
	case len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18}):
		return zstandard
	}
	return plain
}

func formOfName(path string) form {
	switch {
	case strings.HasSuffix(path, ".gz"):
		return gzipped
	case strings.HasSuffix(path, ".zst"):
		return zstandard
	}
	return plain
}

const bufferSize = 256 << 10

// maxWindow bounds the memory of a zstd frame: 128 MiB, as the zstd command
// does without --long.
const maxWindow = 128 << 20

var errUTF16 = errors.New("this is UTF-16, a stream is UTF-8")

// decompress looks at the magic bytes of r.
func decompress(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, bufferSize)
	head, _ := br.Peek(4)
	switch formOf(head) {
	case gzipped:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, bufferSize), nil
	case zstandard:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, bufferSize), nil
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return nil, errUTF16
	}
	return br, nil
}

// shortened reports whether err says that compressed data ends too early.
func shortened(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected EOF")
}

// compressor wraps w, nil for plain.
func compressor(w io.Writer, f form) (flushCloser, error) {
	switch f {
	case gzipped:
		return gzip.NewWriter(w), nil
	case zstandard:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, nil
}

package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Output opens what -o names, replacing what was there; "" and "-" are stdout.
// Names that end in .gz or .zst are compressed. Close it once more than needed,
// if that is easier: only the first time counts.
func (c *Context) Output(path string) (io.WriteCloser, error) {
	if path == "" || path == "-" {
		return &output{Writer: c.Stdout}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(path, ".gz"):
		z := gzip.NewWriter(f)
		return &output{Writer: z, close: []io.Closer{z, f}}, nil
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, err
		}
		return &output{Writer: z, close: []io.Closer{z, f}}, nil
	}
	return &output{Writer: f, close: []io.Closer{f}}, nil
}

// SameFile reports whether two names are of one regular file, which opening for
// output would empty unread.
func SameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil || !x.Mode().IsRegular() {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

type output struct {
	io.Writer
	close []io.Closer
}

func (o *output) Close() error {
	var errs []error
	for _, c := range o.close {
		errs = append(errs, c.Close())
	}
	o.close = nil
	return errors.Join(errs...)
}

// WriteFile replaces a file by writing another and renaming it, so that a
// reader finds the old content or the new.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Create opens path for a stream of this schema. "" and "-" are stdout; a name
// that ends in .gz or .zst is compressed. To an existing stream of the schema a
// new segment is appended, packed as the file is, after a torn last line was cut
// off; any other file with something in it is refused.
func Create(path, schema string, stdout io.Writer) (*Writer, error) {
	if path == "" || path == "-" {
		return NewWriter(stdout), nil
	}
	packed := formOfName(path)
	switch fi, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, plainError(err)
	case fi.Mode().IsRegular() && fi.Size() > 0:
		if packed, err = mend(path, schema); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, plainError(err)
	}
	w, err := newWriter(f, packed)
	if err != nil {
		f.Close()
		return nil, err
	}
	w.file = f
	return w, nil
}

// mend makes a file ready for a new segment at its end, and tells how it is
// packed.
func mend(path, schema string) (form, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return plain, plainError(err)
	}
	defer f.Close()
	in := NewInput(path, f)
	line, err := in.FirstLine()
	if err != nil || !begins(line, schema) {
		return plain, &RefusedError{path, schema}
	}
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return plain, plainError(err)
	}
	if packed := formOf(head[:n]); packed != plain {
		return packed, mendPacked(path, packed)
	}
	return plain, plainError(cutTorn(f))
}

// begins reports whether line is a header of the schema, or one torn before it
// says its schema.
func begins(line []byte, schema string) bool {
	got := topString(line, "schema")
	return Type(line) == "header" && (got == schema || got == "" && cut(line))
}

// cutTorn removes a last line without newline if it is not JSON, else ends it.
func cutTorn(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	from, err := lastLine(f, size)
	if err != nil || from == size {
		return err
	}
	if size-from <= MaxLine {
		last := make([]byte, size-from)
		if _, err := f.ReadAt(last, from); err != nil {
			return err
		}
		if json.Valid(last) {
			_, err := f.WriteAt([]byte{'\n'}, size)
			return err
		}
	}
	return f.Truncate(from)
}

// lastLine returns where the text behind the last newline begins.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	b := make([]byte, 64<<10)
	for end := size; end > 0; {
		from := max(0, end-int64(len(b)))
		chunk := b[:end-from]
		if _, err := f.ReadAt(chunk, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(chunk, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// mendPacked puts compressed data in order whose producer was killed: behind a
// cut frame nothing could be read again, so every whole line is packed anew,
// beside the file, which then takes its place.
func mendPacked(path string, packed form) error {
	whole, err := copyLines(io.Discard, path)
	if err != nil || whole {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return plainError(err)
	}
	defer os.Remove(tmp.Name()) // nothing is left of it once it was renamed
	w, err := newWriter(tmp, packed)
	if err != nil {
		return err
	}
	w.file = tmp
	_, err = copyLines(w.w, path)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if fi, err := os.Stat(path); err == nil {
		_ = os.Chmod(tmp.Name(), fi.Mode().Perm())
	}
	return os.Rename(tmp.Name(), path)
}

// copyLines copies every line that can be read, and tells whether that is all
// there was: no line is torn and the compressed data has its end.
func copyLines(w io.Writer, path string) (whole bool, err error) {
	in, err := Open(context.Background(), path, nil, false)
	if err != nil {
		return false, err
	}
	defer in.Close()
	for {
		line, torn, err := in.next()
		switch {
		case err == errLong:
			continue
		case err == io.EOF:
			return true, nil
		case err != nil && shortened(err):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("%s: compressed data is damaged, nothing can be appended: %w", path, err)
		case torn && !json.Valid(line):
			return false, nil
		}
		if _, err := w.Write(append(line, '\n')); err != nil || torn {
			return false, err
		}
	}
}

// RefusedError says that a file holds something else.
type RefusedError struct{ Path, Schema string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: exists and is no %s stream, not written to", e.Path, e.Schema)
}

// Hint is what a user may type next.
func (e *RefusedError) Hint() string { return "name another file with -o" }

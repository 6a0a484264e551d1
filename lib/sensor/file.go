package sensor

import (
	"bytes"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix" // pread without a file object: no allocation, no poller
)

// Opener opens a file for reading.
type Opener func(path string) (fd int, err error)

// OpenFile is the real one. It does not wait for a writer where a pipe stands in
// the file's place.
func OpenFile(path string) (int, error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

// File is a kernel file that is read at every tick. It stays open: one pread
// each. A file that went away is looked for again, from time to time.
type File struct {
	path string
	find func() string // where the file is now; "" if nowhere
	open Opener
	fd   int // −1: lost
	err  error
	buf  []byte

	last   int64  // the count before
	before []byte // the bytes before
	retry  int64  // when to look for a lost file again
	looked int64  // when the path was last looked at
	asked  int64  // when the open file was last asked whether it is removed
}

const (
	retryUs = 100_000   // between attempts to open a file that is gone, and looks whether it is
	lookUs  = 1_000_000 // between looks whether the path still leads to the open file
)

// OpenAt opens the file at path, with open or, if that is nil, OpenFile.
func OpenAt(path string, open Opener) (*File, error) {
	return openAs(&File{path: path, open: open, buf: make([]byte, 32)})
}

// OpenFound opens the file that find names, of at most size bytes. find is
// asked again when the file went away: directories such as hwmon3 may come back
// under another number.
func OpenFound(find func() string, size int, open Opener) (*File, error) {
	return openAs(&File{path: find(), find: find, open: open, buf: make([]byte, size)})
}

func openAs(f *File) (*File, error) {
	f.last = -1
	if f.open == nil {
		f.open = OpenFile
	}
	if f.path == "" {
		return nil, fs.ErrNotExist
	}
	var err error
	f.fd, err = f.open(f.path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Path is where the file was found last.
func (f *File) Path() string { return f.path }

// Count reads the whole number in the file.
func (f *File) Count(now int64) (int64, error) {
	v, err := f.count(now)
	if (err != nil || v == f.last) && f.replaced(now) {
		f.drop(now, nil)
		v, err = f.count(now)
	}
	if err != nil {
		f.last = -1
		return 0, err
	}
	f.last = v
	return v, nil
}

func (f *File) count(now int64) (int64, error) {
	b, err := f.read(now)
	if err != nil {
		return 0, err
	}
	return ParseCount(b)
}

// Bytes reads the file, as much as fits. They are valid until the next call.
func (f *File) Bytes(now int64) ([]byte, error) {
	b, err := f.read(now)
	if (err != nil || bytes.Equal(b, f.before)) && f.replaced(now) {
		f.drop(now, nil)
		b, err = f.read(now)
	}
	f.before = append(f.before[:0], b...)
	return b, err
}

func (f *File) read(now int64) ([]byte, error) {
	if f.fd < 0 {
		if now < f.retry {
			return nil, f.err
		}
		if err := f.reopen(); err != nil {
			f.err, f.retry = err, now+retryUs
			return nil, err
		}
	}
	n, err := pread(f.fd, f.buf)
	switch err {
	case nil:
		return f.buf[:n], nil
	case unix.EPERM, unix.EACCES, unix.EBUSY, unix.EAGAIN, unix.ENODATA, unix.EIO, unix.ETIMEDOUT, unix.EOPNOTSUPP:
		return nil, err // its device does not answer, but it is still the right file
	}
	f.drop(now, err) // ENODEV: the device was removed
	return nil, err
}

func (f *File) reopen() error {
	if f.find != nil {
		if f.path = f.find(); f.path == "" {
			return fs.ErrNotExist
		}
	}
	fd, err := f.open(f.path)
	if err != nil {
		return err
	}
	f.fd = fd
	return nil
}

// replaced tells whether the open file is not the path's any more. In sysfs a
// removed file fails to be read; a plain file, as in a tree recorded elsewhere
// or rewritten by another tool, goes on giving what it held. So it is asked only
// where a value repeats or is none.
func (f *File) replaced(now int64) bool {
	if f.fd < 0 || now-f.asked < retryUs {
		return false
	}
	f.asked = now
	var open, path unix.Stat_t
	if fstat(f.fd, &open) != nil || open.Nlink == 0 {
		return true
	}
	if now-f.looked < lookUs { // this look wakes the runtime's watcher
		return false
	}
	f.looked = now
	return unix.Stat(f.path, &path) != nil || path.Ino != open.Ino || path.Dev != open.Dev
}

// drop gives the file up; it is opened again at once if there was no error.
func (f *File) drop(now int64, err error) {
	unix.Close(f.fd)
	f.fd, f.err, f.retry = -1, err, now
	if err != nil {
		f.retry = now + retryUs
	}
}

// Close closes the file; a nil file is closed.
func (f *File) Close() error {
	if f == nil || f.fd < 0 {
		return nil
	}
	err := unix.Close(f.fd)
	f.fd = -1
	return err
}

// ReadText returns what a kernel file says, without white space around it; ""
// if there is none. It says a page at most: sysfs(5).
func ReadText(path string) string {
	fd, err := OpenFile(path)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	page := make([]byte, 4096)
	n, err := pread(fd, page)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(page[:n]))
}

// ReadCount returns a file's whole number, 0 if there is none.
func ReadCount(path string) int64 {
	n, err := ParseCount([]byte(ReadText(path)))
	if err != nil {
		return 0
	}
	return n
}

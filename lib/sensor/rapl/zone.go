package rapl

import (
	"golang.org/x/sys/unix"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// zone reads one counter. Its file stays open: one pread a tick.
type zone struct {
	domain sensor.Domain
	path   string
	open   opener
	fd     int // −1: lost
	err    error
	retry  int64 // when to look for a lost file again
	last   int64 // the value before
	looked int64 // when the path was last looked at
	buf    [32]byte
}

const (
	retryUs = 100_000   // between attempts to open a file that is gone
	lookUs  = 1_000_000 // between looks whether the path still leads to the open file
)

func (z *zone) Domain() *sensor.Domain { return &z.domain }

func (z *zone) Read(now int64, _ bool, r *sensor.Reading) {
	v, err := z.read(now)
	if (err != nil || v == z.last) && z.replaced(now) {
		z.drop(now, nil)
		v, err = z.read(now)
	}
	if err != nil {
		r.JErr = err
		z.last = power.Null
		return
	}
	r.MicroJ, z.last = v, v
}

func (z *zone) read(now int64) (int64, error) {
	if z.fd < 0 {
		if now < z.retry {
			return 0, z.err
		}
		fd, err := z.open(z.path)
		if err != nil {
			z.err, z.retry = err, now+retryUs
			return 0, err
		}
		z.fd = fd
	}
	n, err := unix.Pread(z.fd, z.buf[:], 0)
	if err == unix.EINTR {
		n, err = unix.Pread(z.fd, z.buf[:], 0)
	}
	if err != nil { // ENODEV: the zone was removed
		z.drop(now, err)
		return 0, err
	}
	return sensor.ParseCount(z.buf[:n])
}

// replaced tells whether the open file is not the path's any more. In sysfs a
// removed file fails to be read; a plain file, as in a tree recorded elsewhere
// or rewritten by another tool, goes on giving what it held. So it is asked only
// where a value repeats or is none.
func (z *zone) replaced(now int64) bool {
	if z.fd < 0 {
		return false
	}
	var open, path unix.Stat_t
	if unix.Fstat(z.fd, &open) != nil || open.Nlink == 0 {
		return true
	}
	if now-z.looked < lookUs {
		return false
	}
	z.looked = now
	return unix.Stat(z.path, &path) != nil || path.Ino != open.Ino || path.Dev != open.Dev
}

// drop gives the file up; it is opened again at once if there was no error.
func (z *zone) drop(now int64, err error) {
	unix.Close(z.fd)
	z.fd, z.err, z.retry = -1, err, now
	if err != nil {
		z.retry = now + retryUs
	}
}

func (z *zone) Close() error {
	if z.fd < 0 {
		return nil
	}
	err := unix.Close(z.fd)
	z.fd = -1
	return err
}

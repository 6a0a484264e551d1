package perf

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openEvent opens an event of this machine, if root is its sysfs.
func openEvent(root string, kind uint32, config uint64, cpu int) (Event, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil || fs.Type != unix.SYSFS_MAGIC {
		return nil, errElsewhere
	}
	attr := unix.PerfEventAttr{Type: kind, Config: config, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{}))}
	const everyProcess, noGroup = -1, -1
	fd, err := unix.PerfEventOpen(&attr, everyProcess, cpu, noGroup, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &opened{fd: fd}, nil
}

// opened is an event's descriptor: a read gives its count.
type opened struct {
	fd  int
	buf [8]byte
}

func (o *opened) Count() (uint64, error) {
	n, err := unix.Read(o.fd, o.buf[:])
	if err == unix.EINTR {
		n, err = unix.Read(o.fd, o.buf[:])
	}
	if err != nil {
		return 0, err
	}
	return counted(o.buf[:n])
}

func (o *opened) Close() error { return unix.Close(o.fd) }

// errShort is a read that gave no count.
var errShort = errors.New("the event gave no count")

// counted reads a count. An event in an error state reads as end of file.
func counted(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, errShort
	}
	return binary.NativeEndian.Uint64(b), nil
}

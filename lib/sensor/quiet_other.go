//go:build !linux || (!amd64 && !arm64)

package sensor

import "golang.org/x/sys/unix"

func pread(fd int, b []byte) (int, error) {
	n, err := unix.Pread(fd, b, 0)
	if err == unix.EINTR {
		n, err = unix.Pread(fd, b, 0)
	}
	return n, err
}

func fstat(fd int, s *unix.Stat_t) error { return unix.Fstat(fd, s) }

package bwrap

import (
	"io/fs"
	"syscall"
)

// allocated is what a file takes on the disk, in bytes.
func allocated(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512 // the unit of st_blocks, whatever the file system's
	}
	return info.Size()
}

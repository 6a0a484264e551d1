package conform

import (
	"io/fs"
	"os"
	"syscall"
)

// owned is whether a file belongs to who runs the test.
func owned(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(s.Uid) == os.Getuid()
}

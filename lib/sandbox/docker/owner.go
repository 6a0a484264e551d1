package docker

import (
	"fmt"
	"os"
	"syscall"
)

// ownerOf is the user of a directory as a container is told, "" for root.
func ownerOf(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || s.Uid == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", s.Uid, s.Gid)
}

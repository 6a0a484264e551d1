//go:build unix && !linux

package run

import "syscall"

// rssBytes: macOS counts in bytes.
func rssBytes(u *syscall.Rusage) int64 { return u.Maxrss }

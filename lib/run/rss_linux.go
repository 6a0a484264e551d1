package run

import "syscall"

// rssBytes: Linux counts in KiB (getrusage(2)).
func rssBytes(u *syscall.Rusage) int64 { return u.Maxrss << 10 }

//go:build unix

package sampler

import "golang.org/x/sys/unix"

// cpuSeconds is the CPU time of this process so far (getrusage(2)).
func cpuSeconds() (float64, bool) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6, true
}

package clock

import (
	"time"

	"golang.org/x/sys/unix" // CLOCK_BOOTTIME, which time.Now does not read
)

var start = time.Now()

// monotonic reads CLOCK_BOOTTIME, which unlike CLOCK_MONOTONIC goes on while
// the machine sleeps (clock_gettime(2)).
func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Since(start).Microseconds()
	}
	return ts.Sec*1e6 + int64(ts.Nsec)/1e3
}

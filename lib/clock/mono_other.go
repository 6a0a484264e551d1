//go:build !linux

package clock

import "time"

var start = time.Now()

// monotonic counts from the start of the process: good for lengths, and no
// boot id goes with it, so nothing joins on it.
func monotonic() int64 { return time.Since(start).Microseconds() }

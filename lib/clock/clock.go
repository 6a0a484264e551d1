// Package clock stamps records: wall time for people and joins across hosts,
// boot time for lengths and joins within one boot.
package clock

import (
	"os"
	"strings"
	"time"
)

// Stamp is one moment on both clocks.
type Stamp struct {
	TUs int64 // Unix microseconds
	MUs int64 // microseconds of CLOCK_BOOTTIME, or of the system's monotonic clock
}

// A Clock tells the time.
type Clock func() Stamp

// System is the machine's own clock.
func System() Stamp { return Stamp{time.Now().UnixMicro(), monotonic()} }

// BootID identifies the boot whose monotonic clock System reads, "" if the
// system does not tell (Linux: proc(5), /proc/sys/kernel/random/boot_id).
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Host is the name that streams of this machine carry.
func Host() string {
	h, err := os.Hostname()
	if err != nil || h == "" {
		return "localhost"
	}
	return h
}

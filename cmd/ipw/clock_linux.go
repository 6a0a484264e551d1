package main

import (
	"fmt"

	"golang.org/x/sys/unix" // adjtimex(2), the kernel's own word on its clock
)

// staUnsync is STA_UNSYNC of adjtimex(2): nobody disciplines the clock.
const staUnsync = 0x0040

// clockState tells whether wall time can join streams of several hosts.
func clockState() string {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return "unknown: " + err.Error()
	}
	if t.Status&staUnsync != 0 {
		return "not synchronised: fine on one host, streams of several need chrony or --clock-offset"
	}
	return fmt.Sprintf("synchronised, error at most %.3g ms", float64(t.Maxerror)/1e3)
}

//go:build !linux

package sampler

import (
	"runtime"

	"ipw/lib/power"
)

// System describes this machine.
func System() *power.System {
	return &power.System{OS: runtime.GOOS, CPUs: runtime.NumCPU()}
}

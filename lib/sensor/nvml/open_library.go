//go:build cgo && linux

package nvml

import "ipw/lib/sensor"

// Open finds the GPUs, and what is to be said of how they are read. Its error is
// a *sensor.Unavailable.
func Open(o Options) (sensors []sensor.Sensor, remark string, err error) { return openLibrary(o) }

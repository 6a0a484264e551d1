//go:build !cgo || !linux

package nvml

import "ipw/lib/sensor"

// Via says how the GPUs are read, if that is worth a word.
const Via = "built without cgo: NVIDIA GPUs are read through nvidia-smi, watts only"

// Open finds the GPUs. Its error is a *sensor.Unavailable.
func Open(o Options) ([]sensor.Sensor, error) { return openSMI(o) }

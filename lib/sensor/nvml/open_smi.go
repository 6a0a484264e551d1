//go:build !cgo || !linux

package nvml

import "ipw/lib/sensor"

// via says how the GPUs are read.
const via = "built without cgo: NVIDIA GPUs are read through nvidia-smi, watts only"

// Open finds the GPUs, and what is to be said of how they are read. Its error is
// a *sensor.Unavailable.
func Open(o Options) (sensors []sensor.Sensor, remark string, err error) {
	sensors, remark, err = openSMI(o)
	if remark != "" {
		return sensors, via + "; " + remark, err
	}
	return sensors, via, err
}

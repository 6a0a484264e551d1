//go:build cgo && linux

package nvml

import (
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/power"
)

// bus is a GPU's address, in a form that sorts as CUDA's order does.
func (lib *library) bus(dev nvml.Device) string {
	if !lib.has("nvmlDeviceGetPciInfo_v3") {
		return ""
	}
	p, ret := dev.GetPciInfo()
	if ret != nvml.SUCCESS {
		return ""
	}
	return fmt.Sprintf("%08x:%02x:%02x", p.Domain, p.Bus, p.Device)
}

// mig lists the UUIDs of a GPU's MIG devices; none where it is not cut.
func (lib *library) mig(dev nvml.Device) (uuids []string) {
	if !lib.has("nvmlDeviceGetMigMode") || !lib.has("nvmlDeviceGetMigDeviceHandleByIndex") {
		return nil
	}
	mode, _, ret := dev.GetMigMode()
	if ret != nvml.SUCCESS || mode != nvml.DEVICE_MIG_ENABLE {
		return nil
	}
	n, ret := dev.GetMaxMigDeviceCount()
	if ret != nvml.SUCCESS {
		return nil
	}
	for i := range n {
		instance, ret := dev.GetMigDeviceHandleByIndex(i)
		if ret != nvml.SUCCESS {
			continue
		}
		if uuid, ret := instance.GetUUID(); ret == nvml.SUCCESS {
			uuids = append(uuids, uuid)
		}
	}
	return uuids
}

// clocks are a GPU's clocks now and at most, nil if it tells none.
func (lib *library) clocks(dev nvml.Device) *power.Clocks {
	mhz := func(v uint32, ret nvml.Return) int64 {
		if ret != nvml.SUCCESS || v > 100_000 {
			return 0
		}
		return int64(v)
	}
	var c power.Clocks
	if lib.has("nvmlDeviceGetClockInfo") {
		c.Graphics, c.Memory = mhz(dev.GetClockInfo(nvml.CLOCK_GRAPHICS)), mhz(dev.GetClockInfo(nvml.CLOCK_MEM))
	}
	if lib.has("nvmlDeviceGetMaxClockInfo") {
		c.MaxGraphics, c.MaxMemory = mhz(dev.GetMaxClockInfo(nvml.CLOCK_GRAPHICS)), mhz(dev.GetMaxClockInfo(nvml.CLOCK_MEM))
	}
	if c == (power.Clocks{}) {
		return nil
	}
	return &c
}

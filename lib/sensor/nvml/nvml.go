// Package nvml reads NVIDIA GPUs.
//
// With cgo it asks the driver's own library, libnvidia-ml.so.1, through
// NVIDIA's binding. Per GPU, in the library's order:
//
//   - the energy counter, millijoules since the driver was loaded (Volta and
//     newer); it begins again when the driver is loaded again
//   - power, and which power it is: field 186 is that of the moment, field 185
//     an average over one second; nvmlDeviceGetPowerUsage is one or the other,
//     by generation
//   - on modules such as Grace Hopper the power of the GPU's memory, a part of
//     it, and of the whole module, of kind board, by the same fields' scope
//   - utilisation, used memory and temperature, when full readings are asked for
//   - the processes that use it, when they have changed
//
// Under MIG all numbers are the whole GPU's: its instances have no power of
// their own.
//
// Which GPUs are recorded follows CUDA_VISIBLE_DEVICES, see visible.
//
// Without cgo it reads watts only, from one long-lived nvidia-smi. The domains'
// source, "nvidia-smi" instead of "nvml", tells.
package nvml

import (
	"time"

	"ipw/lib/power"
)

// Source is the name of the source, however it is read.
const Source = "nvml"

// Options say what to open. Their zero value is the machine's own.
type Options struct {
	Library  string                                     // file of the library; "" is libnvidia-ml.so.1, as the dynamic linker finds it
	Command  string                                     // instead of nvidia-smi
	Interval time.Duration                              // of the ticks to come; nvidia-smi prints at this pace, but not faster than it refreshes
	Now      func() int64                               // the clock of the ticks, microseconds
	Proc     string                                     // /proc, for the names of processes
	Env      func(name string) (value string, set bool) // nil: nothing is set
}

const (
	// updateUs is NVML's refresh period as measured by many: 20 to 100 ms,
	// depending on the GPU. NVIDIA documents none.
	updateUs = 100_000
	// windowUs is what averaged power is averaged over: "power averaged over
	// 1 sec interval" (nvml.h, NVML_FI_DEV_POWER_AVERAGE and
	// nvmlDeviceGetPowerUsage).
	windowUs = 1_000_000
)

// usagePower is what nvmlDeviceGetPowerUsage tells: "On Ampere (except GA100) or
// newer GPUs, the API returns power averaged over 1 sec interval. On GA100 and
// older architectures, instantaneous power is returned" (nvml.h). GA100 is
// compute capability 8.0, Ampere otherwise 8.6 and 8.7. An unknown generation is
// taken as a new one: the weaker claim.
func usagePower(major, minor int, known bool) string {
	if known && (major < 8 || major == 8 && minor == 0) {
		return power.Instant
	}
	return power.Averaged
}

// domain is a GPU's domain without what depends on how it is read.
func domain(id, source, name, uuid, driver string) power.Domain {
	return power.Domain{ID: "gpu:" + id, Kind: power.GPU, Source: source, Name: name, UUID: uuid, DriverVersion: driver}
}

// averaged marks a domain whose watts are the mean of the last second.
func averaged(d *power.Domain) { d.Power, d.PowerWindowUs = power.Averaged, windowUs }

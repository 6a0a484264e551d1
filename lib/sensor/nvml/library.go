//go:build cgo && linux

package nvml

import (
	"io/fs"
	"strconv"

	"github.com/NVIDIA/go-nvml/pkg/dl"
	"github.com/NVIDIA/go-nvml/pkg/nvml" // cgo: this package is one of the two leaves that may

	"ipw/lib/sensor"
)

// library is the loaded libnvidia-ml, shared by the GPUs.
type library struct {
	nvml.Interface
	open    int   // GPUs that hold it
	renewed int64 // when it was last initialised again
	people  *people
}

const defaultLibrary = "libnvidia-ml.so.1"

// openLibrary loads the library and lists its GPUs.
func openLibrary(o Options) ([]sensor.Sensor, string, error) {
	name := o.Library
	if name == "" {
		name = defaultLibrary
	}
	// The binding's calls are bound to the first library's addresses for good,
	// so it must never be unloaded: not even when NVML is shut down and
	// initialised again because the driver was.
	if err := dl.New(name, dl.RTLD_LAZY|dl.RTLD_GLOBAL|dl.RTLD_NODELETE).Open(); err != nil {
		return nil, "", &sensor.Unavailable{Source: Source, Why: err.Error(), Fix: "install NVIDIA's driver; nvidia-smi must list the GPU"}
	}
	lib := &library{Interface: nvml.New(nvml.WithLibraryPath(name))}
	if ret := lib.Init(); ret != nvml.SUCCESS {
		return nil, "", &sensor.Unavailable{Source: Source, Why: failure(ret).Error(), Fix: remedy(ret)}
	}
	count, ret := lib.DeviceGetCount()
	if ret != nvml.SUCCESS || count == 0 {
		lib.Shutdown()
		why := "no NVIDIA GPU"
		if ret != nvml.SUCCESS {
			why = failure(ret).Error()
		}
		return nil, "", &sensor.Unavailable{Source: Source, Why: why, Fix: "nvidia-smi -L"}
	}
	driver, _ := lib.SystemGetDriverVersion()
	lib.people = newPeople(o.Proc)
	var sensors []sensor.Sensor
	var devices []device
	gpuOf := make([]int, 0, count) // which GPU each sensor is of
	modules := modules{}
	for i := range count {
		s, d := lib.gpu(i, driver)
		devices = append(devices, d)
		all := []sensor.Sensor{s}
		if g, ok := s.(*gpu); ok {
			all = append(all, g.parts(&modules)...)
		}
		for range all {
			gpuOf = append(gpuOf, i)
		}
		sensors = append(sensors, all...)
	}
	why, remark := hidden(o.Env, devices)
	for i, s := range sensors {
		s.Domain().Spare = why[gpuOf[i]]
	}
	if lib.open == 0 {
		lib.Shutdown()
	}
	return sensors, remark, nil
}

func remedy(ret nvml.Return) string {
	switch ret {
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return "sudo modprobe nvidia"
	case nvml.ERROR_NO_PERMISSION:
		return "sudo chmod a+rw /dev/nvidia*"
	case nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return "reboot: the driver was updated while it was loaded"
	}
	return "nvidia-smi"
}

// gpu opens the i-th GPU. One that cannot be read is silent.
func (lib *library) gpu(i int, driver string) (sensor.Sensor, device) {
	id := strconv.Itoa(i)
	dev, ret := lib.DeviceGetHandleByIndex(i)
	if ret != nvml.SUCCESS {
		return sensor.Silent(domain(id, Source, "", "", driver), refusal(ret, i)), device{}
	}
	name, _ := dev.GetName()
	uuid, _ := dev.GetUUID()
	known := device{name: name, uuid: uuid, pci: lib.bus(dev), mig: lib.mig(dev)}
	g := &gpu{lib: lib, dev: dev}
	g.domain.Domain = domain(id, Source, name, uuid, driver)
	g.domain.MIGInstances = len(known.mig)
	g.domain.Clocks = lib.clocks(dev)
	if limit, ret := dev.GetEnforcedPowerLimit(); ret == nvml.SUCCESS {
		g.domain.PowerLimitW = float64(limit) / 1000
	}
	if !g.choose() {
		ret := nvml.ERROR_NOT_SUPPORTED
		if g.denied {
			ret = nvml.ERROR_NO_PERMISSION
		}
		return sensor.Silent(g.domain.Domain, refusal(ret, i)), known
	}
	lib.open++
	g.held++
	return g, known
}

// refusal says why the i-th GPU gives nothing.
func refusal(ret nvml.Return, i int) error {
	if ret == nvml.ERROR_NO_PERMISSION {
		return &sensor.Denied{What: "/dev/nvidia" + strconv.Itoa(i), Fix: remedy(ret)}
	}
	return failure(ret)
}

// has tells whether the library knows a function: calling one that an old
// driver's library lacks ends the process.
func (lib *library) has(function string) bool {
	return lib.Extensions().LookupSymbol(function) == nil
}

const renewUs = 1_000_000 // between attempts to initialise NVML again

// renew initialises NVML again after the driver went away, at most once in a
// while. It reports whether handles taken before now are stale.
func (lib *library) renew(now int64) bool {
	if now-lib.renewed < renewUs {
		return false
	}
	lib.renewed = now
	lib.Shutdown()
	return lib.Init() == nvml.SUCCESS
}

func (lib *library) release() error {
	if lib.open--; lib.open == 0 {
		if ret := lib.Shutdown(); ret != nvml.SUCCESS {
			return failure(ret)
		}
	}
	return nil
}

// failure is NVML's return value as an error.
type failure nvml.Return

func (f failure) Error() string { return "nvml: " + nvml.ErrorString(nvml.Return(f)) }

// Is makes NVML's refusal an fs.ErrPermission.
func (f failure) Is(target error) bool {
	return target == fs.ErrPermission && nvml.Return(f) == nvml.ERROR_NO_PERMISSION
}

//go:build cgo && linux

package nvml

import (
	"math"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// gpu reads one GPU.
type gpu struct {
	domain sensor.Domain
	lib    *library
	dev    nvml.Device

	// What can be told by field is asked for in one call on a kept buffer.
	fields      []nvml.FieldValue
	energyField int // index in fields, −1: not told by field
	powerField  int
	energyCall  bool // nvmlDeviceGetTotalEnergyConsumption
	powerCall   bool // nvmlDeviceGetPowerUsage
	memoryV2    bool

	request request // of the above; made at the first reading
	at      int64   // when it was answered last
	held    int     // the sensors that read this GPU: it and its parts

	neighbours string // as told last
	lookedAt   int64  // for them

	denied  bool  // something is there that may not be read
	failing int64 // since when every call fails; 0: not
	retried int64
}

func (g *gpu) Domain() *sensor.Domain { return &g.domain }

// choose tries out what this GPU tells, and how. It reports whether that is
// energy or power at all.
func (g *gpu) choose() bool {
	d := &g.domain
	update := int64(updateUs)
	d.Energy, d.Power, d.UpdateUs = power.None, power.None, &update
	g.memoryV2 = g.lib.has("nvmlDeviceGetMemoryInfo_v2")
	energy, instant, average := g.tryFields()

	g.energyField, g.powerField = -1, -1
	if energy {
		g.energyField = g.field(nvml.FI_DEV_TOTAL_ENERGY_CONSUMPTION, nvml.POWER_SCOPE_GPU)
	} else if g.lib.has("nvmlDeviceGetTotalEnergyConsumption") {
		_, ret := g.dev.GetTotalEnergyConsumption()
		g.energyCall = g.told(ret)
	}
	switch {
	case instant:
		d.Power, g.powerField = power.Instant, g.field(nvml.FI_DEV_POWER_INSTANT, nvml.POWER_SCOPE_GPU)
	case average:
		averaged(&d.Domain)
		g.powerField = g.field(nvml.FI_DEV_POWER_AVERAGE, nvml.POWER_SCOPE_GPU)
	default:
		g.tryUsage()
	}
	switch {
	case g.energyField >= 0 || g.energyCall:
		d.Energy = power.Counter
	case d.Power != power.None:
		d.Energy = power.Integrated
	default:
		return false
	}
	return true
}

func (g *gpu) tryFields() (energy, instant, average bool) {
	if !g.lib.has("nvmlDeviceGetFieldValues") {
		return false, false, false
	}
	try := []nvml.FieldValue{
		{FieldId: nvml.FI_DEV_TOTAL_ENERGY_CONSUMPTION},
		{FieldId: nvml.FI_DEV_POWER_INSTANT},
		{FieldId: nvml.FI_DEV_POWER_AVERAGE},
	}
	if g.dev.GetFieldValues(try) != nvml.SUCCESS {
		return false, false, false
	}
	has := func(i int) bool { _, err := value(&try[i]); return err == nil }
	return has(0), has(1), has(2)
}

// told judges a trial call. A passing error counts as told.
func (g *gpu) told(ret nvml.Return) bool {
	g.denied = g.denied || ret == nvml.ERROR_NO_PERMISSION
	return ret != nvml.ERROR_NOT_SUPPORTED && ret != nvml.ERROR_NO_PERMISSION
}

func (g *gpu) field(id, scope uint32) int {
	g.fields = append(g.fields, nvml.FieldValue{FieldId: id, ScopeId: scope})
	return len(g.fields) - 1
}

func (g *gpu) tryUsage() {
	if _, ret := g.dev.GetPowerUsage(); !g.told(ret) {
		return
	}
	g.powerCall = true
	var major, minor int
	ret := nvml.ERROR_NOT_SUPPORTED
	if g.lib.has("nvmlDeviceGetCudaComputeCapability") {
		major, minor, ret = g.dev.GetCudaComputeCapability()
	}
	if usagePower(major, minor, ret == nvml.SUCCESS) == power.Instant {
		g.domain.Power = power.Instant
	} else {
		averaged(&g.domain.Domain)
	}
}

func (g *gpu) Read(now int64, full bool, r *sensor.Reading) {
	g.refresh(now)
	g.readEnergyAndPower(r)
	if full && g.failing == 0 {
		g.readRest(r)
		g.lookRound(now, r)
	}
	if r.MicroJ != power.Null || r.MicroW != power.Null {
		g.failing = 0
		return
	}
	if g.failing == 0 {
		g.failing = now
	} else if now-g.failing >= renewUs {
		g.find(now)
	}
}

// refresh asks for everything at once.
func (g *gpu) refresh(now int64) {
	if g.request.c == nil {
		g.request, g.fields = newRequest(g.fields, g.energyCall, g.powerCall)
		g.request.of(g.dev)
	}
	g.at = now
	g.request.answer()
}

func (g *gpu) byField(i int) (int64, error) {
	if ret := g.request.fieldsReturn(); ret != nvml.SUCCESS {
		return 0, failure(ret)
	}
	return value(&g.fields[i])
}

func (g *gpu) readEnergyAndPower(r *sensor.Reading) {
	switch {
	case g.energyField >= 0:
		mj, err := g.byField(g.energyField)
		r.MicroJ, r.JErr = micro(mj, err)
	case g.energyCall:
		r.MicroJ, r.JErr = micro(counted(g.request.energy()))
	}
	switch {
	case g.powerField >= 0:
		mw, err := g.byField(g.powerField)
		r.MicroW, r.WErr = drawn(mw, err)
	case g.powerCall:
		r.MicroW, r.WErr = drawn(counted(g.request.power()))
	}
}

func counted(v uint64, ret nvml.Return) (int64, error) {
	if ret != nvml.SUCCESS {
		return 0, failure(ret)
	}
	if v > math.MaxInt64 {
		return 0, sensor.ErrRange
	}
	return int64(v), nil
}

// micro turns thousandths into millionths.
func micro(milli int64, err error) (int64, error) {
	switch {
	case err != nil:
		return power.Null, err
	case milli < 0 || milli > math.MaxInt64/1000 || milli == math.MaxUint32:
		return power.Null, sensor.ErrRange // a sentinel
	}
	return milli * 1000, nil
}

// drawn is micro of a GPU's power, which is never 0.
func drawn(milliW int64, err error) (int64, error) {
	w, err := micro(milliW, err)
	switch {
	case w == 0:
		return power.Null, sensor.ErrNoPower
	case w > sensor.MaxMicroW:
		return power.Null, sensor.ErrRange
	}
	return w, err
}

func (g *gpu) readRest(r *sensor.Reading) {
	if u, ret := g.dev.GetUtilizationRates(); ret == nvml.SUCCESS && u.Gpu <= 100 {
		r.Util = float64(u.Gpu) / 100
	}
	if t, ret := g.dev.GetTemperature(nvml.TEMPERATURE_GPU); ret == nvml.SUCCESS && t < 200 {
		r.TempC = float64(t)
	}
	if g.memoryV2 { // version 1 counts what the driver reserves as used
		if m, ret := g.dev.GetMemoryInfo_v2(); ret == nvml.SUCCESS && m.Used <= m.Total {
			r.MemBytes = float64(m.Used)
		}
	} else if m, ret := g.dev.GetMemoryInfo(); ret == nvml.SUCCESS && m.Used <= m.Total {
		r.MemBytes = float64(m.Used)
	}
}

// find takes the GPU's handle anew, after it was lost.
func (g *gpu) find(now int64) {
	if now-g.retried < renewUs {
		return
	}
	g.retried = now
	dev, ret := g.lib.DeviceGetHandleByUUID(g.domain.UUID)
	if (ret == nvml.ERROR_UNINITIALIZED || ret == nvml.ERROR_DRIVER_NOT_LOADED) && g.lib.renew(now) {
		dev, ret = g.lib.DeviceGetHandleByUUID(g.domain.UUID)
	}
	if ret == nvml.SUCCESS {
		g.dev = dev
		g.request.of(dev)
	}
}

func (g *gpu) Close() error { return g.release() }

// release gives back what one of the GPU's sensors holds.
func (g *gpu) release() error {
	if g.held--; g.held == 0 && g.request.c != nil {
		g.request.free()
	}
	return g.lib.release()
}

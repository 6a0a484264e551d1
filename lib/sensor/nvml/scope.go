//go:build cgo && linux

package nvml

import (
	"strconv"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// part reads another scope of a GPU's power: that of its memory, or of the
// module that holds the GPU. Its field is in the GPU's own buffer.
type part struct {
	domain sensor.Domain
	gpu    *gpu
	field  int
}

// modules numbers the modules. GPUs of one board's serial number share it: its
// power is recorded once.
type modules struct {
	serials map[string]bool
	n       int
}

// first reports whether a GPU is the first of its module.
func (m *modules) first(dev nvml.Device) bool {
	serial, ret := dev.GetSerial()
	if ret != nvml.SUCCESS || serial == "" || serial == "0" {
		return true
	}
	if m.serials == nil {
		m.serials = make(map[string]bool)
	}
	seen := m.serials[serial]
	m.serials[serial] = true
	return !seen
}

// parts finds the other scopes of a GPU's power.
func (g *gpu) parts(m *modules) []sensor.Sensor {
	if !g.lib.has("nvmlDeviceGetFieldValues") {
		return nil
	}
	var parts []sensor.Sensor
	if p := g.part(nvml.POWER_SCOPE_MEMORY); p != nil {
		d := &p.domain
		d.ID, d.Kind, d.PartOf, d.Scope = g.domain.ID+"/memory", power.DRAM, g.domain.ID, "memory"
		parts = append(parts, p)
	}
	if p := g.part(nvml.POWER_SCOPE_MODULE); p != nil && (!g.lib.has("nvmlDeviceGetSerial") || m.first(g.dev)) {
		d := &p.domain
		d.ID, d.Kind, d.Scope = "module:"+strconv.Itoa(m.n), power.Board, "module"
		m.n++
		parts = append(parts, p)
	}
	g.lib.open += len(parts)
	g.held += len(parts)
	return parts
}

// part tries out a scope, nil if the GPU does not tell it. The average of the
// last second is the better of its two powers: it has no joules, and watts of
// the moment may alias with the load.
func (g *gpu) part(scope uint32) *part {
	try := []nvml.FieldValue{
		{FieldId: nvml.FI_DEV_POWER_AVERAGE, ScopeId: scope},
		{FieldId: nvml.FI_DEV_POWER_INSTANT, ScopeId: scope},
	}
	if g.dev.GetFieldValues(try) != nvml.SUCCESS {
		return nil
	}
	update := int64(updateUs)
	p := &part{gpu: g}
	p.domain.Domain = power.Domain{
		Source: Source, Name: g.domain.Name, UUID: g.domain.UUID, DriverVersion: g.domain.DriverVersion,
		Energy: power.Integrated, Power: power.Instant, UpdateUs: &update,
	}
	if v, err := value(&try[0]); err == nil && v > 0 {
		averaged(&p.domain.Domain)
		p.field = g.field(nvml.FI_DEV_POWER_AVERAGE, scope)
		return p
	}
	if v, err := value(&try[1]); err == nil && v > 0 {
		p.field = g.field(nvml.FI_DEV_POWER_INSTANT, scope)
		return p
	}
	return nil
}

func (p *part) Domain() *sensor.Domain { return &p.domain }

func (p *part) Read(now int64, _ bool, r *sensor.Reading) {
	alone := p.gpu.at != now || now == 0 // the GPU itself is not recorded; or it is no tick, but a trial before there are any
	if alone {
		p.gpu.refresh(now)
	}
	mw, err := p.gpu.byField(p.field)
	if alone && err != nil {
		p.gpu.find(now)
	}
	r.MicroW, r.WErr = drawn(mw, err)
}

func (p *part) Close() error { return p.gpu.release() }

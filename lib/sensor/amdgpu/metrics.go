package amdgpu

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// metrics is what is used of a gpu_metrics table.
type metrics struct {
	format, content uint8
	energy          int64 // microjoules, or power.Null
}

// apu reports a table of a processor with graphics in it: formats 2 and 3.
func (m metrics) apu() bool { return m.format == 2 || m.format == 3 }

var (
	errTorn    = errors.New("gpu_metrics is torn")
	errVersion = errors.New("gpu_metrics has an unknown version")
)

// energyAt is where a version of format 1 has its 64-bit energy_accumulator,
// 0: it has none that can be used (1.0 has 32 bits, not aligned).
// (struct gpu_metrics_v1_1 and following in the kernel's
// drivers/gpu/drm/amd/include/kgd_pp_interface.h)
var energyAt = [...]int{1: 24, 2: 24, 3: 24, 4: 24, 5: 88, 6: 16, 7: 24, 8: 24}

// parseMetrics reads a table: a header with its size and version, then fields at
// places that the version knows.
func parseMetrics(b []byte) (metrics, error) {
	m := metrics{energy: power.Null}
	if len(b) == 0 {
		return m, sensor.ErrEmpty
	}
	if len(b) < 4 {
		return m, errTorn
	}
	size := int(binary.LittleEndian.Uint16(b))
	m.format, m.content = b[2], b[3]
	if size < 4 || size > len(b) {
		return m, errTorn
	}
	b = b[:size]
	switch {
	case m.apu():
		return m, nil // counts no energy
	case m.format != 1:
		return m, errVersion
	case m.content == 9:
		return m, m.attributes(b)
	case int(m.content) >= len(energyAt):
		return m, errVersion
	}
	if at := energyAt[m.content]; at > 0 {
		if at+8 > len(b) {
			return m, errTorn
		}
		return m, m.count(binary.LittleEndian.Uint64(b[at:]))
	}
	return m, nil
}

// Version 1.9 lists its fields: each a code and as many values as the code says.
// (AMDGPU_METRICS_ENC_ATTR and enum amdgpu_metrics_attr_id)
const (
	attrEnergy = 7
	typeU64    = 6
)

func (m *metrics) attributes(b []byte) error {
	if len(b) < 8 {
		return errTorn
	}
	n := binary.LittleEndian.Uint32(b[4:])
	b = b[8:]
	for range n {
		if len(b) < 8 {
			return errTorn
		}
		code := binary.LittleEndian.Uint64(b)
		kind, id, instances := code>>20&0xf, code>>10&0x3ff, int(code&0x3ff)
		if kind > 7 {
			return errVersion
		}
		width := instances << (kind / 2) // U8, S8, U16, S16, U32, …
		if b = b[8:]; len(b) < width {
			return errTorn
		}
		if id == attrEnergy && kind == typeU64 && instances > 0 {
			return m.count(binary.LittleEndian.Uint64(b))
		}
		b = b[width:]
	}
	return nil
}

// count takes the accumulator, in units of 2⁻¹⁶ J ("15.259uJ (2^-16) units").
// All ones, of 64 or 32 bits, is a driver's word for none.
func (m *metrics) count(raw uint64) error {
	if raw == math.MaxUint64 || raw == math.MaxUint32 {
		return sensor.ErrRange
	}
	hi, lo := bits.Mul64(raw, 15625) // 10⁶ / 2¹⁶ = 15625 / 2¹⁰
	if hi >= 1<<9 {
		return sensor.ErrRange
	}
	m.energy = int64(hi<<54 | lo>>10)
	return nil
}

//go:build cgo && linux

package nvml

import (
	"encoding/binary"
	"math"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/sensor"
)

// value decodes the union of a field's value. The binding leaves it as bytes.
// What lies beyond the type's own width is undefined.
func value(f *nvml.FieldValue) (int64, error) {
	if ret := nvml.Return(f.NvmlReturn); ret != nvml.SUCCESS {
		return 0, failure(ret)
	}
	b := f.Value[:]
	switch nvml.ValueType(f.ValueType) {
	case nvml.VALUE_TYPE_UNSIGNED_INT:
		return int64(binary.NativeEndian.Uint32(b)), nil
	case nvml.VALUE_TYPE_UNSIGNED_LONG, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG: // long has 64 bits on Linux
		u := binary.NativeEndian.Uint64(b)
		if u > math.MaxInt64 {
			return 0, sensor.ErrRange
		}
		return int64(u), nil
	case nvml.VALUE_TYPE_SIGNED_LONG_LONG:
		return int64(binary.NativeEndian.Uint64(b)), nil
	case nvml.VALUE_TYPE_SIGNED_INT:
		return int64(int32(binary.NativeEndian.Uint32(b))), nil
	case nvml.VALUE_TYPE_UNSIGNED_SHORT:
		return int64(binary.NativeEndian.Uint16(b)), nil
	case nvml.VALUE_TYPE_DOUBLE:
		d := math.Float64frombits(binary.NativeEndian.Uint64(b))
		if math.IsNaN(d) || math.Abs(d) >= 1<<53 {
			return 0, sensor.ErrRange
		}
		return int64(math.Round(d)), nil
	}
	return 0, sensor.ErrGarbage
}

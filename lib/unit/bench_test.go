package unit

import "testing"

func BenchmarkAppendJoules(b *testing.B) {
	var buf []byte
	for i := Joules(0); b.Loop(); i += 7_654_321_987 {
		buf = (i & (1<<42 - 1)).Append(buf[:0])
	}
}

func BenchmarkAppendMicro(b *testing.B) {
	var buf []byte
	for i := int64(0); b.Loop(); i += 7_654_321_987 {
		buf = AppendMicro(buf[:0], i&(1<<42-1))
	}
}

func BenchmarkAppendFloat(b *testing.B) {
	var buf []byte
	for i := int64(0); b.Loop(); i += 7_654_321_987 {
		buf, _ = AppendFloat(buf[:0], float64(i&(1<<42-1))/1e9)
	}
}

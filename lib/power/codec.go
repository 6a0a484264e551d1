package power

import (
	"math"
	"strconv"

	"ipw/lib/unit"
)

// AppendSample appends s as a line of JSON without newline. What is no number
// is no reading: null.
func AppendSample(b []byte, s *Sample) []byte {
	b = strconv.AppendInt(append(b, `{"t_us":`...), s.TUs, 10)
	if s.HasM {
		b = strconv.AppendInt(append(b, `,"m_us":`...), s.MUs, 10)
	}
	if s.ReadUs != 0 {
		b = strconv.AppendInt(append(b, `,"read_us":`...), s.ReadUs, 10)
	}
	b = appendMicros(b, `,"j":[`, s.J)
	b = appendMicros(b, `,"w":[`, s.W)
	b = appendFloats(b, `,"util":[`, s.Util)
	b = appendFloats(b, `,"mem_bytes":[`, s.MemBytes)
	b = appendFloats(b, `,"temp_c":[`, s.TempC)
	return append(b, '}')
}

func appendMicros(b []byte, key string, v []int64) []byte {
	if v == nil {
		return b
	}
	b = append(b, key...)
	for i, n := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if n == Null {
			b = append(b, "null"...)
		} else {
			b = unit.AppendMicro(b, n)
		}
	}
	return append(b, ']')
}

func appendFloats(b []byte, key string, v []*float64) []byte {
	if v == nil {
		return b
	}
	b = append(b, key...)
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if f == nil || math.IsNaN(*f) || math.IsInf(*f, 0) { // no reading
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, *f, 'f', -1, 64)
		}
	}
	return append(b, ']')
}

package power

import (
	"encoding/binary"
	"math/bits"
)

// shape reads a line with a sample of n domains in the form that nearly all
// have: written without white space and with its members in AppendSample's
// order. b begins with the line and goes on behind it. shape returns the line's
// length with its end, 0 for anything else, an error too, and a line too close to
// the end of b: that is left to ParseSample, which takes several times as long.
// What shape takes is a sample to ParseSample too, and the same one, but for util
// and what follows, which is left out.
func shape(b []byte, n int, s *Sample) int {
	i, ok := prefix(b, 0, `{"t_us":`)
	if !ok {
		return 0
	}
	if s.TUs, i = whole(b, i); i == 0 {
		return 0
	}
	s.MUs, s.HasM, s.ReadUs = 0, false, 0
	if at, ok := prefix(b, i, `,"m_us":`); ok {
		if s.MUs, i = whole(b, at); i == 0 {
			return 0
		}
		s.HasM = true
	}
	if at, ok := prefix(b, i, `,"read_us":`); ok {
		if s.ReadUs, i = whole(b, at); i == 0 {
			return 0
		}
	}
	s.Util, s.MemBytes, s.TempC = nil, nil, nil
	if at, ok := prefix(b, i, `,"j":[`); ok {
		s.J = sized(s.J, n)
		if i = list(b, at, s.J); i == 0 {
			return 0
		}
	} else {
		s.J = nil
	}
	if at, ok := prefix(b, i, `,"w":[`); ok {
		s.W = sized(s.W, n)
		if i = list(b, at, s.W); i == 0 {
			return 0
		}
	} else {
		s.W = nil
	}
	if at, ok := prefix(b, i, "}\n"); ok {
		return at
	}
	return rest(b, i, n)
}

// rest steps over what may follow joules and watts, to the line's end.
func rest(b []byte, i, n int) int {
	var unread [64]int64
	for _, key := range [...]string{`,"util":[`, `,"mem_bytes":[`, `,"temp_c":[`} {
		at, ok := prefix(b, i, key)
		if !ok {
			continue
		}
		if n > len(unread) {
			return 0
		}
		if i = list(b, at, unread[:n]); i == 0 {
			return 0
		}
	}
	for _, end := range [...]string{"}\n", "}\r\n"} {
		if at, ok := prefix(b, i, end); ok {
			return at
		}
	}
	return 0
}

// prefix steps over text.
func prefix(b []byte, i int, text string) (int, bool) {
	end := i + len(text)
	return end, end <= len(b) && string(b[i:end]) == text
}

// sized returns a list of n numbers in v's memory.
func sized(v []int64, n int) []int64 {
	if cap(v) < n {
		return make([]int64, n)
	}
	return v[:n]
}

// list reads microunits or nulls, as many as there is room for, and the bracket
// behind them. It returns the index behind that, 0 if it cannot.
func list(b []byte, i int, v []int64) int {
	for k := range v {
		n, end := micro(b, i)
		if end == 0 || b[end] != ',' && (k < len(v)-1 || b[end] != ']') {
			return 0
		}
		v[k], i = n, end+1
	}
	if b[i-1] != ']' { // nor is an empty list read
		return 0
	}
	return i
}

// micro reads a number of microunits with up to six decimals, or null. It
// returns the index behind it, 0 if it cannot: there is something else, or the
// end of b is near.
func micro(b []byte, i int) (v int64, end int) {
	const longest = len("-123456789012.123456")
	if i < 0 || i > len(b)-longest-8 { // never negative: said so for the loads, which are not checked again then
		return 0, 0
	}
	x := load(b, i)
	n := digits(x)
	switch {
	case n == 0:
		return odd(b, i)
	case n > 8 && x&0xff == 0:
		return 0, 0
	case n < 64:
		v, i = number(x<<(64-n)), i+int(n/8)
	default:
		y := load(b, i+8)
		m := digits(y)
		if m > 32 {
			return 0, 0
		}
		v, i = number(x)*pow10[m/8]+number(y<<(64-m)), i+8+int(m/8)
	}
	v *= 1e6
	if b[i] == '.' {
		x := load(b, i+1)
		n := digits(x)
		if n == 0 || n > 48 {
			return 0, 0
		}
		v, i = v+number(x&(1<<n-1)<<16), i+1+int(n/8)
	}
	return v, i
}

// odd reads what does not begin with a digit.
func odd(b []byte, i int) (v int64, end int) {
	switch {
	case string(b[i:i+4]) == "null":
		return Null, i + 4
	case b[i] == '-' && '0' <= b[i+1] && b[i+1] <= '9':
		v, end = micro(b, i+1)
	}
	return -v, end
}

// whole reads a number of up to 16 digits, without sign. It returns the index
// behind it, 0 if it cannot.
func whole(b []byte, i int) (v int64, end int) {
	const longest = 16
	if i < 0 || i > len(b)-longest-1 {
		return 0, 0
	}
	x := load(b, i)
	n := digits(x)
	switch {
	case n == 0 || n > 8 && x&0xff == 0:
		return 0, 0
	case n < 64:
		return number(x << (64 - n)), i + int(n/8)
	}
	y := load(b, i+8)
	m := digits(y)
	return number(x)*pow10[m/8] + number(y<<(64-m)), i + 8 + int(m/8)
}

var pow10 = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// load takes eight characters at once, the first in the lowest byte, digits as 0
// to 9: a loop would guess wrong at the end of nearly every number, which costs
// more than the digits.
func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:i+8]) ^ 0x3030303030303030 }

// digits is how many of x's bits, from the lowest on, are of digits.
func digits(x uint64) uint {
	other := (x | (x + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0
	return uint(bits.TrailingZeros64(other)) &^ 7
}

// number is what eight digits say: pairs of them are put together, then pairs of
// those.
func number(x uint64) int64 {
	x = x * 2561 >> 8 & 0x00ff00ff00ff00ff
	x = x * 6553601 >> 16 & 0x0000ffff0000ffff
	return int64(x * 42949672960001 >> 32)
}

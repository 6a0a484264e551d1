package unit

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// AppendMicro appends a number of microunits as a decimal number of units,
// with as many of six decimals as it needs: 15620000 is "15.62".
func AppendMicro(b []byte, micro int64) []byte {
	u, b := magnitude(b, micro)
	return appendDecimal(b, u/1e6, u%1e6*1000)
}

// AppendFloat appends f as encoding/json writes it, if f is a double nearest to
// a number of at most nine decimals, which the lengths and errors of traces are;
// it reports whether it did. Fifteen digits name one double, so they are the
// shortest text that does.
func AppendFloat(b []byte, f float64) ([]byte, bool) {
	if math.Float64bits(f) == 0 { // not -0
		return append(b, '0'), true
	}
	a := math.Abs(f)
	if !(a >= 1e-6 && a < 1e6) {
		return b, false
	}
	nano := int64(a*1e9 + 0.5)
	if float64(nano)/1e9 != a {
		return b, false
	}
	if f < 0 {
		b = append(b, '-')
	}
	return appendDecimal(b, uint64(nano)/1e9, uint64(nano)%1e9), true
}

// magnitude appends the sign of n and returns the rest.
func magnitude(b []byte, n int64) (uint64, []byte) {
	if n < 0 {
		return -uint64(n), append(b, '-')
	}
	return uint64(n), b
}

// appendDecimal appends whole + nano/10⁹ with as many decimals as it needs; nano
// is below 10⁹.
func appendDecimal(b []byte, whole, nano uint64) []byte {
	if whole < 1e8 {
		d := digits(whole)
		leading := bits.TrailingZeros64(d|1<<56) &^ 7 // the last digit stays
		b = binary.LittleEndian.AppendUint64(b, (d|zeros)>>leading)
		b = b[:len(b)-leading/8]
	} else {
		b = strconv.AppendUint(b, whole, 10)
	}
	if nano == 0 {
		return b
	}
	b = append(b, '.', byte('0'+nano/1e8))
	d := digits(nano % 1e8)
	b = binary.LittleEndian.AppendUint64(b, d|zeros)
	return b[:len(b)-bits.LeadingZeros64(d)/8]
}

// zeros makes text of digits.
const zeros = 0x3030303030303030

// digits returns the eight digits of n < 10⁸, the first one in the lowest byte.
// It divides both halves at once, then all quarters: a trace holds some 150
// decimals.
func digits(n uint64) uint64 {
	n = n/1e4 | n%1e4<<32
	q := n * 10486 >> 20 & 0x7f_0000007f // n/100 below 10⁴
	n = q | (n-100*q)<<16
	q = n * 103 >> 10 & 0xf_000f_000f_000f // n/10 below 100
	return q | (n-10*q)<<8
}

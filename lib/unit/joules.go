// Package unit holds the two integer quantities every number of ipw is made
// of, nanojoules and microseconds, and is the one place that prints and parses
// them.
//
// Energies are added up by the million and must balance to the last digit, so
// they never pass through a float: a reading is a whole number of microjoules,
// a charge a whole number of nanojoules.
//
//	micro, _ := unit.ParseMicro([]byte("15.62")) // 15620000
//	unit.Joules(12_500_000_000).String()         // "12.5"
package unit

import (
	"math"
	"strconv"
)

// Joules is an energy in whole nanojoules: ±9.2e9 J. It prints, in JSON too,
// as decimal joules with up to nine decimals.
type Joules int64

// Nanojoules per unit.
const (
	Nanojoule  Joules = 1
	Microjoule Joules = 1_000
	Joule      Joules = 1_000_000_000
)

// Float returns j in joules.
func (j Joules) Float() float64 { return float64(j) / 1e9 }

// FromFloat rounds joules to the nearest nanojoule. What does not fit is taken
// at the nearest end of the range; joules must not be NaN.
func FromFloat(joules float64) Joules {
	nano := math.RoundToEven(joules * 1e9)
	switch {
	case nano >= math.MaxInt64:
		return math.MaxInt64
	case nano <= math.MinInt64:
		return math.MinInt64
	}
	return Joules(nano)
}

// String prints j in joules with as many of nine decimals as it needs.
func (j Joules) String() string { return string(j.Append(nil)) }

// Append appends what String returns.
func (j Joules) Append(b []byte) []byte { return appendDecimal(b, int64(j), 9) }

// MarshalJSON writes j as a number of joules.
func (j Joules) MarshalJSON() ([]byte, error) { return j.Append(nil), nil }

// UnmarshalJSON reads a number of joules and rounds it to the nanojoule.
func (j *Joules) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	n, err := ParseDecimal(b, 9)
	if err != nil {
		return err
	}
	*j = Joules(n)
	return nil
}

// AppendMicro appends a number of microunits as a decimal number of units,
// with as many of six decimals as it needs: 15620000 is "15.62".
func AppendMicro(b []byte, micro int64) []byte { return appendDecimal(b, micro, 6) }

// AppendFloat appends f as encoding/json writes it, if f is a double nearest to
// a number of at most nine decimals, which the lengths and errors of traces are;
// it reports whether it did. Fifteen digits name one double, so they are the
// shortest text that does.
func AppendFloat(b []byte, f float64) ([]byte, bool) {
	if a := math.Abs(f); !(a >= 1e-6 && a < 1e6) {
		return b, false
	}
	nano := math.Round(f * 1e9)
	if nano/1e9 != f {
		return b, false
	}
	return appendDecimal(b, int64(nano), 9), true
}

// ParseMicro reads a decimal JSON number as a whole number of microunits. What
// stands beyond the sixth decimal is rounded half to even.
func ParseMicro(b []byte) (int64, error) { return ParseDecimal(b, 6) }

var pow10 = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

func appendDecimal(b []byte, n int64, decimals int) []byte {
	u := uint64(n)
	if n < 0 {
		b = append(b, '-')
		u = -u
	}
	scale := uint64(pow10[decimals])
	b = strconv.AppendUint(b, u/scale, 10)
	frac := u % scale
	if frac == 0 {
		return b
	}
	for frac%10 == 0 {
		frac /= 10
		decimals--
	}
	b = append(b, ".000000000"[:1+decimals]...)
	for i := len(b) - 1; frac != 0; i-- {
		b[i] = byte('0' + frac%10)
		frac /= 10
	}
	return b
}

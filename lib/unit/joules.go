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

import "math"

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
func (j Joules) Append(b []byte) []byte {
	u, b := magnitude(b, int64(j))
	return appendDecimal(b, u/1e9, u%1e9)
}

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

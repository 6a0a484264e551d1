// Package unit holds the two integer quantities every number of ipw is made
// of, nanojoules and microseconds, and is the one place that prints and parses
// them.
//
// Energies are added up by the million and must balance to the last digit, so
// they never pass through a float: a reading is a whole number of microjoules,
// a charge a whole number of nanojoules.
//
//	j, _ := unit.ParseMicrojoules([]byte("15.62")) // 15620000
//	unit.Joules(12_500_000_000).String()           // "12.5"
package unit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
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

// FromFloat rounds joules to the nearest nanojoule.
func FromFloat(joules float64) Joules { return Joules(math.RoundToEven(joules * 1e9)) }

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
	n, err := parseScaled(b, 9)
	if err != nil {
		return err
	}
	*j = Joules(n)
	return nil
}

// AppendMicro appends a number of microunits as a decimal number of units,
// with as many of six decimals as it needs: 15620000 is "15.62".
func AppendMicro(b []byte, micro int64) []byte { return appendDecimal(b, micro, 6) }

// ParseMicro reads a decimal JSON number as a whole number of microunits. What
// stands beyond the sixth decimal is rounded half to even.
func ParseMicro(b []byte) (int64, error) { return parseScaled(b, 6) }

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
	b = append(b, '.')
	for frac != 0 {
		scale /= 10
		b = append(b, byte('0'+frac/scale))
		frac %= scale
	}
	return b
}

// ErrRange is returned for a number too large for its integer.
var ErrRange = errors.New("number out of range")

// parseScaled reads a JSON number times 10^decimals as an int64. The fast path
// takes plain decimals; exponents, long fractions and large numbers go through
// big.Rat, so no digit passes through a float.
func parseScaled(b []byte, decimals int) (int64, error) {
	i, neg := 0, false
	if i < len(b) && b[i] == '-' {
		neg = true
		i++
	}
	var n int64
	digits, frac, point := 0, 0, false
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits > 18 {
				return parseSlow(b, decimals)
			}
			n = n*10 + int64(c-'0')
			if point {
				frac++
			}
		case c == '.' && !point && digits > 0:
			point = true
		default:
			return parseSlow(b, decimals)
		}
	}
	if digits == 0 || point && frac == 0 || frac > decimals || digits-frac+decimals > 18 {
		return parseSlow(b, decimals)
	}
	n *= pow10[decimals-frac]
	if neg {
		n = -n
	}
	return n, nil
}

func parseSlow(b []byte, decimals int) (int64, error) {
	if !json.Valid(b) || len(b) == 0 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return 0, fmt.Errorf("not a number: %q", b)
	}
	// A huge exponent would make big.Rat work for ever; a float64 tells its
	// size first.
	if f, err := strconv.ParseFloat(string(b), 64); err != nil || math.Abs(f) > 1e19 {
		return 0, ErrRange
	} else if f == 0 || math.Abs(f) < 1e-30 {
		return 0, nil
	}
	r, ok := new(big.Rat).SetString(string(b))
	if !ok {
		return 0, fmt.Errorf("not a number: %q", b)
	}
	r.Mul(r, new(big.Rat).SetInt64(pow10[decimals]))
	n := roundRat(r)
	if !n.IsInt64() {
		return 0, ErrRange
	}
	return n.Int64(), nil
}

// roundRat rounds half to even.
func roundRat(r *big.Rat) *big.Int {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	twice.Add(twice, r.Denom())
	den := new(big.Int).Mul(r.Denom(), big.NewInt(2))
	q, m := new(big.Int).DivMod(twice, den, new(big.Int))
	if m.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

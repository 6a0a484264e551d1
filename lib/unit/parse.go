package unit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// ErrRange is returned for a number too large for its integer.
var ErrRange = errors.New("number out of range")

// maxDigits is the longest number that is read. A double needs at most 767
// digits to be written out exactly; more is no measurement.
const maxDigits = 1100

// ParseMicro reads a decimal JSON number as a whole number of microunits. What
// stands beyond the sixth decimal is rounded half to even.
func ParseMicro(b []byte) (int64, error) { return ParseDecimal(b, 6) }

var pow10 = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// ParseDecimal reads a JSON number times 10^decimals as an int64, rounded half
// to even. The fast path takes plain decimals; exponents, long fractions and
// large numbers go through big.Rat, so no digit passes through a float.
func ParseDecimal(b []byte, decimals int) (int64, error) {
	i, neg := 0, false
	if i < len(b) && b[i] == '-' {
		neg = true
		i++
	}
	if i+1 < len(b) && b[i] == '0' && b[i+1] != '.' {
		return parseSlow(b, decimals)
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
	if len(b) > maxDigits {
		return 0, fmt.Errorf("number of %d digits", len(b))
	}
	if !isNumber(b) {
		return 0, fmt.Errorf("not a number: %q", b)
	}
	// A huge exponent would make big.Rat work for ever; a float64 tells its
	// size first.
	if f, err := strconv.ParseFloat(string(b), 64); err != nil || math.Abs(f) > 1e19 {
		return 0, ErrRange
	} else if math.Abs(f) < 1e-30 {
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

func isNumber(b []byte) bool {
	if len(b) == 0 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return false
	}
	last := b[len(b)-1]
	return last >= '0' && last <= '9' && json.Valid(b)
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

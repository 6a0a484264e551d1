package tool

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Number is a value of the calculator: an exact fraction, or, once something
// irrational or very small came in, a double.
type Number struct {
	exact  *big.Rat // nil: approx counts
	approx float64
}

const (
	maxBits        = 1 << 16 // of a whole number, about 19,700 digits
	maxDenominator = 1 << 12 // bits; a finer fraction goes on as a double
	maxDecimals    = 40      // printed of an exact fraction that ends
	digits         = 16      // printed of a fraction that does not end
)

var (
	errZero  = errors.New("division by zero")
	errLarge = fmt.Errorf("the number is too large: whole numbers may have %d bits (about 19,700 digits), others must stay below 1.8e308", maxBits)
	errSmall = errors.New("the number is too small: closer to zero than 5e-324, but not zero")
	errReal  = errors.New("there is no real result")
)

func whole(n int64) Number { return Number{exact: big.NewRat(n, 1)} }

// exactly takes a fraction, as a double if it is too fine.
func exactly(r *big.Rat) (Number, error) {
	switch {
	case r.Denom().BitLen() > maxDenominator:
		f, _ := new(big.Float).SetRat(r).Float64()
		return roughly(f, r.Sign() == 0)
	case r.Num().BitLen() > maxBits:
		return Number{}, errLarge
	}
	return Number{exact: r}, nil
}

// roughly takes a double. zero tells that 0 is right and not what was left of
// something smaller than a double can be.
func roughly(f float64, zero bool) (Number, error) {
	switch {
	case math.IsNaN(f):
		return Number{}, errReal
	case math.IsInf(f, 0):
		return Number{}, errLarge
	case f == 0 && !zero:
		return Number{}, errSmall
	}
	return Number{approx: f}, nil
}

// Rat returns the exact value, nil if the number is a double.
func (n Number) Rat() *big.Rat { return n.exact }

// Float returns the nearest double, infinite beyond their range.
func (n Number) Float() float64 {
	if n.exact == nil {
		return n.approx
	}
	f, _ := n.exact.Float64()
	return f
}

func (n Number) sign() int {
	if n.exact != nil {
		return n.exact.Sign()
	}
	return big.NewFloat(n.approx).Sign()
}

// integer returns the value if it is exact and whole, else nil.
func (n Number) integer() *big.Int {
	if n.exact == nil || !n.exact.IsInt() {
		return nil
	}
	return n.exact.Num()
}

// decimal returns the value as a fraction: of a double the shortest decimal
// number that reads back as it, so that rounding works on what is printed.
func (n Number) decimal() *big.Rat {
	if n.exact != nil {
		return n.exact
	}
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(n.approx, 'g', -1, 64))
	return r
}

// String prints whole numbers and decimals that end in full, other fractions
// with 16 digits, and a double with the fewest digits that read back as it.
func (n Number) String() string {
	if n.exact == nil {
		return strconv.FormatFloat(n.approx+0, 'g', -1, 64) // + 0: no minus before zero
	}
	if n.exact.IsInt() {
		return n.exact.Num().String()
	}
	if decimals, ends := n.exact.FloatPrec(); ends && decimals <= maxDecimals {
		return n.exact.FloatString(decimals)
	}
	return new(big.Float).SetPrec(128).SetRat(n.exact).Text('g', digits)
}

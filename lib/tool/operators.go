package tool

import (
	"math"
	"math/big"
)

// binary applies an operator: exactly if both sides are exact.
func binary(op string, a, b Number) (Number, error) {
	if op == "**" {
		return power(a, b)
	}
	if b.sign() == 0 && (op == "/" || op == "//" || op == "%") {
		return Number{}, errZero
	}
	if a.exact == nil || b.exact == nil {
		return binaryFloat(op, a.Float(), b.Float())
	}
	z := new(big.Rat)
	switch op {
	case "+":
		z.Add(a.exact, b.exact)
	case "-":
		z.Sub(a.exact, b.exact)
	case "*":
		z.Mul(a.exact, b.exact)
	case "/":
		z.Quo(a.exact, b.exact)
	case "//":
		z.SetInt(floor(z.Quo(a.exact, b.exact)))
	case "%": // a − b·floor(a/b), so with the sign of b
		q := new(big.Rat).SetInt(floor(new(big.Rat).Quo(a.exact, b.exact)))
		z.Sub(a.exact, q.Mul(q, b.exact))
	}
	return exactly(z)
}

func binaryFloat(op string, x, y float64) (Number, error) {
	switch op {
	case "+":
		return roughly(x+y, true)
	case "-":
		return roughly(x-y, true)
	case "*":
		return roughly(x*y, x == 0 || y == 0)
	case "/":
		return roughly(x/y, x == 0)
	case "//":
		return roughly(math.Floor(x/y), true)
	}
	m := math.Mod(x, y)
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return roughly(m, true)
}

// floor rounds a fraction down.
func floor(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: down, as the divisor is positive
}

// power is a to the b. Sizes are estimated before anything is computed.
func power(a, b Number) (Number, error) {
	if n := b.integer(); n != nil && a.exact != nil {
		return powerInteger(a.exact, n)
	}
	if a.exact != nil && b.exact != nil && b.exact.Cmp(big.NewRat(1, 2)) == 0 {
		return squareRoot(a)
	}
	switch {
	case a.sign() == 0 && b.sign() < 0:
		return Number{}, errZero
	case a.sign() < 0 && b.Float() != math.Trunc(b.Float()):
		return Number{}, errReal
	}
	return roughly(math.Pow(a.Float(), b.Float()), a.sign() == 0)
}

func powerInteger(base *big.Rat, n *big.Int) (Number, error) {
	size := max(base.Num().BitLen(), base.Denom().BitLen()) // of ±1 and 0: 1
	switch {
	case base.Sign() == 0 && n.Sign() < 0:
		return Number{}, errZero
	case base.Sign() == 0 && n.Sign() > 0:
		return whole(0), nil
	case size == 1: // ±1 to any power
		return whole(1 - 2*int64(n.Bit(0))*int64((1-base.Sign())/2)), nil
	}
	// (2^(size−1))^n ≤ |num or denom|^n: if that is too much already, it is.
	e := new(big.Int).Abs(n)
	if !e.IsInt64() || e.Int64() > maxBits || (int64(size)-1)*e.Int64() > 2*maxBits {
		return powerFar(base, n)
	}
	num := new(big.Int).Exp(base.Num(), e, nil)
	den := new(big.Int).Exp(base.Denom(), e, nil)
	if n.Sign() < 0 {
		num, den = den, num
	}
	return exactly(new(big.Rat).SetFrac(num, den))
}

// powerFar is a power beyond exact arithmetic: whole numbers are too large,
// fractions may have a double near them.
func powerFar(base *big.Rat, n *big.Int) (Number, error) {
	if base.IsInt() && n.Sign() > 0 {
		return Number{}, errLarge
	}
	b, _ := base.Float64()
	e, _ := new(big.Float).SetInt(n).Float64()
	f := math.Pow(math.Abs(b), e)
	if base.Sign() < 0 && n.Bit(0) == 1 {
		f = -f
	}
	return roughly(f, false)
}

// squareRoot is exact for squares of fractions.
func squareRoot(a Number) (Number, error) {
	if a.sign() < 0 {
		return Number{}, errReal
	}
	if a.exact != nil {
		num, den := new(big.Int).Sqrt(a.exact.Num()), new(big.Int).Sqrt(a.exact.Denom())
		z := new(big.Rat).SetFrac(num, den)
		if new(big.Rat).Mul(z, z).Cmp(a.exact) == 0 {
			return exactly(z)
		}
		f, _ := new(big.Float).Sqrt(new(big.Float).SetPrec(128).SetRat(a.exact)).Float64()
		return roughly(f, false)
	}
	return roughly(math.Sqrt(a.approx), a.approx == 0)
}

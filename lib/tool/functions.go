package tool

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// function is one function of the calculator. most < 0: any number of
// arguments from least on.
type function struct {
	least, most int
	call        func(x []Number) (Number, error)
}

var constants = map[string]Number{
	"pi": {approx: math.Pi},
	"π":  {approx: math.Pi},
	"e":  {approx: math.E},
}

var functions = map[string]function{
	"sqrt":  {1, 1, func(x []Number) (Number, error) { return squareRoot(x[0]) }},
	"abs":   {1, 1, func(x []Number) (Number, error) { return absolute(x[0]), nil }},
	"round": {1, 2, round},
	"floor": {1, 1, func(x []Number) (Number, error) { return toInteger(x[0], floor) }},
	"ceil":  {1, 1, func(x []Number) (Number, error) { return toInteger(x[0], ceil) }},
	"min":   {1, -1, func(x []Number) (Number, error) { return slices.MinFunc(x, compare), nil }},
	"max":   {1, -1, func(x []Number) (Number, error) { return slices.MaxFunc(x, compare), nil }},
	"log":   {1, 2, logarithm},
	"log10": {1, 1, logarithm},
	"log2":  {1, 1, func(x []Number) (Number, error) { return logarithm([]Number{x[0], whole(2)}) }},
	"ln":    {1, 1, naturalLogarithm},
	"exp":   {1, 1, func(x []Number) (Number, error) { return roughly(math.Exp(x[0].Float()), false) }},
	"sin":   {1, 1, circular(math.Sin)},
	"cos":   {1, 1, circular(math.Cos)},
	"tan":   {1, 1, circular(math.Tan)},
}

func call(name string, x []Number) (Number, error) {
	f := functions[name]
	if len(x) < f.least || f.most >= 0 && len(x) > f.most {
		return Number{}, fmt.Errorf("%s takes %s, not %d", name, arity(f), len(x))
	}
	z, err := f.call(x)
	if err != nil {
		return z, fmt.Errorf("%s: %w", name, err)
	}
	return z, nil
}

func arity(f function) string {
	switch {
	case f.most < 0:
		return "one or more arguments"
	case f.most == 2:
		return "one or two arguments"
	}
	return "one argument"
}

// functionNames lists the functions, for error texts.
func functionNames() string {
	var names []string
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func compare(a, b Number) int { return a.decimal().Cmp(b.decimal()) }

func absolute(x Number) Number {
	if x.exact != nil {
		return Number{exact: new(big.Rat).Abs(x.exact)}
	}
	return Number{approx: math.Abs(x.approx)}
}

func negative(x Number) Number {
	if x.exact != nil {
		return Number{exact: new(big.Rat).Neg(x.exact)}
	}
	return Number{approx: -x.approx}
}

func toInteger(x Number, rule func(*big.Rat) *big.Int) (Number, error) {
	return exactly(new(big.Rat).SetInt(rule(x.decimal())))
}

func ceil(r *big.Rat) *big.Int {
	n := floor(new(big.Rat).Neg(r))
	return n.Neg(n)
}

// round rounds halves away from zero, to whole numbers or to a number of
// decimals, which may be negative.
func round(x []Number) (Number, error) {
	const most = 300
	scale := big.NewRat(1, 1)
	if len(x) == 2 {
		n := x[1].integer()
		if n == nil || !n.IsInt64() || n.Int64() > most || n.Int64() < -most {
			return Number{}, fmt.Errorf("the number of decimals must be a whole number from %d to %d", -most, most)
		}
		scale.SetInt(new(big.Int).Exp(big.NewInt(10), new(big.Int).Abs(n), nil))
		if n.Sign() < 0 {
			scale.Inv(scale)
		}
	}
	r := new(big.Rat).Mul(new(big.Rat).Abs(x[0].decimal()), scale)
	r.SetInt(floor(r.Add(r, big.NewRat(1, 2))))
	r.Quo(r, scale)
	if x[0].sign() < 0 {
		r.Neg(r)
	}
	return exactly(r)
}

// logarithm has base 10, or its second argument. Whole powers of the base give
// whole results: the logarithm of 1000 is 3, not 2.9999999999999996.
func logarithm(x []Number) (Number, error) {
	base := whole(10)
	if len(x) == 2 {
		base = x[1]
	}
	ln, err := naturalLogarithm(x[:1])
	if err != nil {
		return ln, err
	}
	lnBase, err := naturalLogarithm([]Number{base})
	switch {
	case err != nil:
		return lnBase, fmt.Errorf("base: %w", err)
	case lnBase.sign() == 0:
		return Number{}, fmt.Errorf("the base must not be 1")
	}
	f := ln.Float() / lnBase.Float()
	if n := math.Round(f); math.Abs(n) <= maxBits && x[0].exact != nil && base.exact != nil {
		if z, err := power(base, whole(int64(n))); err == nil && z.exact != nil && z.exact.Cmp(x[0].exact) == 0 {
			return whole(int64(n)), nil
		}
	}
	if y := x[0].Float(); len(x) == 1 && !math.IsInf(y, 0) && y > 0 {
		f = math.Log10(y) // one rounding less
	}
	return roughly(f, ln.sign() == 0)
}

func naturalLogarithm(x []Number) (Number, error) {
	if x[0].sign() <= 0 {
		return Number{}, errReal
	}
	if r := x[0].exact; r != nil { // beyond the range of doubles too: ln(m·2^k)
		if r.Cmp(big.NewRat(1, 1)) == 0 {
			return whole(0), nil
		}
		m := new(big.Float)
		k := new(big.Float).SetPrec(128).SetRat(r).MantExp(m)
		f, _ := m.Float64()
		if k >= -1000 && k <= 1000 {
			return roughly(math.Log(x[0].Float()), false)
		}
		return roughly(math.Log(f)+float64(k)*math.Ln2, false)
	}
	return roughly(math.Log(x[0].approx), x[0].approx == 1)
}

// circular takes radians. Beyond 2^53 a double does not tell one turn from the
// next.
func circular(f func(float64) float64) func([]Number) (Number, error) {
	return func(x []Number) (Number, error) {
		a := x[0].Float()
		if math.Abs(a) > 1<<53 {
			return Number{}, fmt.Errorf("the angle is too large to be told from the next turn")
		}
		return roughly(f(a), true)
	}
}

package run

import (
	"fmt"
	"math"
	"strconv"
)

// Figure prints a value with the digits that its uncertainty supports: 12.3 ±
// 0.9 is "12.3", 1234 ± 90 is "1230", and 0.4 ± 0.5 is "<0.9", because that is
// all that is known of it.
func Figure(value, uncertainty float64) string {
	u := math.Abs(uncertainty)
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return "unknown"
	case u == 0:
		return digits(value, 6)
	case u >= math.Abs(value):
		return "<" + digitsUp(math.Abs(value)+u, 1)
	}
	return atPlace(value, int(math.Floor(math.Log10(u))))
}

// digits prints a value to n significant digits.
func digits(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return atPlace(v, int(math.Floor(math.Log10(math.Abs(v))))-n+1)
}

// digitsUp rounds a limit up, to n significant digits.
func digitsUp(v float64, n int) string {
	if v <= 0 {
		return "0"
	}
	place := int(math.Floor(math.Log10(v))) - n + 1
	unit := math.Pow10(place)
	return atPlace(math.Ceil(v/unit-1e-9)*unit, place)
}

// atPlace rounds to a power of ten, and prints very small values with an
// exponent.
func atPlace(v float64, place int) string {
	if place >= 0 {
		unit := math.Pow10(place)
		return strconv.FormatFloat(math.Round(v/unit)*unit, 'f', 0, 64)
	}
	if place < -6 && math.Abs(v) < 1e-4 {
		exp := int(math.Floor(math.Log10(math.Abs(v))))
		return strconv.FormatFloat(v, 'e', max(exp-place, 0), 64)
	}
	return strconv.FormatFloat(v, 'f', -place, 64)
}

// Joules prints an energy. An estimate says so and has two digits, since a
// model has no known uncertainty.
func Joules(value float64, uncertainty *float64, estimated bool) string {
	switch {
	case estimated:
		return "est. " + digits(value, 2) + " J"
	case uncertainty == nil:
		return digits(value, 3) + " J"
	}
	return Figure(value, *uncertainty) + " J"
}

// between prints a value and its interval with the digits that the interval
// supports, and one more.
func between(value, lo, hi float64) string {
	u := (hi - lo) / 2
	switch {
	case u <= 0:
		return digits(value, 3)
	case u > math.Abs(value): // an interval over powers of ten
		return fmt.Sprintf("%s (%s to %s)", digits(value, 2), digits(lo, 2), digits(hi, 2))
	}
	place := int(math.Floor(math.Log10(u))) - 1
	return fmt.Sprintf("%s (%s to %s)", atPlace(value, place), atPlace(lo, place), atPlace(hi, place))
}

// percent prints a share.
func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 0, 64) + " %" }

// grouped prints a count with thin groups of three digits: 1 234 567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

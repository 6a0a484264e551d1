package score

import (
	"strconv"
	"strings"
)

// number is a decimal number in its one canonical form, so that == compares
// values: ±0.digits × 10^exponent, where digits neither begins nor ends with 0.
// No float is involved: 0.1 is 0.1, and 2^53 + 1 is not 2^53. Zero is the zero
// value, whatever its sign.
type number struct {
	negative bool
	digits   string
	exponent int64
}

// parseNumber reads a normalised text as a number: decimal digits with an
// optional sign, point and exponent, after $, % and comma were removed. Hex,
// digit groups by underscore, fractions, inf and nan are texts. A minus may be
// the typographic one, U+2212.
func parseNumber(s string) (number, bool) {
	s = strings.TrimSpace(strings.NewReplacer("$", "", "%", "", ",", "").Replace(s))
	var n number
	switch {
	case strings.HasPrefix(s, "-"):
		n.negative, s = true, s[1:]
	case strings.HasPrefix(s, "−"):
		n.negative, s = true, s[len("−"):]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	mantissa, power, hasPower := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !digitsOnly(whole) || !digitsOnly(fraction) || whole+fraction == "" || hasPoint && fraction == "" {
		return number{}, false
	}
	if hasPower {
		var ok bool
		if n.exponent, ok = parseExponent(power); !ok {
			return number{}, false
		}
	}
	digits := strings.TrimLeft(whole, "0")
	n.exponent += int64(len(digits))
	if digits == "" {
		digits = strings.TrimLeft(fraction, "0")
		n.exponent -= int64(len(fraction) - len(digits))
	} else {
		digits += fraction
	}
	if n.digits = strings.TrimRight(digits, "0"); n.digits == "" {
		return number{}, true
	}
	return n, true
}

// parseExponent reads an exponent of up to 15 digits: those of any number that
// an answer can hold, and no sum of them with a length overflows.
func parseExponent(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == s {
		digits = strings.TrimPrefix(s, "+")
	}
	if digits == "" || !digitsOnly(digits) || len(digits) > 15 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func digitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

package sampler

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Line says in words what was used in a window of so many seconds:
//
//	12.3 J cpu, 0.31 s, 40 W
//	312 J gpu, 12 J cpu (est.), 1.24 s, 252 W + 9.7 W (est.)
//
//	97 J board (in 24 % of the time), 4.01 s, 100 W
//
// with the digits that each uncertainty supports, two where it is unknown.
// Estimated joules are never added to measured ones. Watts are joules over the
// time in which they were told.
func Line(uses []Use, seconds float64) string {
	var words []string
	var measured, guessed sum
	for _, u := range uses {
		switch {
		case u.Unknown:
			words = append(words, u.Kind+" not measured: too few readings")
			continue
		case u.Estimated:
			words = append(words, Digits(u.Joules, u.Uncertain, " J")+" "+u.Kind+" (est.)"+part(u))
			guessed.add(u)
		default:
			words = append(words, Digits(u.Joules, u.Uncertain, " J")+" "+u.Kind+part(u))
			measured.add(u)
		}
	}
	if len(words) == 0 {
		words = append(words, "nothing measured")
	}
	words = append(words, secondsWord(seconds))
	if power := powerWords(measured, guessed, seconds); power != "" {
		words = append(words, power)
	}
	return strings.Join(words, ", ")
}

// part says that not all of the time was told of, if much is missing.
func part(u Use) string {
	if u.Missing < 0.01 {
		return ""
	}
	return fmt.Sprintf(" (in %.0f %% of the time)", max(math.Floor(100*(1-u.Missing)), 1))
}

func secondsWord(s float64) string {
	if s < 0.1 {
		return significant(s, 2) + " s"
	}
	return fmt.Sprintf("%.2f s", s)
}

// sum is joules, were they told all the time.
type sum struct {
	any               bool
	joules, uncertain float64
}

func (s *sum) add(u Use) {
	s.any = true
	s.joules += u.Joules + u.Untold
	s.uncertain += u.Uncertain / (1 - u.Missing)
}

func powerWords(measured, guessed sum, seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	watts := func(s sum) string { return Digits(s.joules/seconds, s.uncertain/seconds, " W") }
	switch {
	case measured.any && guessed.any:
		return watts(measured) + " + " + watts(guessed) + " (est.)"
	case measured.any:
		return watts(measured)
	case guessed.any:
		return watts(guessed)
	}
	return ""
}

// Digits prints a value with the digits that its uncertainty supports, NaN for
// an unknown one. A value that is not larger than it prints as "<" and that.
func Digits(value, uncertain float64, unit string) string {
	if math.IsNaN(uncertain) {
		return significant(value, 2) + unit
	}
	if uncertain >= value && uncertain > 0 {
		return "<" + significant(roundUp(uncertain), 1) + unit
	}
	if uncertain <= 0 {
		return strconv.FormatFloat(math.Round(value*1e6)/1e6, 'f', -1, 64) + unit // a counter's own microjoules
	}
	place := int(math.Ceil(math.Log10(uncertain)))
	if math.Pow(10, float64(place)) > 2*value {
		place-- // better a digit too many than 0
	}
	return fixed(value, max(place, -6)) + unit
}

// roundUp rounds up to one significant digit.
func roundUp(f float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(f)))
	return math.Ceil(f/p-1e-9) * p
}

// significant prints n significant digits, without an exponent.
func significant(f float64, n int) string {
	if f == 0 {
		return "0"
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'e', n-1, 64), 64)
	return fixed(rounded, int(math.Floor(math.Log10(math.Abs(rounded))+1e-9))-n+1)
}

// fixed rounds to the decimal place 10^place.
func fixed(f float64, place int) string {
	if place > 0 {
		p := math.Pow(10, float64(place))
		return strconv.FormatFloat(math.Round(f/p)*p, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', -place, 64)
}

package powerlog

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/unit"
)

// missing reports a cell that says there is no value: nvidia-smi writes [N/A],
// [Not Supported], [Unknown Error] and the like, older ones without brackets;
// dmon "-"; perf <not counted>; turbostat ** behind a number that its counter
// could not hold.
func missing(cell string) bool {
	if cell == "" || strings.HasSuffix(cell, "**") {
		return true
	}
	if first, last := cell[0], cell[len(cell)-1]; first == '[' && last == ']' || first == '<' && last == '>' {
		return true
	}
	switch strings.ToLower(cell) {
	case "-", "--", "n/a", "na", "nan", "+nan", "-nan", "inf", "+inf", "-inf", "none", "null", "not supported", "unknown error", "err!", "unknown":
		return true
	}
	return false
}

// blanks are the numbers that NVML and DCGM have for "none": dcgm_structs.h,
// DCGM_INT32_BLANK, DCGM_INT64_BLANK and DCGM_FP64_BLANK with the three values
// behind each (not found, not supported, not permitted), and all ones.
func blank(number string) bool {
	whole, _, _ := strings.Cut(number, ".")
	switch whole {
	case "2147483632", "2147483633", "2147483634", "2147483635", "2147483647", "4294967295",
		"9223372036854775792", "9223372036854775793", "9223372036854775794", "9223372036854775795",
		"9223372036854775807", "18446744073709551615",
		"140737488355328", "140737488355329", "140737488355330", "140737488355331":
		return true
	}
	return false
}

// scale is a unit: its values times 10^decimals times factor are micro-units.
type scale struct {
	joules   bool
	decimals int
	factor   int64
}

// scaleOf knows the units of power and energy.
func scaleOf(name string) (scale, bool) {
	s, ok := units[strings.Trim(name, "[]() ")]
	return s, ok
}

var units = map[string]scale{
	"W": {false, 6, 1}, "mW": {false, 3, 1}, "uW": {false, 0, 1}, "µW": {false, 0, 1}, "kW": {false, 9, 1},
	"J": {true, 6, 1}, "Joules": {true, 6, 1}, "mJ": {true, 3, 1}, "uJ": {true, 0, 1}, "µJ": {true, 0, 1}, "kJ": {true, 9, 1},
	"Wh": {true, 6, 3600}, "kWh": {true, 9, 3600},
}

// parse reads a cell without unit as microwatts or microjoules. What no machine
// can have meant is no value.
func (s scale) parse(cell string) (int64, error) {
	cell = strings.TrimSpace(cell)
	if missing(cell) || blank(cell) {
		return power.Null, nil
	}
	n, err := unit.ParseDecimal([]byte(cell), s.decimals)
	switch {
	case err == unit.ErrRange:
		return power.Null, nil
	case err != nil:
		return 0, fmt.Errorf("%.40q is no number", cell)
	case n < 0 || n > math.MaxInt64/4/s.factor || !s.joules && n*s.factor > sensor.MaxMicroW:
		return power.Null, nil
	}
	return n * s.factor, nil
}

// cell reads a cell that may carry its unit, as in "68.13 W".
func (s scale) cell(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if number, name, ok := strings.Cut(text, " "); ok && !missing(text) {
		own, known := scaleOf(name)
		if !known || own.joules != s.joules {
			return 0, fmt.Errorf("%.40q is no number", text)
		}
		return own.parse(number)
	}
	return s.parse(text)
}

// quantity reads a number with a unit that does not matter, such as "42 %":
// NaN is none, and so is what lies outside of its range.
func quantity(cell string, least, most float64) float64 {
	number, _, _ := strings.Cut(strings.TrimSpace(cell), " ")
	number = strings.TrimSuffix(number, "%")
	if missing(number) || blank(number) {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= least && f <= most) {
		return math.NaN()
	}
	return f
}

// percent is a utilisation from 0 to 1.
func percent(cell string) float64 { return quantity(cell, 0, 100) / 100 }

// celsius is a temperature a chip may have.
func celsius(cell string) float64 { return quantity(cell, -60, 250) }

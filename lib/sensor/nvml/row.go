package nvml

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/unit"
)

// errNotTold is nvidia-smi's "[N/A]" and its like.
var errNotTold = errors.New("not told")

// columns splits a line of nvidia-smi's CSV, which quotes nothing.
func columns(line string) []string {
	f := strings.Split(strings.TrimSpace(line), ",")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	return f
}

// parseRow reads "index, watts, % utilisation, MiB used, °C".
func parseRow(line string) (index string, r sensor.Reading, ok bool) {
	f := columns(line)
	if len(f) != 5 || !isIndex(f[0]) {
		return "", r, false
	}
	r.Clear()
	if w, err := watts(f[1]); err != nil {
		r.WErr = err
	} else {
		r.MicroW = w
	}
	if u := number(f[2]); u >= 0 && u <= 100 {
		r.Util = u / 100
	}
	if m := number(f[3]); m >= 0 {
		r.MemBytes = m * (1 << 20)
	}
	r.TempC = number(f[4])
	return f[0], r, true
}

func isIndex(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0
}

// watts reads a power as microwatts.
func watts(s string) (int64, error) {
	if s == "" || s[0] < '0' || s[0] > '9' { // [N/A], [Not Supported], [Unknown Error], ERR!
		if strings.Contains(s, "N/A") || strings.Contains(s, "Not Supported") {
			return power.Null, errNotTold
		}
		return power.Null, errors.New("nvidia-smi says " + strconv.Quote(s))
	}
	w, err := unit.ParseMicro([]byte(s))
	if err != nil || w > sensor.MaxMicroW {
		return power.Null, sensor.ErrRange
	}
	if w == 0 {
		return power.Null, sensor.ErrNoPower
	}
	return w, nil
}

// number reads a number, NaN if it is none.
func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

package powerlog

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// macmon reads the JSON lines of macmon pipe: watts of an Apple chip, each the
// mean over the interval (-i, one second unless told), and of the whole system.
//
//	{"timestamp":"2025-11-23T10:00:00.123456+01:00","cpu_power":2.31,"gpu_power":0.06,"ane_power":0.0,"sys_power":9.8,…}
//
// A sys_power of 0 is one that could not be read. all_power is the sum of CPU, GPU
// and ANE and adds nothing; gpu_ram_power, the GPU's SRAM, is left out, because
// nobody says whether gpu_power contains it.
//
// Followed: macmon 0.6 and newer.
type macmon struct {
	src     *source
	stamps  stamps
	skipped unread
}

type macmonReport struct {
	Timestamp string `json:"timestamp"`
	SOC       struct {
		Name string `json:"chip_name"`
	} `json:"soc"`
	Temp struct {
		CPU *float64 `json:"cpu_temp_avg"`
		GPU *float64 `json:"gpu_temp_avg"`
	} `json:"temp"`
	CPU *float64 `json:"cpu_active_ratio"`
	GPU *float64 `json:"gpu_active_ratio"`
}

// macmonParts are the fields with power.
var macmonParts = []struct {
	key string
	power.Domain
	mean bool
}{
	{"cpu_power", power.Domain{ID: "cpu:0", Kind: power.CPU}, true},
	{"gpu_power", power.Domain{ID: "gpu:0", Kind: power.GPU}, true},
	{"ane_power", power.Domain{ID: "ane:0", Kind: power.ANE}, true},
	{"ram_power", power.Domain{ID: "dram:0", Kind: power.DRAM}, true},
	{"sys_power", power.Domain{ID: "board:0", Kind: power.Board, Name: "system"}, false}, // the SMC's, of the moment
}

// macmonOther are fields that add nothing.
var macmonOther = []string{"all_power", "gpu_ram_power"}

func openMacmon(s *source, o Options) Reader {
	r := &macmon{src: s, stamps: newStamps(s, o), skipped: unread{src: s}}
	return join(&objects{src: s, read: r.read}, s, &r.stamps, o)
}

func (r *macmon) read(raw []byte, line int, row *row) (err error) {
	var fields map[string]json.RawMessage
	var m macmonReport
	if err := json.Unmarshal(raw, &fields); err != nil {
		return stream.WrongType(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return stream.WrongType(err)
	}
	if m.Timestamp != "" {
		if row.t, err = r.stamps.date(m.Timestamp); err != nil {
			return err
		}
	}
	for _, p := range macmonParts {
		text, ok := fields[p.key]
		if !ok {
			continue
		}
		c := cell{domain: r.domain(p.Domain, p.mean, m.SOC.Name), Value: nothing}
		if c.W, err = units["W"].parse(string(text)); err != nil {
			return errors.New("field " + p.key + ": " + err.Error())
		}
		switch p.key {
		case "sys_power":
			if c.W == 0 { // the SMC did not tell: no Mac that runs draws nothing
				c.W = power.Null
			}
		case "cpu_power":
			c.TempC, c.Util = float(m.Temp.CPU), float(m.CPU)
		case "gpu_power":
			c.TempC, c.Util = float(m.Temp.GPU), float(m.GPU)
		}
		row.values = append(row.values, c)
	}
	r.others(fields)
	if len(row.values) == 0 {
		return errors.New("no field of power: cpu_power, gpu_power, …")
	}
	return nil
}

// others names the fields of power that are not known.
func (r *macmon) others(fields map[string]json.RawMessage) {
	var names []string
	for key := range fields {
		known := slices.Contains(macmonOther, key)
		for _, p := range macmonParts {
			known = known || p.key == key
		}
		if !known && strings.HasSuffix(key, "_power") {
			names = append(names, key)
		}
	}
	slices.Sort(names)
	r.skipped.name(names)
}

func (r *macmon) domain(d power.Domain, mean bool, chip string) Domain {
	d.Source, d.Energy, d.Power = "macmon", power.None, power.Instant
	if d.Name == "" {
		d.Name = chip
	}
	if mean {
		d.Power = power.Averaged
	}
	return Domain{Domain: d, Mean: mean}
}

// float is a number that may be missing: NaN.
func float(f *float64) float64 {
	if f == nil {
		return math.NaN()
	}
	return *f
}

// Package jetson reads the power rails of NVIDIA's Jetson modules, which INA3221
// monitors on the I²C bus measure.
//
//	/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/in1_label     VDD_GPU_SOC
//	/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/in1_input     19152 (mV)
//	/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/curr1_input   208 (mA)
//
// Releases of JetPack before 5 have another driver, with milliwatts:
//
//	/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0        VDD_IN
//	/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input    3012
//
// Each reading is of a moment, volts and amperes one after the other. See the
// kernel's Documentation/hwmon/ina3221.rst and the section on power monitors in
// NVIDIA's Jetson Linux Developer Guide.
package jetson

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "jetson"

// Open finds the rails below root, which is /sys on a real machine. Its error is
// a *sensor.Unavailable.
func Open(root string) ([]sensor.Sensor, error) { return open(root, sensor.OpenFile) }

func open(root string, opener sensor.Opener) ([]sensor.Sensor, error) {
	var sensors []sensor.Sensor
	numbers := make(map[string]int) // rails of a kind so far
	for _, r := range find(root) {
		if s := r.open(name(r.label, numbers), opener); s != nil {
			sensors = append(sensors, s)
		}
	}
	if len(sensors) == 0 {
		dir := filepath.Join(root, "bus/i2c/drivers")
		return nil, sensor.Absent(Source, dir, "no ina3221 rails in "+dir, "")
	}
	return sensors, nil
}

// monitor is one INA3221's directory of channels, whose last part is numbered
// anew when the driver is loaded again.
type monitor struct{ pattern string }

func (m monitor) dir() string {
	dirs, _ := filepath.Glob(m.pattern)
	if len(dirs) == 0 {
		return ""
	}
	return dirs[0]
}

// found is a channel with a label.
type found struct {
	monitor monitor
	label   string
	channel string
	files   []string // volts and amperes, or milliwatts
}

// find lists the channels that have a name, monitor by monitor.
func find(root string) []found {
	devices, _ := filepath.Glob(filepath.Join(root, "bus/i2c/drivers/ina3221*/*-*"))
	slices.Sort(devices)
	var all []found
	for _, device := range devices {
		for _, layout := range []struct{ dir, label, before, after string }{
			{"hwmon/hwmon*", "in*_label", "in", "_label"},
			{"iio*device*", "rail_name_*", "rail_name_", ""},
		} {
			m := monitor{filepath.Join(device, layout.dir)}
			labels, _ := filepath.Glob(filepath.Join(m.dir(), layout.label))
			slices.SortFunc(labels, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
			for _, path := range labels {
				k := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), layout.before), layout.after)
				f := found{m, sensor.ReadText(path), k, files(m.dir(), k)}
				if f.label != "" && f.label != "NC" && f.files != nil { // not connected
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// files are what a channel's watts are made of.
func files(dir, k string) []string {
	for _, names := range [][]string{{"in" + k + "_input", "curr" + k + "_input"}, {"in_power" + k + "_input"}} {
		if !slices.ContainsFunc(names, func(n string) bool { return sensor.ReadText(filepath.Join(dir, n)) == "" }) {
			return names
		}
	}
	return nil
}

// name is a rail's domain, told by its label.
func name(label string, numbers map[string]int) power.Domain {
	kind := kindOf(label)
	d := power.Domain{Kind: kind, Name: label, Source: Source}
	if kind == power.Uncore {
		d.ID = "rail:" + word(label)
		return d
	}
	d.ID = kind + ":" + strconv.Itoa(numbers[kind])
	numbers[kind]++
	return d
}

// word is a label as a part of an id.
func word(label string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(label))
}

// kindOf says what hangs on a rail. A rail of processor and graphics together is
// neither. One that feeds none of them by name is recorded and not counted.
func kindOf(label string) string {
	upper := strings.ToUpper(label)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(upper, w) })
	}
	switch {
	case upper == "VIN" || strings.HasSuffix(upper, "_IN"):
		return power.Board // VDD_IN, POM_5V_IN: all of the module
	case has("CPU") && has("GPU", "SOC"):
		return power.SOC
	case has("GPU"):
		return power.GPU // VDD_GPU_SOC too: the SoC's core hangs on it
	case has("CPU"):
		return power.CPU // VDD_CPU_CV too
	case has("SOC", "_CV"), upper == "CV":
		return power.SOC
	case has("DDR", "VDDQ", "VDDRQ"):
		return power.DRAM
	}
	return power.Uncore
}

// open opens a rail's files, nil if they are gone.
func (f found) open(d power.Domain, opener sensor.Opener) sensor.Sensor {
	r := &rail{}
	for _, name := range f.files {
		file, err := sensor.OpenFound(func() string {
			if dir := f.monitor.dir(); dir != "" {
				return filepath.Join(dir, name)
			}
			return ""
		}, 32, opener)
		if err != nil {
			r.Close()
			if path := filepath.Join(f.monitor.dir(), name); errors.Is(err, fs.ErrPermission) {
				return sensor.Silent(d, &sensor.Denied{What: path, Fix: "sudo chmod a+r " + path + "   (until the next boot)"})
			}
			return nil
		}
		r.files = append(r.files, file)
	}
	d.Energy, d.Power = power.Integrated, power.Instant
	if ms := sensor.ReadCount(filepath.Join(f.monitor.dir(), "update_interval")); ms > 0 {
		us := 1000 * ms
		d.UpdateUs = &us
	}
	r.domain.Domain = d
	return r
}

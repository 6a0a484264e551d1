// Package hwmon reads the power meters and energy counters of Linux's hardware
// monitoring tree: of whole machines, of NVIDIA Grace, of Intel GPUs.
//
// Each chip is a directory with a name; its channels are files in microwatts
// and microjoules:
//
//	/sys/class/hwmon/hwmon2/name                          power_meter
//	/sys/class/hwmon/hwmon2/device/power1_average         93000000
//	/sys/class/hwmon/hwmon2/device/power1_average_interval  50 (ms)
//	/sys/class/hwmon/hwmon2/device/power1_oem_info        Module Power Socket 0
//	/sys/class/hwmon/hwmon5/name                          xe
//	/sys/class/hwmon/hwmon5/energy1_input                 8812345678
//
// Many chips have a power channel of some rail or other. Only those are read of
// which it is known what they contain; the rest would be a guess. AMD GPUs and
// Jetson's rails have packages of their own.
//
// See Documentation/hwmon/sysfs-interface.rst, acpi_power_meter.rst and
// Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon in the kernel's source,
// and the chapter on power telemetry of NVIDIA's Grace performance tuning guide.
package hwmon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "hwmon"

// windowUs is what a meter's average is taken over if it does not say: "the
// average over the last second" is what most firmware does.
const windowUs = 1_000_000

// Open finds the meters below root, which is /sys on a real machine. Its error
// is a *sensor.Unavailable.
func Open(root string) ([]sensor.Sensor, error) { return open(root, sensor.OpenFile) }

func open(root string, opener sensor.Opener) ([]sensor.Sensor, error) {
	tree := filepath.Join(root, "class/hwmon")
	chips := list(tree)
	var sensors []sensor.Sensor
	for _, m := range identify(chips) {
		if s := openMeter(tree, m, opener); s != nil {
			sensors = append(sensors, s)
		}
	}
	if len(sensors) == 0 {
		return nil, sensor.Absent(Source, tree, missing(tree, chips), "")
	}
	return sensors, nil
}

func missing(tree string, chips []chip) string {
	var names []string
	for _, c := range chips {
		names = append(names, c.name)
	}
	if names = slices.Compact(slices.Sorted(slices.Values(names))); len(names) == 0 {
		return "no chips in " + tree
	}
	return fmt.Sprintf("no known power meter in %s, only %s", tree, strings.Join(names, ", "))
}

// meter is one domain's channels.
type meter struct {
	chip   chip
	domain power.Domain
	energy string // file names; "" is none
	watts  string
}

// openMeter opens what a meter offers, nil if that is nothing.
func openMeter(tree string, m meter, opener sensor.Opener) sensor.Sensor {
	d := m.domain
	d.Source, d.Energy, d.Power = Source, power.None, power.None
	r := &reader{}
	var err error
	if m.energy != "" {
		if r.energy, err = openFile(tree, m.chip, m.energy, opener); err == nil {
			d.Energy, d.Power = power.Counter, power.Derived
		}
	}
	if m.watts != "" && !errors.Is(err, fs.ErrPermission) {
		if r.watts, err = openFile(tree, m.chip, m.watts, opener); err == nil {
			label(&d, m)
		}
	}
	switch {
	case r.energy != nil || r.watts != nil:
		r.domain.Domain = d
		return r
	case errors.Is(err, fs.ErrPermission):
		path := m.chip.path(m.energy + m.watts)
		return sensor.Silent(d, &sensor.Denied{What: path, Fix: "sudo chmod a+r " + path + "   (until the next boot)"})
	}
	return nil
}

// label says what a meter's watts are.
func label(d *power.Domain, m meter) {
	if d.Energy == power.None {
		d.Energy = power.Integrated
	}
	d.Power = power.Instant
	channel, _, _ := strings.Cut(m.watts, "_")
	if text := sensor.ReadText(m.chip.path(channel + "_accuracy")); text != "" {
		d.Accuracy, _ = json.Marshal(text)
	}
	if !strings.HasSuffix(m.watts, "_average") {
		return
	}
	window := 1000 * sensor.ReadCount(m.chip.path(m.watts+"_interval"))
	if window <= 0 {
		window = windowUs
	}
	d.Power, d.PowerWindowUs, d.UpdateUs = power.Averaged, window, &window
}

func openFile(tree string, c chip, name string, opener sensor.Opener) (*sensor.File, error) {
	return sensor.OpenFound(func() string {
		if again, ok := c.again(tree); ok {
			return again.path(name)
		}
		return ""
	}, 32, opener)
}

// reader reads one meter.
type reader struct {
	domain sensor.Domain
	energy *sensor.File
	watts  *sensor.File
}

func (r *reader) Domain() *sensor.Domain { return &r.domain }

func (r *reader) Read(now int64, _ bool, to *sensor.Reading) {
	if r.energy != nil {
		if v, err := r.energy.Count(now); err != nil {
			to.JErr = err
		} else {
			to.MicroJ = v
		}
	}
	if r.watts != nil {
		if v, err := r.watts.Count(now); err != nil {
			to.WErr = err
		} else {
			to.MicroW = v
		}
	}
}

func (r *reader) Close() error { return errors.Join(r.energy.Close(), r.watts.Close()) }

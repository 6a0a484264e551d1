// Package rapl reads the energy counters of Intel and AMD processors through
// Linux's powercap tree.
//
// Each zone is a directory with a name, a counter of microjoules and the value
// at which that counter begins again:
//
//	/sys/class/powercap/intel-rapl:0/name                  package-0
//	/sys/class/powercap/intel-rapl:0/energy_uj             12345678901
//	/sys/class/powercap/intel-rapl:0/max_energy_range_uj   262143328850
//	/sys/class/powercap/intel-rapl:0:0/name                core
//
// AMD processors use the same names. Sub-zones stand beside their parents, or
// below them, or both. energy_uj may be read by root only since Linux 5.10
// (CVE-2020-8694): a zone that may not be read is a silent domain, not a
// missing one.
//
// Zones overlap: psys contains the packages, a package its core and uncore, and
// intel-rapl-mmio shows a package a second time. See Documentation/power/
// powercap/powercap.rst and Documentation/ABI/testing/sysfs-class-powercap in
// the kernel's source.
package rapl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "rapl"

// updateUs is how often the counters refresh: "updated every ~1msec" (Intel
// SDM volume 3, Package RAPL Domain).
const updateUs = 1000

// Open finds the zones below root, which is /sys on a real machine. Its error
// is a *sensor.Unavailable.
func Open(root string) ([]sensor.Sensor, error) { return open(root, sensor.OpenFile) }

func open(root string, opener sensor.Opener) ([]sensor.Sensor, error) {
	dir := filepath.Join(root, "class/powercap")
	zones := find(dir)
	if len(zones) == 0 {
		return nil, missing(dir)
	}
	var sensors []sensor.Sensor
	for _, n := range identify(zones) {
		if s := openZone(n, dir, opener); s != nil {
			sensors = append(sensors, s)
		}
	}
	if len(sensors) == 0 {
		return nil, &sensor.Unavailable{Source: Source, Why: "no zone in " + dir + " has a known name and a counter"}
	}
	return sensors, nil
}

// missing says why there are no zones.
func missing(dir string) error {
	why := "no intel-rapl zones in " + dir
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		why = "no " + dir
	}
	return sensor.Absent(Source, dir, why, "sudo modprobe intel_rapl_msr   (on bare metal; virtual machines and most containers have no RAPL)")
}

// openZone opens what a zone offers, nil if it has no counter.
func openZone(n named, dir string, opener sensor.Opener) sensor.Sensor {
	d := power.Domain{ID: n.id, Kind: n.kind, Source: Source, Name: n.zone.name, PartOf: n.partOf}
	path := filepath.Join(n.zone.dir, "energy_uj")
	file, err := sensor.OpenAt(path, opener)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return sensor.Silent(d, &sensor.Denied{What: path, Fix: "sudo chmod a+r " + dir + "/*/energy_uj " + dir + "/*/max_energy_range_uj   (until the next boot)"})
	case err != nil:
		return nil
	}
	update := int64(updateUs)
	d.Energy, d.Power, d.UpdateUs = power.Counter, power.Derived, &update
	rng := sensor.ReadCount(filepath.Join(n.zone.dir, "max_energy_range_uj"))
	if rng < sensor.ReadCount(path) {
		rng = 0 // it counts beyond: that is not its range
	}
	d.WrapJoules = float64(rng) / 1e6
	return &zone{sensor.Domain{Domain: d, Range: rng}, file}
}

// maxDepth is how deep zones lie: intel-rapl, intel-rapl:0, intel-rapl:0:0.
// Links inside a zone may lead round in circles.
const maxDepth = 3

// find returns the zones below dir in the order of their numbers.
func find(dir string) []found {
	seen := make(map[string]bool)
	var zones []found
	var walk func(dir string, depth int)
	walk = func(dir string, depth int) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return
		}
		var deeper []string
		for _, e := range entries {
			base := e.Name()
			path := filepath.Join(dir, base)
			control, numbers, ok := parseZone(base)
			if !ok {
				continue
			}
			deeper = append(deeper, path)
			if len(numbers) == 0 || seen[base] {
				continue // a control type, or one that also stands beside its parent
			}
			name := sensor.ReadText(filepath.Join(path, "name"))
			if name == "" {
				continue
			}
			seen[base] = true
			zones = append(zones, found{dir: path, control: control, numbers: numbers, name: name})
		}
		for _, path := range deeper {
			if depth < maxDepth {
				walk(path, depth+1)
			}
		}
	}
	walk(dir, 1)
	sortZones(zones)
	return zones
}

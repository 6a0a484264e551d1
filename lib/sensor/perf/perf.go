// Package perf reads the energy counters of Intel and AMD processors through the
// kernel's perf events, which some machines allow where they keep the files of
// powercap from everybody but root.
//
//	/sys/bus/event_source/devices/power/type                     35
//	/sys/bus/event_source/devices/power/cpumask                  0,18
//	/sys/bus/event_source/devices/power/events/energy-pkg        event=0x02
//	/sys/bus/event_source/devices/power/events/energy-pkg.scale  2.3283064365386962890625e-10
//	/sys/bus/event_source/devices/power/events/energy-pkg.unit   Joules
//	/sys/devices/system/cpu/cpu18/topology/physical_package_id   1
//
// An event is opened once per processor of cpumask, one for each package. It
// counts from 0 when it is opened, in 64 bits that the kernel keeps: it neither
// wraps nor is it reset. The counters are those of package rapl.
//
// See perf_event_open(2), and arch/x86/events/rapl.c in the kernel's source.
package perf

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "perf"

// updateUs is how often the counters refresh, as of package rapl.
const updateUs = 1000

// fix allows everybody to count a whole machine, or one program.
const fix = "sudo sysctl kernel.perf_event_paranoid=0   (until the next boot; or: sudo setcap cap_perfmon+ep $(command -v ipw-sample))"

// Event is an open counter.
type Event interface {
	Count() (uint64, error)
	Close() error
}

// Opener opens the event of a type with a configuration on a processor, for all
// processes.
type Opener func(kind uint32, config uint64, cpu int) (Event, error)

// Open finds the events of the tree root, which is /sys of this machine. Its
// error is a *sensor.Unavailable.
func Open(root string) ([]sensor.Sensor, error) {
	return open(root, func(kind uint32, config uint64, cpu int) (Event, error) {
		return openEvent(root, kind, config, cpu)
	})
}

// errElsewhere keeps a recorded tree's numbers from being opened as events of
// this machine, where they may mean anything.
var errElsewhere = errors.New("that tree is not this machine's sysfs, and events can be counted here only")

func open(root string, opener Opener) ([]sensor.Sensor, error) {
	dir := filepath.Join(root, "bus/event_source/devices/power")
	p, err := readPMU(dir)
	if err != nil {
		return nil, sensor.Absent(Source, dir, err.Error(), "sudo modprobe rapl   (on bare metal; virtual machines have no such events)")
	}
	var sensors []sensor.Sensor
	var failed error
	places := placesOf(root, p.cpus)
	for i, cpu := range p.cpus {
		for _, e := range p.events {
			d, ok := domain(e.name, places[i])
			if !ok || d.Kind == power.Board && i > 0 { // the platform's counter is there once
				continue
			}
			ev, err := opener(p.kind, e.config, cpu)
			switch {
			case errors.Is(err, fs.ErrPermission):
				sensors = append(sensors, sensor.Silent(d, &sensor.Denied{What: "perf event power/" + e.name + "/", Fix: fix}))
			case err != nil:
				failed = fmt.Errorf("power/%s/: %w", e.name, err) // a package has some of the events only
			default:
				sensors = append(sensors, counting(d, ev, e.scale))
			}
		}
	}
	if len(sensors) == 0 {
		if failed == nil {
			failed = errors.New("no energy event in " + filepath.Join(dir, "events"))
		}
		return nil, &sensor.Unavailable{Source: Source, Why: failed.Error()}
	}
	return sensors, nil
}

// domain names what an event counts on a package; ok if it is known.
func domain(event, place string) (d power.Domain, ok bool) {
	d = power.Domain{Source: Source, Name: event}
	cpu := "cpu:" + place
	switch event {
	case "energy-pkg":
		d.ID, d.Kind = cpu, power.CPU
	case "energy-cores":
		d.ID, d.Kind, d.PartOf = cpu+"/core", power.Core, cpu
	case "energy-gpu": // PP1: a client's graphics
		d.ID, d.Kind, d.PartOf = cpu+"/uncore", power.Uncore, cpu
	case "energy-ram":
		d.ID, d.Kind = "dram:"+place, power.DRAM
	case "energy-psys":
		d.ID, d.Kind = "psys:0", power.Board
	}
	return d, d.ID != ""
}

// counting is a sensor of an open event.
func counting(d power.Domain, ev Event, scale scale) sensor.Sensor {
	update := int64(updateUs)
	d.Energy, d.Power, d.UpdateUs = power.Counter, power.Derived, &update
	return &counter{domain: sensor.Domain{Domain: d}, event: ev, scale: scale}
}

type counter struct {
	domain sensor.Domain
	event  Event
	scale  scale
}

func (c *counter) Domain() *sensor.Domain { return &c.domain }

func (c *counter) Read(_ int64, _ bool, r *sensor.Reading) {
	n, err := c.event.Count()
	if err == nil {
		n, err = c.scale.microJ(n)
	}
	if err != nil {
		r.JErr = err
		return
	}
	r.MicroJ = int64(n)
}

func (c *counter) Close() error { return c.event.Close() }

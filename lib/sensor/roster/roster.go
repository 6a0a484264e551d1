// Package roster knows every source of readings there is, and chooses what a
// machine's stream is made of.
//
//	found, err := roster.Look(roster.Options{Sysfs: "/sys", Proc: "/proc"})
//	sensors, err := roster.Choose(found, roster.Options{Names: []string{"auto"}})
//
// auto takes every real sensor. The load estimate joins in only if no domain of
// kind cpu, soc or board can be read: a guess beside a measurement would be
// added to it. Where two sources tell of one thing, one of them is taken.
package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/sensor/amdgpu"
	"ipw/lib/sensor/apple"
	"ipw/lib/sensor/estimate"
	"ipw/lib/sensor/hwmon"
	"ipw/lib/sensor/jetson"
	"ipw/lib/sensor/nvml"
	"ipw/lib/sensor/perf"
	"ipw/lib/sensor/rapl"
)

// Auto is the name of all real sources together.
const Auto = "auto"

// Options say where to look and what to take.
type Options struct {
	Sysfs    string        // /sys
	Proc     string        // /proc
	Names    []string      // sources; none is Auto
	Only     []string      // ids and kinds of domains; none is all
	Interval time.Duration // of the ticks to come
	Now      func() int64  // their clock, microseconds
	Sleep    func(time.Duration)
	NVML     nvml.Options // which library or nvidia-smi; the zero value is the machine's own
	Apple    apple.Options
	Env      func(name string) (value string, set bool)
}

// Found is what one source offers here.
type Found struct {
	Name    string
	Sensors []sensor.Sensor
	Err     error  // why there are none: a *sensor.Unavailable
	Via     string // a remark on how it is read, "" if there is nothing to say
	Left    []Left // sensors that Choose left out
}

// Left is a domain that could be read and is not recorded.
type Left struct {
	Domain power.Domain
	Why    string
	Spare  bool // its own source would not have it recorded
}

// sources are all there are, fast ones first: they should be read close to the
// time stamp. A remark is what is to be said of how a source is read.
var sources = []struct {
	name string
	open func(Options) (sensors []sensor.Sensor, remark string, err error)
}{
	{rapl.Source, below(rapl.Open)},
	{perf.Source, below(perf.Open)},
	{nvml.Source, func(o Options) ([]sensor.Sensor, string, error) {
		o.NVML.Interval, o.NVML.Now, o.NVML.Proc, o.NVML.Env = o.Interval, o.Now, o.Proc, o.Env
		return nvml.Open(o.NVML)
	}},
	{apple.Source, func(o Options) ([]sensor.Sensor, string, error) {
		o.Apple.Interval, o.Apple.Now = o.Interval, o.Now
		sensors, err := apple.Open(o.Apple)
		return sensors, "", err
	}},
	{amdgpu.Source, below(amdgpu.Open)},
	{hwmon.Source, below(hwmon.Open)},
	{jetson.Source, below(jetson.Open)},
	{estimate.Source, func(o Options) ([]sensor.Sensor, string, error) {
		s, err := estimate.Open(o.Proc)
		if err != nil {
			return nil, "", err
		}
		return []sensor.Sensor{s}, "", nil
	}},
}

// below opens a source of the tree Sysfs.
func below(open func(root string) ([]sensor.Sensor, error)) func(Options) ([]sensor.Sensor, string, error) {
	return func(o Options) ([]sensor.Sensor, string, error) {
		sensors, err := open(o.Sysfs)
		return sensors, "", err
	}
}

// Names lists what may be asked for.
func Names() []string {
	names := []string{Auto}
	for _, s := range sources {
		names = append(names, s.name)
	}
	return names
}

// NameError is a source that nobody knows.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("unknown source %q (%s)", e.Name, strings.Join(Names(), ", "))
}

// Look opens the sources that the names ask for; for Auto all.
func Look(o Options) ([]Found, error) {
	for _, name := range o.Names {
		if !slices.Contains(Names(), name) {
			return nil, &NameError{name}
		}
	}
	var found []Found
	for _, s := range sources {
		if !auto(o) && !slices.Contains(o.Names, s.name) {
			continue
		}
		f := Found{Name: s.name}
		if f.Sensors, f.Via, f.Err = s.open(o); f.Err != nil {
			f.Via = ""
		}
		found = append(found, f)
	}
	return found, nil
}

func auto(o Options) bool { return len(o.Names) == 0 || slices.Contains(o.Names, Auto) }

// Choose takes the sensors of a stream and closes the others.
func Choose(found []Found, o Options) ([]sensor.Sensor, error) {
	for _, f := range found {
		if f.Err != nil && slices.Contains(o.Names, f.Name) {
			Close(found)
			return nil, f.Err // asked for by name
		}
	}
	spare(found, o)
	untangle(found, o)
	if i := slices.IndexFunc(found, func(f Found) bool { return f.Name == estimate.Source && f.Err == nil }); i >= 0 {
		admit(found, i, slices.Contains(o.Names, estimate.Source), o)
	}
	var sensors []sensor.Sensor
	for _, f := range found {
		sensors = append(sensors, f.Sensors...)
	}
	if len(sensors) == 0 || auto(o) && !slices.ContainsFunc(sensors, speaks) {
		return nil, nothing(found)
	}
	kept, err := only(sensors, o.Only)
	if err != nil {
		Close(found)
	}
	return kept, err
}

func speaks(s sensor.Sensor) bool { return !s.Domain().Silent() }

// Close closes all sensors.
func Close(found []Found) {
	for _, f := range found {
		closeAll(f.Sensors)
	}
}

func closeAll(sensors []sensor.Sensor) {
	for _, s := range sensors {
		s.Close()
	}
}

// NothingError says why there is nothing to measure, source by source.
type NothingError struct{ Found []Found }

func nothing(found []Found) error {
	Close(found)
	return &NothingError{found}
}

func (e *NothingError) Error() string {
	var why []string
	for _, f := range e.Found {
		if f.Err != nil {
			why = append(why, f.Err.Error())
		}
		for _, s := range f.Sensors {
			why = append(why, Refusal(s).Error())
		}
		for _, l := range f.Left {
			why = append(why, l.Domain.ID+": "+l.Why)
		}
	}
	return "nothing to measure: " + strings.Join(why, "; ")
}

// Hint is what a user may type next.
func (e *NothingError) Hint() string { return "ipw-sample --list" }

// Refusal is why a silent sensor gives nothing, nil if it is not silent.
func Refusal(s sensor.Sensor) error {
	if !s.Domain().Silent() {
		return nil
	}
	return try(s)
}

// Package estimate guesses a machine's CPU power from its load, where no sensor
// tells it.
//
// It is a model, not a measurement, and every line of output that uses it says
// so. The model is a straight line between two figures per logical CPU:
//
//	watts = CPUs × (idle + load × (busy − idle)),  idle 0.74 W, busy 3.5 W
//
// The figures are those that Cloud Carbon Footprint uses for AWS machines of
// unknown type, averages of the SPECpower_ssj2008 results of the processors
// found there (https://www.cloudcarbonfootprint.org/docs/methodology/,
// MIN_WATTS_AVG and MAX_WATTS_AVG). The processors themselves differ by a
// factor of five: 0.47 to 3.04 W idle, 1.69 to 8.58 W busy.
//
// Load is the share of CPU time that was neither idle nor stolen between two
// readings of /proc/stat.
package estimate

import (
	"fmt"
	"os"
	"path/filepath"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of this domain's source.
const Source = "estimate"

// Figures of the model, microwatts per logical CPU.
const (
	idleUW = 740_000
	busyUW = 3_500_000
)

// updateUs is how often the load is looked at: /proc/stat counts in hundredths
// of a second, so that a shorter span would be nearly all rounding.
const updateUs = 20_000

// lineBytes is more than the first line.
const lineBytes = 512

// Open begins to watch the load below proc, which is /proc on a real machine.
// Its error is a *sensor.Unavailable.
func Open(proc string) (sensor.Sensor, error) {
	path := filepath.Join(proc, "stat")
	f, err := sensor.OpenFound(func() string { return path }, lineBytes, nil)
	if err != nil {
		return nil, &sensor.Unavailable{Source: Source, Why: "no load to estimate from: " + err.Error()}
	}
	e := &estimate{file: f}
	first, err := e.look(0)
	if err != nil {
		f.Close()
		return nil, &sensor.Unavailable{Source: Source, Why: path + ": " + err.Error()}
	}
	e.before = first
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Close()
		return nil, &sensor.Unavailable{Source: Source, Why: err.Error()}
	}
	e.cpus = countCPUs(whole)
	update := int64(updateUs)
	e.domain = sensor.Domain{Mean: true, Domain: power.Domain{
		ID: "cpu:0", Kind: power.CPU, Source: Source,
		Energy: power.Integrated, Power: power.Instant, UpdateUs: &update,
		Estimated: true, Model: model(e.cpus),
	}}
	return e, nil
}

func model(cpus int) string {
	return fmt.Sprintf("load model: %d logical CPUs at %.2f W idle to %.1f W busy each (Cloud Carbon Footprint's averages of SPECpower results for AWS), not a measurement", cpus, idleUW/1e6, busyUW/1e6)
}

// estimate is the one CPU domain of a machine.
type estimate struct {
	domain sensor.Domain
	file   *sensor.File
	cpus   int
	before times
	at     int64 // when before was looked at; 0: at the start
	load   float64
	known  bool // there is a load
}

func (e *estimate) Domain() *sensor.Domain { return &e.domain }

func (e *estimate) Read(now int64, full bool, r *sensor.Reading) {
	if !e.known || now-e.at >= updateUs {
		if err := e.update(now); err != nil {
			e.known = false
			r.WErr = err
			return
		}
	}
	if !e.known {
		r.WErr = sensor.ErrStale
		return
	}
	r.MicroW = int64(float64(e.cpus) * (idleUW + e.load*(busyUW-idleUW)))
	if full {
		r.Util = e.load
	}
}

// update takes the load since the last look. If the counters have not moved,
// the load stays what it was.
func (e *estimate) update(now int64) error {
	t, err := e.look(now)
	if err != nil {
		return err
	}
	if load, ok := t.since(e.before); ok {
		e.load, e.known = load, true
		e.before, e.at = t, now
	}
	return nil
}

func (e *estimate) look(now int64) (times, error) {
	b, err := e.file.Bytes(now)
	if err != nil {
		return times{}, err
	}
	return parseTimes(b)
}

func (e *estimate) Close() error { return e.file.Close() }

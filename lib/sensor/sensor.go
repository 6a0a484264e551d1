// Package sensor is what a meter reads: a Sensor tells the energy or the power
// of one domain, as its hardware says it.
//
// Sensors measure and judge nothing. A Reading is raw: the counter as it
// stands, wraps and all, in microjoules, or the watts of the moment in
// microwatts; what could not be read is power.Null and carries the error.
// Counter and Integral turn raw readings into joules that never fall, as pure
// arithmetic, so that every source has the same hygiene:
//
//	c := sensor.Counter{Range: 262_143_328_850}
//	c.Next(0, 262_143_000_000)  // 0, Good
//	c.Next(50_000, 671_150)     // 1_000_000, Good: it wrapped
//	c.Next(100_000, 1_671_150)  // 2_000_000, Good
//
// The packages below it are the sources, one each; package roster chooses among
// them.
package sensor

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"ipw/lib/power"
)

// A Sensor reads one domain of one source.
type Sensor interface {
	// Domain says what is read. It is the same for the sensor's whole life.
	Domain() *Domain
	// Read fills r, which Clear has emptied. now is the time of the tick, full
	// asks for utilisation, memory and temperature too. It does not allocate
	// unless something is wrong.
	Read(now int64, full bool, r *Reading)
	// Close gives back what the sensor holds.
	Close() error
}

// Domain is a domain of the power stream and how to take its readings.
type Domain struct {
	power.Domain
	Range int64  // microjoules at which the raw counter begins again from 0; 0: it never does, or nobody says
	Mean  bool   // the watts are the mean since the reading before, not those of the moment
	Paced bool   // readings are made at a pace of their own, by a child process, not at the moment of Read
	Spare string // why roster.Auto leaves it out, "" if it does not
}

// InstantOnly reports whether there are watts of single moments and nothing
// else. Read at regular times, they alias with a regular load.
func (d *Domain) InstantOnly() bool {
	return d.Energy == power.Integrated && d.Power == power.Instant && !d.Mean && !d.Estimated
}

// RandomTicks reports whether the sensors want to be read at a random moment of
// each interval: one gives instant watts only, and none of those is paced by
// itself, for which the header's ticks would be a lie. Counters and averages do
// not mind.
func RandomTicks(sensors []Sensor) bool {
	any := false
	for _, s := range sensors {
		if d := s.Domain(); d.InstantOnly() {
			if d.Paced {
				return false
			}
			any = true
		}
	}
	return any
}

// Reading is what one sensor said at one tick.
type Reading struct {
	MicroJ int64 // the raw counter, or power.Null
	MicroW int64 // or power.Null
	JErr   error // why there is no MicroJ although the domain counts joules
	WErr   error // why there is no MicroW although the domain tells watts

	// Neighbours says who else uses the device, when that has changed; nil: no
	// change. Read sets it only if it is asked for full readings.
	Neighbours *string

	// NaN is no value. Read sets them only if it is asked for full readings.
	Util     float64 // 0–1
	MemBytes float64
	TempC    float64
}

// Clear empties r.
func (r *Reading) Clear() {
	nan := math.NaN()
	*r = Reading{MicroJ: power.Null, MicroW: power.Null, Util: nan, MemBytes: nan, TempC: nan}
}

// Silent is a sensor that exists but gives nothing: it is listed, and every
// reading fails with the same error.
func Silent(d power.Domain, why error) Sensor {
	d.Energy, d.Power = power.None, power.None
	d.UpdateUs, d.WrapJoules, d.LagUs, d.PowerWindowUs = nil, 0, 0, 0
	return &silent{Domain{Domain: d}, why}
}

type silent struct {
	domain Domain
	why    error
}

func (s *silent) Domain() *Domain                  { return &s.domain }
func (s *silent) Read(_ int64, _ bool, r *Reading) { r.JErr, r.WErr = s.why, s.why }
func (s *silent) Close() error                     { return nil }

// Unavailable says why a source has no sensor here.
type Unavailable struct {
	Source string
	Why    string
	Fix    string // the command that would mend it, "" if none would
}

// Absent is Unavailable for want of what stands in dir, or of the right to look.
func Absent(source, dir, why, fix string) *Unavailable {
	if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
		return &Unavailable{source, dir + ": permission denied", "sudo chmod a+rx " + dir}
	}
	return &Unavailable{source, why, fix}
}

func (e *Unavailable) Error() string { return e.Source + ": " + e.Why }

// Hint is what a user may type next.
func (e *Unavailable) Hint() string { return e.Fix }

// Denied says that a sensor is there and may not be read.
type Denied struct {
	What string // a file, a device
	Fix  string // the command that allows it
}

func (e *Denied) Error() string { return e.What + ": permission denied" }

// Hint is what a user may type next.
func (e *Denied) Hint() string { return e.Fix }

// Is makes a Denied an fs.ErrPermission.
func (e *Denied) Is(target error) bool { return target == fs.ErrPermission }

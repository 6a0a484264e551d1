package roster

import (
	"errors"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// admit decides about the estimate, found[i].
func admit(found []Found, i int, asked bool, o Options) {
	guess := found[i].Sensors[0]
	measured := ""
	for j := range found {
		for _, s := range found[j].Sensors {
			if d := s.Domain(); s != guess && measured == "" && wholeCPU(d) && readable(s, o.Sleep) {
				measured = d.ID
			}
		}
	}
	if measured != "" && !asked {
		found[i].leave(guess, measured+" can be read")
		return
	}
	d := guess.Domain()
	for j := range found {
		for k, s := range found[j].Sensors {
			if s == guess {
				continue
			}
			if s.Domain().ID == d.ID {
				d.ID = "cpu:estimate"
			}
			if measured == "" && wholeCPU(s.Domain()) {
				found[j].Sensors[k] = silence(s)
			}
		}
	}
	if measured != "" {
		d.PartOf = measured // for comparison: recorded, never summed
	}
}

// wholeCPU tells whether a domain holds what the estimate estimates.
func wholeCPU(d *sensor.Domain) bool {
	return d.Kind == power.CPU || d.Kind == power.SOC || d.Kind == power.Board
}

// readable tries a sensor.
func readable(s sensor.Sensor, sleep func(time.Duration)) bool {
	return !s.Domain().Silent() && Trouble(s, sleep) == nil
}

// Trouble is why a sensor gives no reading now. A file that is being rewritten
// may be empty for a moment.
func Trouble(s sensor.Sensor, sleep func(time.Duration)) (err error) {
	for range 3 {
		if err = try(s); err == nil {
			return nil
		}
		if sleep != nil {
			sleep(5 * time.Millisecond)
		}
	}
	return err
}

func try(s sensor.Sensor) error {
	var r sensor.Reading
	r.Clear()
	s.Read(0, false, &r)
	if s.Domain().Energy == power.Counter {
		return r.JErr
	}
	return r.WErr
}

// silence replaces a sensor that cannot be read now by one that never speaks,
// so that it does not wake up beside the estimate that stands in for it.
func silence(s sensor.Sensor) sensor.Sensor {
	if s.Domain().Silent() {
		return s
	}
	why := try(s)
	if why == nil {
		why = errors.New("was not readable at the start")
	}
	s.Close()
	return sensor.Silent(s.Domain().Domain, why)
}

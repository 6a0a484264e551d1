// Package apple reads the chips of Apple's machines through macOS's powermetrics,
// which only root may run.
//
//	powermetrics --samplers cpu_power,gpu_power -i 100 -f plist
//
// runs as one long-lived child; who is not root starts it by sudo, without being
// asked for a password. Each report holds the energy of the time since the one
// before, of CPU, GPU and neural engine; they are added up. Package powerlog
// reads the reports.
//
// The energies are Apple's own estimate of what each part used: "Average power
// values reported by powermetrics are estimated and may be inaccurate"
// (powermetrics(1)).
package apple

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "apple"

// Options say how to run powermetrics.
type Options struct {
	Command  []string      // instead of powermetrics, by sudo unless this is root
	Interval time.Duration // of the ticks to come
	Now      func() int64  // the clock of the ticks, microseconds
}

const (
	shortest = 100 * time.Millisecond // powermetrics' own work would be most of a shorter report
	start    = 10 * time.Second       // for the first report
)

// fix lets powermetrics be run.
const fix = "sudo -v   (then again within the time that sudo remembers; or run ipw-sample as root)"

// Open starts powermetrics and finds the parts in its first report. Its error is
// a *sensor.Unavailable.
func Open(o Options) ([]sensor.Sensor, error) {
	command, err := o.command()
	if err != nil {
		return nil, &sensor.Unavailable{Source: Source, Why: err.Error()}
	}
	m := newMeter(command, max(o.Interval, shortest), o.Now)
	select {
	case <-m.ready:
	case <-time.After(start):
	}
	domains, err := m.found()
	if len(domains) > 0 {
		var sensors []sensor.Sensor
		for i, d := range domains {
			m.open++
			sensors = append(sensors, &part{domain: sensor.Domain{Domain: d, Paced: true}, meter: m, index: i})
		}
		return sensors, nil
	}
	m.stop()
	if errors.Is(err, fs.ErrPermission) {
		return silent(err), nil
	}
	if err == nil {
		err = errors.New("powermetrics printed no report")
	}
	return nil, &sensor.Unavailable{Source: Source, Why: err.Error()}
}

// silent are the domains that every Apple chip has, where they may not be read.
func silent(why error) []sensor.Sensor {
	var sensors []sensor.Sensor
	for _, d := range []power.Domain{{ID: "cpu:0", Kind: power.CPU}, {ID: "gpu:0", Kind: power.GPU}, {ID: "ane:0", Kind: power.ANE}} {
		d.Source = Source
		sensors = append(sensors, sensor.Silent(d, why))
	}
	return sensors
}

// command is how powermetrics is run here.
func (o Options) command() ([]string, error) {
	if o.Command != nil {
		return o.Command, nil
	}
	path, err := exec.LookPath("powermetrics")
	if err != nil {
		return nil, errors.New("no powermetrics, which is a part of macOS")
	}
	if os.Geteuid() == 0 {
		return []string{path}, nil
	}
	return []string{"sudo", "-n", path}, nil
}

// refusal is why powermetrics ended: by what it, or sudo, said.
func refusal(said []byte, err error) error {
	first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	text := string(first)
	for _, words := range []string{"superuser", "password is required", "not allowed", "not in the sudoers", "may not run"} {
		if strings.Contains(string(said), words) {
			return &sensor.Denied{What: "powermetrics (" + text + ")", Fix: fix}
		}
	}
	switch {
	case text != "":
		return errors.New("powermetrics: " + text)
	case err != nil:
		return errors.New("powermetrics: " + err.Error())
	}
	return errors.New("powermetrics ended")
}

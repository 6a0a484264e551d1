package nvml

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Columns of nvidia-smi's watts, by how much they say.
const (
	columnInstant = "power.draw.instant"
	columnUsage   = "power.draw" // of the moment or averaged, by generation, as nvmlDeviceGetPowerUsage
)

// listedGPU is a GPU of nvidia-smi's list.
type listedGPU struct {
	index, uuid, driver, name string
	limit                     float64 // watts
	instant, usage            bool    // which watts it tells
	major, minor              int     // compute capability
	known                     bool
}

// listSMI asks once for what does not change. An older nvidia-smi knows fewer
// columns.
func listSMI(command string) ([]listedGPU, error) {
	ask := func(columns string) (string, error) {
		out, err := exec.Command(command, "--query-gpu=index,uuid,driver_version,power.limit,"+columns+",name", "--format=csv,noheader,nounits").CombinedOutput()
		return string(out), err
	}
	out, err := ask(columnUsage + "," + columnInstant + ",compute_cap")
	if err != nil && strings.Contains(out, "not a valid field") {
		out, err = ask(columnUsage)
	}
	if err != nil {
		why, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
		if why == "" {
			why = err.Error()
		}
		return nil, &sensor.Unavailable{Source: Source, Why: why, Fix: "install NVIDIA's driver; nvidia-smi must list the GPU"}
	}
	var list []listedGPU
	for line := range strings.Lines(out) {
		if g, ok := parseListed(line); ok {
			list = append(list, g)
		}
	}
	if len(list) == 0 {
		return nil, &sensor.Unavailable{Source: Source, Why: "no NVIDIA GPU", Fix: command + " -L"}
	}
	return list, nil
}

func parseListed(line string) (g listedGPU, ok bool) {
	f := columns(line)
	if len(f) < 6 || !isIndex(f[0]) {
		return g, false
	}
	g = listedGPU{index: f[0], uuid: f[1], driver: f[2], usage: told(f[4]), name: f[len(f)-1]}
	if w := number(f[3]); w > 0 {
		g.limit = w
	}
	if len(f) >= 8 {
		g.instant = told(f[5])
		g.major, g.minor, g.known = capability(f[6])
	}
	return g, true
}

// told judges a first value: a passing error counts as told.
func told(s string) bool {
	_, err := watts(s)
	return !errors.Is(err, errNotTold)
}

func capability(s string) (major, minor int, known bool) {
	a, b, ok := strings.Cut(s, ".")
	major, err := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, ok && err == nil && err2 == nil
}

// powerColumn is the column to read: the better one, if every GPU that tells
// watts has it.
func powerColumn(list []listedGPU) string {
	column := columnUsage
	for _, g := range list {
		switch {
		case g.instant:
			column = columnInstant
		case g.usage:
			return columnUsage
		}
	}
	return column
}

// domain is the GPU's domain if this column is read.
func (g *listedGPU) domain(column string) power.Domain {
	d := domain(g.index, smiSource, g.name, g.uuid, g.driver)
	d.PowerLimitW = g.limit
	d.Energy, d.Power = power.Integrated, power.Instant
	switch {
	case column == columnInstant && !g.instant, column == columnUsage && !g.usage:
		d.Energy, d.Power = power.None, power.None
	case column == columnUsage:
		d.Power = usagePower(g.major, g.minor, g.known)
	}
	if d.Power == power.Averaged {
		averaged(&d)
	}
	return d
}

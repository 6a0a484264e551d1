package nvml

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

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
	bus                       string
	limit                     float64 // watts
	clocks                    power.Clocks
	instant, usage            bool // which watts it tells
	major, minor              int  // compute capability
	known                     bool
	mig                       []string // UUIDs of its MIG devices
	apps                      string   // processes on it when it was listed, in words
}

// listColumns are what every nvidia-smi knows; the watts and the name follow.
const listColumns = "index,uuid,driver_version,power.limit,pci.bus_id,clocks.gr,clocks.mem,clocks.max.gr,clocks.max.mem,"

// listSMI asks once for what does not change, and waits for each answer for so
// long. An older nvidia-smi knows fewer columns.
func listSMI(command string, patience time.Duration) ([]listedGPU, error) {
	run := func(output func(*exec.Cmd) ([]byte, error), args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, command, args...)
		cmd.WaitDelay = time.Second
		out, err := output(cmd)
		if ctx.Err() != nil {
			err = fmt.Errorf("%s does not answer", command)
		}
		return string(out), err
	}
	ask := func(columns string) (string, error) {
		return run((*exec.Cmd).CombinedOutput, "--query-gpu="+listColumns+columns+",name", "--format=csv,noheader,nounits")
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
	if out, err := run((*exec.Cmd).Output, "-L"); err == nil {
		listMIG(out, list)
	}
	if out, err := run((*exec.Cmd).Output, "--query-compute-apps=gpu_uuid,pid,process_name", "--format=csv,noheader"); err == nil {
		listApps(out, list)
	}
	return list, nil
}

func parseListed(line string) (g listedGPU, ok bool) {
	f := columns(line)
	if len(f) < 11 || !isIndex(f[0]) {
		return g, false
	}
	g = listedGPU{index: f[0], uuid: f[1], driver: f[2], bus: f[4], usage: told(f[9]), name: f[len(f)-1]}
	if w := number(f[3]); w > 0 {
		g.limit = w
	}
	g.clocks = power.Clocks{Graphics: mhz(f[5]), Memory: mhz(f[6]), MaxGraphics: mhz(f[7]), MaxMemory: mhz(f[8])}
	if len(f) >= 13 {
		g.instant = told(f[10])
		g.major, g.minor, g.known = capability(f[11])
	}
	return g, true
}

func mhz(s string) int64 {
	if v := number(s); v > 0 && v < 100_000 {
		return int64(v)
	}
	return 0
}

// listMIG adds the MIG devices, which nvidia-smi -L lists below their GPUs:
//
//	GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5b…)
//	  MIG 3g.20gb     Device  0: (UUID: MIG-c7f0…)
func listMIG(text string, list []listedGPU) {
	gpu := -1
	for line := range strings.Lines(text) {
		_, uuid, _ := strings.Cut(line, "(UUID: ")
		uuid, _, ok := strings.Cut(uuid, ")")
		switch {
		case !ok:
		case strings.HasPrefix(uuid, "GPU-"):
			gpu = slices.IndexFunc(list, func(g listedGPU) bool { return g.uuid == uuid })
		case gpu >= 0 && strings.HasPrefix(uuid, "MIG-"):
			list[gpu].mig = append(list[gpu].mig, uuid)
		}
	}
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
	d.PowerLimitW, d.MIGInstances = g.limit, len(g.mig)
	if g.clocks != (power.Clocks{}) {
		d.Clocks = &g.clocks
	}
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

// listApps adds the processes of lines "GPU-5d5b…, 4711, /usr/bin/python3".
func listApps(text string, list []listedGPU) {
	for line := range strings.Lines(text) {
		uuid, process, ok := strings.Cut(strings.TrimSpace(line), ", ")
		pid, name, named := strings.Cut(process, ", ")
		i := slices.IndexFunc(list, func(g listedGPU) bool { return g.uuid == uuid })
		if !ok || !named || i < 0 || !isIndex(pid) {
			continue
		}
		if list[i].apps != "" {
			list[i].apps += ", "
		}
		list[i].apps += "pid " + pid + " " + name
	}
}

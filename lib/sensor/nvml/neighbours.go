//go:build cgo && linux

package nvml

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/sensor"
)

// neighboursUs is how often the processes on a GPU are asked for: that takes the
// driver a while.
const neighboursUs = 10_000_000

// lookRound tells who uses the GPU, if that has changed.
func (g *gpu) lookRound(now int64, r *sensor.Reading) {
	if g.lookedAt != 0 && now-g.lookedAt < neighboursUs {
		return
	}
	g.lookedAt = max(now, 1)
	if names, ok := g.lib.processes(g.dev); ok && names != g.neighbours {
		g.neighbours = names
		if names == "" {
			names = "no other process"
		}
		r.Neighbours = &names
	}
}

// processes names the processes on a GPU that are none of ours.
func (lib *library) processes(dev nvml.Device) (names string, ok bool) {
	var pids []int
	for function, ask := range map[string]func() ([]nvml.ProcessInfo, nvml.Return){
		"nvmlDeviceGetComputeRunningProcesses_v3":  dev.GetComputeRunningProcesses,
		"nvmlDeviceGetGraphicsRunningProcesses_v3": dev.GetGraphicsRunningProcesses,
	} {
		if !lib.has(function) {
			continue
		}
		infos, ret := ask()
		if ret != nvml.SUCCESS {
			continue
		}
		ok = true
		for _, p := range infos {
			if pid := int(p.Pid); !slices.Contains(pids, pid) && !lib.people.ours(pid) {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	var words []string
	for _, pid := range pids {
		words = append(words, lib.people.name(pid))
	}
	return strings.Join(words, ", "), ok
}

// people knows processes by what /proc tells. In a container it may tell
// nothing, because the driver counts processes outside.
type people struct {
	proc string
	self int
}

func newPeople(proc string) *people { return &people{proc, os.Getpid()} }

func (p *people) name(pid int) string {
	return strings.TrimSpace(fmt.Sprintf("pid %d %s", pid, sensor.ReadText(filepath.Join(p.proc, strconv.Itoa(pid), "comm"))))
}

// ours reports this process and those it started: the command that is measured.
func (p *people) ours(pid int) bool {
	for range 64 { // generations
		if pid == p.self {
			return true
		}
		if pid = p.parent(pid); pid == 0 {
			break
		}
	}
	return false
}

// parent reads a process's parent, 0 if it is not known: the second field after
// the name, which may hold anything but ends with the last parenthesis.
func (p *people) parent(pid int) int {
	stat := sensor.ReadText(filepath.Join(p.proc, strconv.Itoa(pid), "stat"))
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(f) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		return 0
	}
	return parent
}

package run

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Neighbour is a process that had memory on a GPU when the run began: the
// model's server, or somebody whose work is measured along.
type Neighbour struct {
	GPU    string   `json:"gpu"` // UUID, as in the power stream
	PID    int      `json:"pid"`
	Name   string   `json:"name"`
	Memory *float64 `json:"memory_mib"` // null if the driver does not tell
}

// neighbours asks nvidia-smi, which every NVIDIA driver brings. nil is not
// known, an empty list is nobody.
func neighbours(ctx context.Context) []Neighbour {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--query-compute-apps=gpu_uuid,pid,process_name,used_memory", "--format=csv,noheader,nounits").Output()
	if err != nil {
		return nil
	}
	return parseNeighbours(string(out))
}

// parseNeighbours reads its lines: UUID, pid, name, memory. A name may hold
// commas.
func parseNeighbours(text string) []Neighbour {
	all := []Neighbour{}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ", ")
		if len(f) < 4 {
			continue
		}
		pid, err := strconv.Atoi(f[1])
		if err != nil {
			continue
		}
		last := len(f) - 1
		n := Neighbour{GPU: f[0], PID: pid, Name: strings.Join(f[2:last], ", ")}
		if mib, err := strconv.ParseFloat(f[last], 64); err == nil {
			n.Memory = &mib
		}
		all = append(all, n)
	}
	return all
}

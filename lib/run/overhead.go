package run

import (
	"fmt"
	"syscall"
	"time"
)

// Overhead is what the tool itself used, in this session: processor time and
// memory of its processes. Their joules are within the sensors' numbers, and
// cannot be told apart from the rest.
type Overhead struct {
	WallS    float64            `json:"wall_s"`
	CPUS     map[string]float64 `json:"cpu_s"`     // user and system time, by process
	Share    float64            `json:"cpu_share"` // of one processor over wall_s, without the agent
	MaxBytes map[string]int64   `json:"max_rss_bytes"`
}

func overheadName(stage string, i int) string {
	if i == 0 {
		return stage
	}
	return fmt.Sprintf("%s-%d", stage, i+1)
}

// overhead adds up the processes that have ended, and this one.
func (r *runner) overhead() *Overhead {
	o := &Overhead{WallS: time.Since(r.started).Seconds(), CPUS: map[string]float64{}, MaxBytes: map[string]int64{}}
	samplers := 0
	for _, s := range r.crew.all {
		name := baseName(s.args[0])
		if s.isSampler {
			name = overheadName("ipw-sample", samplers)
			samplers++
		}
		if !s.over() || s.cmd.ProcessState == nil {
			continue
		}
		if u, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			o.add(name, u)
		}
	}
	var self syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) == nil {
		o.add("ipw", &self)
	}
	var used float64
	for name, s := range o.CPUS {
		if name != "ipw-agent" {
			used += s
		}
	}
	o.Share = used / o.WallS
	return o
}

func (o *Overhead) add(name string, u *syscall.Rusage) {
	o.CPUS[name] += time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	o.MaxBytes[name] = max(o.MaxBytes[name], rssBytes(u))
}

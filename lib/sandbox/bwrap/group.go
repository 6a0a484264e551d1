package bwrap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ipw/lib/sandbox"
)

// group is a control group for a whole box: its directories, one by controller
// in version 1, one for all in version 2. nil where this user may make none,
// which is usual for anybody but root.
type group []string

const cgroups = "/sys/fs/cgroup"

// controllers that limit a box, as version 1 names its trees.
var controllers = []string{"memory", "pids", "cpu"}

// groupOf is what a box's group would be called.
func groupOf(name string) group {
	if _, err := os.Stat(cgroups + "/cgroup.controllers"); err == nil {
		return group{filepath.Join(cgroups, name)}
	}
	var g group
	for _, c := range controllers {
		g = append(g, filepath.Join(cgroups, c, name))
	}
	return g
}

// newGroup makes a group with the limits of a Spec.
func newGroup(name string, s sandbox.Spec) group {
	g := groupOf(name)
	unified := len(g) == 1
	if unified {
		// the root of the hierarchy is the only group that may hold processes and hand on controllers
		os.WriteFile(cgroups+"/cgroup.subtree_control", []byte("+memory +pids +cpu"), 0)
	}
	for _, dir := range g {
		if os.Mkdir(dir, 0o755) != nil {
			g.remove()
			return nil
		}
	}
	for _, l := range limitsOf(s, unified) {
		if err := l.set(g); err != nil && !l.may {
			g.remove()
			return nil
		}
	}
	return g
}

// limit is one file of a group. One that may fail is for what not every kernel
// has.
type limit struct {
	file, value string
	may         bool
}

const period = 100_000 // µs of processor time are shared out anew

func limitsOf(s sandbox.Spec, unified bool) []limit {
	memory, pids, quota := strconv.FormatInt(s.Memory, 10), strconv.Itoa(s.PIDs), strconv.Itoa(int(s.CPUs*period))
	if unified {
		l := []limit{{"memory.max", memory, false}, {"memory.swap.max", "0", true}, {"pids.max", pids, false}}
		if s.CPUs > 0 {
			l = append(l, limit{"cpu.max", fmt.Sprint(quota, " ", period), false})
		}
		return l
	}
	l := []limit{{"memory.limit_in_bytes", memory, false}, {"memory.memsw.limit_in_bytes", memory, true}, {"pids.max", pids, false}}
	if s.CPUs > 0 {
		l = append(l, limit{"cpu.cfs_period_us", strconv.Itoa(period), false}, limit{"cpu.cfs_quota_us", quota, false})
	}
	return l
}

// set writes the file in the directory that has it.
func (l limit) set(g group) error {
	err := fs.ErrNotExist
	for _, dir := range g {
		err = os.WriteFile(filepath.Join(dir, l.file), []byte(l.value), 0)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return err
}

// enter begins a command line whose process goes into the group.
func (g group) enter() []string {
	if g == nil {
		return nil
	}
	script := ""
	for _, dir := range g {
		script += "echo $$ >" + dir + "/cgroup.procs && "
	}
	return []string{"sh", "-c", script + `exec "$@"`, "sh"}
}

// remove removes the group as soon as its last process has gone.
func (g group) remove() error {
	var errs []error
	for _, dir := range g {
		var err error
		for range 100 {
			if err = os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
				err = nil
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

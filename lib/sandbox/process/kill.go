package process

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ipw/lib/sandbox"
)

// rounds is how often a command's processes are looked for: some may be born
// while others are killed.
const rounds = 200

// kill kills a command's process group and then, where there is a /proc, every
// process that carries its mark or descends from one that does.
func kill(pid int, mark string) {
	syscall.Kill(-pid, syscall.SIGKILL)
	for range rounds {
		pids := sandbox.Tree(look(), mark, false)
		if len(pids) == 0 {
			return
		}
		for _, p := range pids {
			syscall.Kill(p, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// look reads what /proc tells of every process. Of another user's it tells no
// marks.
func look() []sandbox.Proc {
	dirs, _ := os.ReadDir("/proc")
	var procs []sandbox.Proc
	for _, d := range dirs {
		if _, err := strconv.Atoi(d.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		if err != nil {
			continue
		}
		if p, ok := sandbox.ParseStat(string(stat)); ok {
			p.Mark = markOf(d.Name())
			procs = append(procs, p)
		}
	}
	return procs
}

func markOf(pid string) string {
	environ, _ := os.ReadFile("/proc/" + pid + "/environ")
	for v := range bytes.SplitSeq(environ, []byte{0}) {
		if mark, ok := strings.CutPrefix(string(v), sandbox.MarkName+"="); ok {
			return mark
		}
	}
	return ""
}

// signal sends a signal to a command's processes, but not to its jail.
func (c Command) signal(pid int, sig syscall.Signal) error {
	procs := look()
	if len(procs) == 0 {
		return syscall.Kill(-pid, sig)
	}
	var jail []int
	if c.Jail {
		jail = append(jail, pid)
		for _, p := range procs {
			if p.Parent == pid {
				jail = append(jail, p.PID)
			}
		}
	}
	for _, p := range sandbox.Tree(procs, c.Mark, false) {
		if !slices.Contains(jail, p) {
			syscall.Kill(p, sig)
		}
	}
	return nil
}

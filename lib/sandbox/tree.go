package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

// MarkName is the environment variable that every command of a box carries, and
// hands on to all that it starts: by it a process is known that has left its
// parent, session and group.
const MarkName = "IPW_COMMAND"

// Proc is a process as a look at /proc shows it.
type Proc struct {
	PID, Parent int
	Start       uint64 // ticks
	Mark        string // its MarkName, "" if it has none or does not show it
	Dead        bool   // waits only for its parent
}

// ParseStat reads the line of /proc/PID/stat.
func ParseStat(line string) (p Proc, ok bool) {
	pid, _, ok := strings.Cut(line, " ")
	f := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if !ok || len(f) < 20 {
		return Proc{}, false
	}
	var err [3]error
	p.PID, err[0] = strconv.Atoi(pid)
	p.Parent, err[1] = strconv.Atoi(f[1])
	p.Start, err[2] = strconv.ParseUint(f[19], 10, 64)
	p.Dead = f[0] == "Z" || f[0] == "X"
	return p, err == [3]error{}
}

// Tree finds the processes of a command: those with its mark, and their
// descendants without another one. In a closed box, where every process began
// as a command, loose adds those that no command claims and that are not older
// than it: a child may have dropped mark and parent both.
func Tree(procs []Proc, mark string, loose bool) []int {
	byPID := make(map[int]Proc, len(procs))
	var since uint64
	for _, p := range procs {
		byPID[p.PID] = p
		if p.Mark == mark && (since == 0 || p.Start < since) {
			since = p.Start
		}
	}
	var pids []int
	for _, p := range procs {
		owner := claimed(byPID, p)
		if !p.Dead && (owner == mark || loose && owner == "" && since > 0 && p.Start >= since && p.PID != 1) {
			pids = append(pids, p.PID)
		}
	}
	slices.Sort(pids)
	return pids
}

// claimed is the mark of a process or of the nearest ancestor that has one.
func claimed(byPID map[int]Proc, p Proc) string {
	for range len(byPID) {
		if p.Mark != "" {
			return p.Mark
		}
		parent, ok := byPID[p.Parent]
		if !ok {
			return ""
		}
		p = parent
	}
	return ""
}

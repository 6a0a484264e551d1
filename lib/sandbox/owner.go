package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"ipw/lib/clock"
)

// Owner is the process that made something which must not outlive it. Written
// into a label or a file's name, it lets a later start tell what a dead run
// has left from what a living one uses.
type Owner struct {
	Host  string
	Boot  string // boot id of the kernel
	Space string // process namespace: pids mean nothing in another
	PID   int
	Start uint64 // ticks from boot to the process's start: pids are used again
}

// Self is this process.
func Self() Owner {
	o := Owner{PID: os.Getpid(), Boot: clock.BootID(), Host: clock.Host()}
	o.Space, _ = os.Readlink("/proc/self/ns/pid")
	o.Start, _ = started(o.PID)
	return o
}

// String is one word.
func (o Owner) String() string {
	return fmt.Sprintf("%d,%d,%s,%s,%s", o.PID, o.Start, o.Boot, o.Space, o.Host)
}

// ParseOwner reads what String wrote.
func ParseOwner(s string) (Owner, error) {
	f := strings.SplitN(s, ",", 5)
	if len(f) != 5 {
		return Owner{}, fmt.Errorf("%q names no owner", s)
	}
	o := Owner{Boot: f[2], Space: f[3], Host: f[4]}
	var err, err2 error
	o.PID, err = strconv.Atoi(f[0])
	o.Start, err2 = strconv.ParseUint(f[1], 10, 64)
	return o, errors.Join(err, err2)
}

// Dead is whether the process is surely gone, as seen by me: it was a process
// of this machine before its last start, or of this process namespace and is
// there no more. Of other machines and namespaces nothing is known.
func (o Owner) Dead(me Owner) bool {
	switch {
	case o.Boot != me.Boot:
		return o.Boot != "" && me.Boot != "" && o.Host == me.Host
	case o.Space != me.Space:
		return false
	}
	start, there := started(o.PID)
	return !there || start != o.Start
}

// started is field 22 of /proc/PID/stat. Where there is no /proc, a process is
// taken to live.
func started(pid int) (ticks uint64, there bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		_, noProc := os.Stat("/proc/self/stat")
		return 0, noProc != nil
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 20 {
		return 0, false
	}
	ticks, err = strconv.ParseUint(f[19], 10, 64)
	return ticks, err == nil && f[0] != "Z" && f[0] != "X"
}

package sampler

import (
	"bytes"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"ipw/lib/power"
)

// System describes this machine.
func System() *power.System {
	s := &power.System{OS: runtime.GOOS, CPUs: runtime.NumCPU()}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		s.Kernel = string(bytes.TrimRight(u.Release[:], "\x00"))
	}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		s.CPU = cpuName(string(b))
		if n := countCPUs(string(b)); n > 0 {
			s.CPUs = n // NumCPU counts those that this process may use
		}
	}
	return s
}

func countCPUs(cpuinfo string) (n int) {
	for line := range strings.Lines(cpuinfo) {
		if strings.HasPrefix(line, "processor") && strings.Contains(line, ":") {
			n++
		}
	}
	return n
}

// cpuName finds the processor's name, whose field x86 and PowerPC call
// differently; ARM has none.
func cpuName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, ok := strings.Cut(line, ":")
		if key = strings.TrimSpace(key); ok && (key == "model name" || key == "cpu" || key == "cpu model") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

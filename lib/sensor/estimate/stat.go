package estimate

import (
	"bytes"

	"ipw/lib/sensor"
)

// times is the first line of /proc/stat, in ticks of 1/100 s over all CPUs.
type times struct {
	busy  int64 // user, nice, system, irq, softirq; guests' time is in user's
	total int64 // and idle, iowait, steal
}

// since is the load between two looks. The kernel's idle and iowait may run
// backwards a little (proc_stat(5)); a difference is never taken below 0.
func (t times) since(before times) (load float64, ok bool) {
	busy, total := t.busy-before.busy, t.total-before.total
	if total <= 0 {
		return 0, false
	}
	return float64(min(max(busy, 0), total)) / float64(total), true
}

// Columns of the line, after its name.
const (
	user = iota
	nice
	system
	idle
	iowait
	irq
	softirq
	steal
	columns
)

// parseTimes reads the line "cpu  …". Kernels before 2.6 have fewer columns.
func parseTimes(b []byte) (times, error) {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	rest, ok := bytes.CutPrefix(line, []byte("cpu "))
	if len(bytes.TrimSpace(b)) == 0 {
		return times{}, sensor.ErrEmpty
	}
	if !ok {
		return times{}, sensor.ErrGarbage
	}
	var v [columns]int64
	n := 0
	for ; n < columns; n++ {
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) == 0 {
			break
		}
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		x, err := sensor.ParseCount(rest[:end])
		if err != nil {
			return times{}, err
		}
		v[n], rest = x, rest[end:]
	}
	if n <= idle {
		return times{}, sensor.ErrGarbage
	}
	t := times{busy: v[user] + v[nice] + v[system] + v[irq] + v[softirq]}
	t.total = t.busy + v[idle] + v[iowait] + v[steal]
	return t, nil
}

// countCPUs counts the lines "cpuN …".
func countCPUs(b []byte) int {
	n := 0
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("cpu")); ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			n++
		}
	}
	return max(n, 1)
}

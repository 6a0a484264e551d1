//go:build linux

package main

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// How much longer a single-threaded program runs on the other core beside a
// sampler at 1 kHz. One thread, pinned to a core, does the same work again and
// again while the sampler, pinned to the other, is let run and stopped in turn:
// pairs of neighbouring stretches in random order, so that what else happens on
// the machine hits both. Given are the median of the pairs' differences and half
// the width of its interval, 95 %, from order statistics: a stretch in which
// somebody else took the core tells nothing, and must not weigh more than its
// neighbours. CPU time is what the program used, wall time what it waited too.
func BenchmarkBeside(b *testing.B) {
	if runtime.NumCPU() < 2 {
		b.Skip("needs two cores")
	}
	const pairs = 1000
	sampler := exec.Command("taskset", "-c", "0", "ipw-sample", "--sysfs", raplTree(b), "--source", "rapl", "--interval", "1ms", "-o", filepath.Join(b.TempDir(), "power.jsonl"))
	if err := sampler.Start(); err != nil {
		b.Skip(err)
	}
	defer func() {
		sampler.Process.Signal(syscall.SIGINT)
		sampler.Process.Signal(syscall.SIGCONT)
		sampler.Wait() // 130
	}()
	time.Sleep(time.Second) // it has begun
	pin(b, 1)
	var cpu, wall []float64
	for b.Loop() {
		for range pairs {
			var s [2]spun // without, with
			for _, with := range [][2]int{{0, 1}, {1, 0}}[rand.IntN(2)] {
				sampler.Process.Signal([2]syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT}[with])
				time.Sleep(2 * time.Millisecond) // and what that did is over
				s[with] = spin()
			}
			cpu = append(cpu, 100*(s[1].CPU/s[0].CPU-1))
			wall = append(wall, 100*(s[1].Wall/s[0].Wall-1))
		}
	}
	for name, x := range map[string][]float64{"cpu": cpu, "wall": wall} {
		middle, half := medianInterval(x)
		b.ReportMetric(middle, "%"+name)
		b.ReportMetric(half, "±%"+name)
	}
	b.ReportMetric(0, "ns/op")
}

// medianInterval is the median, and half the width of its interval of 95 %: the
// ranks of a binomial distribution, by its normal approximation.
func medianInterval(x []float64) (middle, half float64) {
	slices.Sort(x)
	n := float64(len(x))
	reach := 1.96 * math.Sqrt(n) / 2
	low, high := x[max(0, int(n/2-reach))], x[min(len(x)-1, int(math.Ceil(n/2+reach)))]
	return median(x), (high - low) / 2
}

// pin keeps this goroutine on a core.
func pin(b *testing.B, core int) {
	b.Helper()
	runtime.LockOSThread() // and it ends with its thread
	var set unix.CPUSet
	set.Set(core)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		b.Skip(err)
	}
}

// spun is what a stretch of work took, in seconds.
type spun struct{ CPU, Wall float64 }

// spin hashes 256 KiB, which fit no first-level cache, so often that it takes
// some 30 ms.
func spin() spun {
	start, cpu := time.Now(), threadCPU()
	for range 150 {
		h := sha256.Sum256(block)
		copy(block, h[:])
	}
	return spun{CPU: threadCPU() - cpu, Wall: time.Since(start).Seconds()}
}

var block = make([]byte, 256<<10)

func threadCPU() float64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return float64(ts.Nano()) / 1e9
}

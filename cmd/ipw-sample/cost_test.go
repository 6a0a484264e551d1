package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipw/lib/stats"
)

// What the sampler costs, as a process of its own: CPU time in % of one core
// and resident memory, from the system's account of it.
func BenchmarkCost(b *testing.B) {
	b.Run("50ms", func(b *testing.B) { cost(b, raplTree(b), nil, "--source", "rapl", "--duration", "20s") })
	b.Run("1ms", func(b *testing.B) {
		cost(b, raplTree(b), nil, "--source", "rapl", "--interval", "1ms", "--duration", "10s")
	})
	b.Run("1ms-gpus", func(b *testing.B) {
		if !cgo {
			b.Skip("built without cgo")
		}
		cost(b, raplTree(b), eightGPUs(b), "--source", "rapl,nvml", "--interval", "1ms", "--duration", "10s")
	})
}

func cost(b *testing.B, sysfs string, env []string, args ...string) {
	var cpu, seconds, mb, rate float64
	n := 0.0
	for b.Loop() {
		out := filepath.Join(b.TempDir(), "power.jsonl")
		cmd := exec.Command("ipw-sample", append([]string{"--sysfs", sysfs, "-o", out}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, text)
		}
		var end struct {
			CPU    float64 `json:"cpu_s"`
			Rate   float64 `json:"rate_hz"`
			Record float64 `json:"records"`
		}
		text, err := os.ReadFile(out)
		if err != nil {
			b.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil {
			b.Fatal(err)
		}
		cpu += end.CPU
		seconds += end.Record / end.Rate
		rate += end.Rate
		mb = max(mb, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
		n++
	}
	b.ReportMetric(100*cpu/seconds, "%core")
	b.ReportMetric(1e6*cpu/seconds/(rate/n), "µs/tick")
	b.ReportMetric(rate/n, "Hz")
	b.ReportMetric(mb, "MB")
	b.ReportMetric(0, "ns/op")
}

// raplTree is two packages, one with dram.
func raplTree(b *testing.B) string {
	b.Helper()
	root := b.TempDir()
	for zone, name := range map[string]string{"intel-rapl:0": "package-0", "intel-rapl:0:0": "dram", "intel-rapl:1": "package-1"} {
		dir := filepath.Join(root, "class/powercap", zone)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for file, text := range map[string]string{"name": name, "energy_uj": "1000000", "max_energy_range_uj": "262143328850"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text+"\n"), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}

// eightGPUs is the environment of a fake library with eight of them.
func eightGPUs(b *testing.B) []string {
	b.Helper()
	var script strings.Builder
	for i := range 8 {
		fmt.Fprintf(&script, "gpu\nname NVIDIA Fake H100\nuuid GPU-%d\nenergy stairs:100000:40000:1000000\ninstant 400000\nutil 87\nmemory 8000000000 80000000000\ntemp 61\n", i)
	}
	path := filepath.Join(b.TempDir(), "gpus")
	if err := os.WriteFile(path, []byte(script.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	return []string{"LD_LIBRARY_PATH=" + fakeLibrary(b), "FAKE_NVML=" + path}
}

// How much longer a single-threaded program runs on the other core beside a
// sampler at 1 kHz: pairs of runs with and without, in random order, pinned to
// a core each. The interval is Student's, 95 %, over the pairs' differences. CPU
// time is what the program used, wall time what it waited too: on a machine that
// others use only the first says something.
func BenchmarkBeside(b *testing.B) {
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		b.Skip("needs Linux and two cores")
	}
	const pairs = 20
	sysfs := raplTree(b)
	var cpu, wall []float64
	for b.Loop() {
		for range pairs {
			var with, without spun
			if rand.IntN(2) == 0 {
				with = spinBeside(b, sysfs)
				without = spin(b)
			} else {
				without = spin(b)
				with = spinBeside(b, sysfs)
			}
			cpu = append(cpu, 100*(with.CPU/without.CPU-1))
			wall = append(wall, 100*(with.Wall/without.Wall-1))
		}
	}
	for name, x := range map[string][]float64{"cpu": cpu, "wall": wall} {
		mean, half := studentInterval(x)
		b.ReportMetric(mean, "%"+name)
		b.ReportMetric(half, "±%"+name)
	}
	b.ReportMetric(0, "ns/op")
}

func studentInterval(x []float64) (mean, half float64) {
	mean = stats.Mean(x)
	sum := 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	n := float64(len(x))
	return mean, stats.StudentQuantile(0.975, len(x)-1) * math.Sqrt(sum/(n-1)/n)
}

func spinBeside(b *testing.B, sysfs string) spun {
	b.Helper()
	cmd := exec.Command("taskset", "-c", "0", "ipw-sample", "--sysfs", sysfs, "--source", "rapl", "--interval", "1ms", "-o", filepath.Join(b.TempDir(), "power.jsonl"))
	if err := cmd.Start(); err != nil {
		b.Skip(err)
	}
	time.Sleep(200 * time.Millisecond) // it has begun
	s := spin(b)
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait() // 130
	return s
}

// spun is what a run of spin took, in seconds.
type spun struct{ CPU, Wall float64 }

func spin(b *testing.B) (s spun) {
	b.Helper()
	start := time.Now()
	cmd := exec.Command("taskset", "-c", "1", "spin", "3000")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Skipf("%v\n%s", err, out)
	}
	s.Wall = time.Since(start).Seconds()
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return s
}

// spinMain is the single-threaded program: it hashes so many blocks of 256 KiB,
// which fit no first-level cache.
func spinMain() {
	runtime.GOMAXPROCS(1)
	n, _ := strconv.Atoi(slices.Concat(os.Args, []string{"1"})[1])
	block := make([]byte, 256<<10)
	for range n {
		h := sha256.Sum256(block)
		copy(block, h[:])
	}
}

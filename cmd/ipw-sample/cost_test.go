package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the sampler costs, as a process of its own: CPU time of a tick, in % of
// the interval, and resident memory, from the system's account of it. Beside it stands the
// floor: a C program that only sleeps and reads the same files, run in turn with
// it, because what a tick costs is mostly the machine's waking up, and that
// differs between machines and hours. Both are medians.
func BenchmarkCost(b *testing.B) {
	floor := compileFloor(b)
	b.Run("50ms", func(b *testing.B) { cost(b, floor, nil, 50*time.Millisecond, 10*time.Second) })
	b.Run("1ms", func(b *testing.B) { cost(b, floor, nil, time.Millisecond, 5*time.Second) })
	b.Run("1ms-gpus", func(b *testing.B) {
		if !cgo {
			b.Skip("built without cgo")
		}
		cost(b, floor, eightGPUs(b), time.Millisecond, 5*time.Second, "--source", "nvml")
	})
}

const costRounds = 7

func cost(b *testing.B, floor string, env []string, interval, length time.Duration, args ...string) {
	sysfs := raplTree(b)
	out := filepath.Join(b.TempDir(), "power.jsonl")
	args = append([]string{"--sysfs", sysfs, "--source", "rapl", "-o", out, "--interval", interval.String(), "--duration", length.String()}, args...)
	var core, least, rate, mb []float64
	for b.Loop() {
		for range costRounds {
			least = append(least, runFloor(b, floor, sysfs, interval, length))
			end, kb := runSampler(b, env, out, args)
			core = append(core, 100*end.CPU/end.Records/interval.Seconds())
			rate, mb = append(rate, end.Rate), append(mb, float64(kb)/1024)
		}
	}
	b.ReportMetric(median(core), "%core")
	b.ReportMetric(median(least), "%floor")
	b.ReportMetric(1e4*median(core)*interval.Seconds(), "µs/tick")
	b.ReportMetric(median(rate), "Hz")
	b.ReportMetric(slices.Max(mb), "MB")
	b.ReportMetric(0, "ns/op")
}

func median(x []float64) float64 { return slices.Sorted(slices.Values(x))[len(x)/2] }

// end is what the sampler says of itself.
type end struct {
	CPU     float64 `json:"cpu_s"`
	Rate    float64 `json:"rate_hz"`
	Records float64 `json:"records"`
}

func runSampler(b *testing.B, env []string, out string, args []string) (e end, maxKB int64) {
	b.Helper()
	if err := os.RemoveAll(out); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("ipw-sample", args...)
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil {
		b.Fatal(err)
	}
	return e, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

func compileFloor(b *testing.B) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "floor")
	if out, err := exec.Command("cc", "-O2", "-o", path, "testdata/floor.c").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// runFloor gives the floor's CPU time in % of one core.
func runFloor(b *testing.B, floor, sysfs string, interval, length time.Duration) float64 {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(sysfs, "class/powercap/*/energy_uj"))
	if err != nil {
		b.Fatal(err)
	}
	args := append([]string{fmt.Sprint(interval.Microseconds()), fmt.Sprint(int64(length / interval))}, files...)
	out, err := exec.Command(floor, args...).Output()
	if err != nil {
		b.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return 100 * seconds / length.Seconds()
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
		fmt.Fprintf(&script, "gpu\nname NVIDIA Fake H100\nuuid GPU-%d\nenergy stairs:100000:40000:1000000\nenergyfield 1\ninstant 400000\nutil 87\nmemory 8000000000 80000000000\ntemp 61\n", i)
	}
	path := filepath.Join(b.TempDir(), "gpus")
	if err := os.WriteFile(path, []byte(script.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	return []string{"LD_LIBRARY_PATH=" + fakeLibrary(b), "FAKE_NVML=" + path}
}

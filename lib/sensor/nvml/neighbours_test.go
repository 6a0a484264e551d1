//go:build cgo && linux

package nvml

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// In a container this may be process 1, the parent of all.
func TestOursBelowTheFirst(t *testing.T) {
	proc := t.TempDir()
	os.Mkdir(filepath.Join(proc, "7"), 0o755)
	os.WriteFile(filepath.Join(proc, "7/stat"), []byte("7 (train) S 1 1 1 0"), 0o644)
	if p := (&people{proc, 1}); !p.ours(7) || !p.ours(1) || p.ours(8) {
		t.Error("the child of process 1 is not ours")
	}
}

// Who else is on a GPU is told when it changes, at most every ten seconds; this
// process and its children are not.
func TestNeighbours(t *testing.T) {
	proc := t.TempDir()
	self := os.Getpid()
	process := func(pid, parent int, name string) {
		dir := filepath.Join(proc, fmt.Sprint(pid))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "comm"), []byte(name+"\n"), 0o644)
		os.WriteFile(filepath.Join(dir, "stat"), fmt.Appendf(nil, "%d (%s) S %d 1 1 0", pid, name, parent), 0o644)
	}
	process(70, 1, "python) (x")
	process(71, 70, "vllm")
	process(80, self, "sh")
	process(81, 80, "train")
	list := filepath.Join(proc, "list")
	put := func(text string) {
		if err := os.WriteFile(list, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("")
	sensors, _, err := openFakeWith(t, "gpu\nuuid GPU-1\nenergy 5\ninstant 5\nprocesses file:"+list+"\n", Options{Proc: proc})
	if err != nil {
		t.Fatal(err)
	}
	defer sensors[0].Close()
	now := int64(0)
	for _, step := range []struct {
		pids, want string
		us         int64
	}{
		{"", "-", 0},
		{fmt.Sprintf("%d 80 81", self), "-", neighboursUs},
		{"71 70 99 81", "pid 70 python) (x, pid 71 vllm, pid 99", neighboursUs},
		{"99 70 71 81", "-", neighboursUs},
		{"70", "-", neighboursUs / 2}, // not looked yet
		{"70", "pid 70 python) (x", neighboursUs / 2},
		{"", "no other process", neighboursUs},
		{"", "-", neighboursUs},
	} {
		put(step.pids)
		now += step.us
		got := "-"
		if r := read(sensors[0], now, true); r.Neighbours != nil {
			got = *r.Neighbours
		}
		if got != step.want {
			t.Errorf("%q: %q, want %q", step.pids, got, step.want)
		}
	}
	// Not asked for beside energy and power.
	put("71")
	if r := read(sensors[0], now+neighboursUs, false); r.Neighbours != nil {
		t.Error(*r.Neighbours)
	}
}

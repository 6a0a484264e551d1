package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipw/lib/event"
	"ipw/lib/run"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// job is an ipw run in a directory of its own.
type job struct {
	*testing.T
	cmd      *exec.Cmd
	dir      string
	out, err bytes.Buffer
}

const runDir = "runs/run_react_builtin_demo"

func start(t *testing.T, dir string, queries int, more ...string) *job {
	t.Helper()
	args := append([]string{"run", "--agent=react", "--model=builtin", "--dataset=demo", "--baseline=0s", fmt.Sprint("--max-queries=", queries)}, more...)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	j := &job{T: t, cmd: exec.CommandContext(ctx, filepath.Join(bin, "ipw"), args...), dir: dir}
	j.cmd.Dir, j.cmd.Stdout, j.cmd.Stderr = dir, &j.out, &j.err
	for _, k := range emptied {
		j.cmd.Env = append(j.cmd.Environ(), k+"=")
	}
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return j
}

// code waits for the end and returns the exit status, −9 for a kill.
func (j *job) code() int {
	_ = j.cmd.Wait()
	if ws := j.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		return -int(ws.Signal())
	}
	return j.cmd.ProcessState.ExitCode()
}

func (j *job) path(name string) string { return filepath.Join(j.dir, runDir, name) }

// until waits for something to come true of the running job.
func (j *job) until(what string, ok func() bool) {
	j.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = j.cmd.Process.Kill()
			j.Fatalf("%s did not come about\n%s", what, &j.err)
		}
	}
}

func (j *job) count(name, text string) int {
	b, _ := os.ReadFile(j.path(name))
	return bytes.Count(b, []byte(text))
}

// whole checks what every finished directory must be: each query answered once,
// none lost, none run after it had ended well, streams without a tear.
func (j *job) whole(queries int) {
	j.Helper()
	problems := &stream.Problems{Print: func(s string) { j.Error(s) }}
	f, err := os.Open(j.path("events.jsonl"))
	if err != nil {
		j.Fatal(err)
	}
	defer f.Close()
	ends := make(map[string]int)
	runs := make(map[string]bool)
	for r := event.NewReader(problems, stream.NewInput("events.jsonl", f)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			j.Fatal(err)
		}
		if rec.Header != nil {
			runs[rec.Header.Run] = true
		}
		if e := rec.Event; e != nil && e.Type == event.QueryEnd && e.Reason == event.Finished {
			ends[e.Query]++
		}
	}
	for q, n := range ends {
		if n != 1 {
			j.Errorf("%s finished %d times", q, n)
		}
	}
	if len(ends) != queries || len(runs) != 1 {
		j.Errorf("%d queries finished in runs %v, want %d in one", len(ends), runs, queries)
	}
	g, err := os.Open(j.path("traces.jsonl"))
	if err != nil {
		j.Fatal(err)
	}
	defer g.Close()
	all, err := trace.NewReader(problems, stream.NewInput("traces.jsonl", g)).ReadAll()
	if err != nil || len(all) != queries {
		j.Errorf("%v, %d traces, want %d", err, len(all), queries)
	}
	for i, q := range all {
		if q.QueryID != fmt.Sprintf("q%04d", i) || q.IsResolved == nil || *q.Reason != event.Finished {
			j.Errorf("trace %d is %s, %v, %v", i, q.QueryID, *q.Reason, q.IsResolved)
		}
	}
	s, err := run.ReadSummary(j.path("summary.json"))
	if err != nil || s.Status != run.Finished || s.Totals.Queries != queries {
		j.Errorf("summary: %v %+v", err, s)
	}
	var balance struct{ Balanced bool }
	if json.Unmarshal(s.Balance, &balance) != nil || !balance.Balanced {
		j.Errorf("balance: %s", s.Balance)
	}
}

// Kill -9 of ipw at any moment, and again while the run resumes, loses nothing
// that was finished, and leaves no process behind.
func TestKillMinus9(t *testing.T) {
	const queries = 4
	for _, ms := range []int{20, 150, 400, 800, 1300} {
		t.Run(fmt.Sprint(ms, "ms"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for range 2 {
				j := start(t, dir, queries)
				time.Sleep(time.Duration(ms) * time.Millisecond)
				_ = j.cmd.Process.Kill()
				if j.code() == 0 {
					break // it was faster
				}
				j.until("the end of its stages", func() bool { return len(stagesOf(t, dir)) == 0 })
			}
			j := start(t, dir, queries)
			if code := j.code(); code != 0 && !(code == 2 && strings.Contains(j.err.String(), "finished run")) {
				t.Fatalf("exit status %d\n%s", code, &j.err)
			}
			j.whole(queries)
		})
	}
}

// stagesOf lists the processes whose working directory is dir.
func stagesOf(t *testing.T, dir string) (pids []string) {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil || len(links) == 0 {
		t.Skip("no /proc here")
	}
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && target == dir {
			state, _ := os.ReadFile(filepath.Join(filepath.Dir(l), "stat"))
			if !bytes.Contains(state, []byte(") Z ")) {
				pids = append(pids, filepath.Base(filepath.Dir(l)))
			}
		}
	}
	return pids
}

// While it runs, the stages are processes and traces.jsonl grows; Ctrl-C keeps
// what is finished; the same command finishes the run.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			t.Parallel()
			j := start(t, t.TempDir(), 6)
			j.until("the first trace", func() bool { return j.count("traces.jsonl", "\n") > 0 })
			names := make(map[string]bool)
			for _, pid := range stagesOf(t, j.dir) {
				exe, _ := os.Readlink("/proc/" + pid + "/exe")
				names[filepath.Base(exe)] = true
			}
			for _, name := range []string{"ipw", "ipw-sample", "ipw-agent", "ipw-attribute", "ipw-judge"} {
				if !names[name] {
					t.Errorf("%s is no process: %v", name, names)
				}
			}
			_ = j.cmd.Process.Signal(c.signal)
			if code := j.code(); code != c.code {
				t.Fatalf("exit status %d, want %d\n%s", code, c.code, &j.err)
			}
			for _, want := range []string{": interrupted, ", "Joules per success", "1 interrupted"} {
				if !strings.Contains(j.out.String(), want) {
					t.Errorf("summary lacks %q:\n%s", want, &j.out)
				}
			}
			if !strings.Contains(j.err.String(), "hint: the same command goes on from here") {
				t.Errorf("stderr:\n%s", &j.err)
			}
			done := j.count("traces.jsonl", `"reason":"finished"`)
			if done == 0 {
				t.Error("what was finished is lost")
			}
			j = start(t, j.dir, 6)
			if code := j.code(); code != 0 {
				t.Fatalf("resumed: exit status %d\n%s", code, &j.err)
			}
			if want := fmt.Sprintf("%d of 6 queries are finished", done); !strings.Contains(j.err.String(), want) {
				t.Errorf("stderr lacks %q:\n%s", want, &j.err)
			}
			j.whole(6)
			if n := j.count("traces.jsonl", `"query_energy_joules":null`); n > 2 { // a loaded machine may miss samples in one or two
				t.Errorf("%d of 6 queries have no energy", n)
			}
		})
	}
}

// A reader that goes away ends nothing: the run is whole, and ends quietly.
func TestHead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", bin+"/ipw run --agent react --model builtin --dataset demo --max-queries 1 --baseline 0s | true")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "pipe") {
		t.Errorf("%v %s", err, out)
	}
	(&job{T: t, dir: dir}).whole(1)
}

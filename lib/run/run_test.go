package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/run"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// bench is one run directory's surroundings.
type bench struct {
	*testing.T
	dir   string // of tasks, and of files that tasks wait for
	o     run.Options
	words []string
	asked string
}

func newBench(t *testing.T, tasks ...string) *bench {
	b := &bench{T: t, dir: t.TempDir()}
	b.asked = filepath.Join(b.dir, "asked")
	t.Setenv("FAKE_ASKED", b.asked)
	t.Setenv("FAKE", "")
	b.o = run.Options{Agent: "react", Model: "builtin", Dataset: b.file("tasks.jsonl", strings.Join(tasks, "\n")), OutputDir: filepath.Join(b.dir, "runs"),
		EvalClient: "openai", EvalModel: "none", Scorer: "exact", Bin: stageDir(t), Getenv: func(string) string { return "" }}
	var mu sync.Mutex
	b.o.Words = func(s string) {
		mu.Lock()
		defer mu.Unlock()
		b.words = append(b.words, s)
	}
	b.o.Say = b.o.Words
	return b
}

func (b *bench) file(name, text string) string {
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	return path
}

// task makes a line; extra are metadata pairs.
func (b *bench) task(id string, extra ...string) string {
	m := map[string]string{"say": "yes"}
	for i := 0; i < len(extra); i += 2 {
		m[extra[i]] = extra[i+1]
	}
	line, _ := json.Marshal(map[string]any{"id": id, "problem": "is it?", "answer": "yes", "metadata": m})
	return string(line)
}

func (b *bench) run(ctx context.Context) (*run.Result, error) {
	b.Helper()
	res, err := run.Run(ctx, b.o)
	if res != nil {
		b.wholeDirectory(res)
	}
	return res, err
}

// good runs and expects no error.
func (b *bench) good() *run.Result {
	b.Helper()
	res, err := b.run(b.Context())
	if err != nil {
		b.Fatalf("%v\n%s", err, strings.Join(b.words, "\n"))
	}
	return res
}

// wholeDirectory checks what every directory must be, however the run ended:
// whole streams, traces once each, a summary.
func (b *bench) wholeDirectory(res *run.Result) {
	b.Helper()
	var trouble []string
	problems := &stream.Problems{Print: func(s string) { trouble = append(trouble, s) }}
	open := func(name string) *stream.Input {
		f, err := os.Open(filepath.Join(res.Dir, name))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { f.Close() })
		return stream.NewInput(name, f)
	}
	if fi, err := os.Stat(filepath.Join(res.Dir, "events.jsonl")); err == nil && fi.Size() > 0 {
		drain(b, event.NewReader(problems, open("events.jsonl")).Next)
	}
	if fi, err := os.Stat(filepath.Join(res.Dir, "power.jsonl")); err == nil && fi.Size() > 0 {
		drain(b, power.NewReader(problems, open("power.jsonl")).Next)
	}
	all, err := trace.NewReader(problems, open("traces.jsonl")).ReadAll()
	if err != nil || len(trouble) > 0 || problems.Err() != nil {
		b.Errorf("directory: %v %v %v", err, trouble, problems.Err())
	}
	seen := make(map[string]bool)
	for _, q := range all {
		if seen[q.QueryID] {
			b.Errorf("%s twice in traces.jsonl", q.QueryID)
		}
		seen[q.QueryID] = true
	}
	s, err := run.ReadSummary(filepath.Join(res.Dir, "summary.json"))
	if err != nil || s.Status != res.Summary.Status || s.Totals == nil || s.Totals.Queries != len(all) {
		b.Errorf("summary.json: %v %+v", err, s)
	}
}

func drain[R any](b *bench, next func() (R, error)) {
	b.Helper()
	for {
		if _, err := next(); err == io.EOF {
			return
		} else if err != nil {
			b.Errorf("stream: %v", err)
			return
		}
	}
}

// lines are "id/attempt reason verdict" of the traces.
func lines(res *run.Result) (s []string) {
	for _, q := range res.Traces {
		v := "unscored"
		if q.IsResolved != nil {
			v = fmt.Sprint(*q.IsResolved)
		}
		s = append(s, fmt.Sprintf("%s/%d %s %s", q.QueryID, q.Attempt, *q.Reason, v))
	}
	return s
}

func (b *bench) want(res *run.Result, status string, want ...string) {
	b.Helper()
	if res == nil {
		b.Fatal("no result")
	}
	if got := lines(res); !slices.Equal(got, want) {
		b.Errorf("traces\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if res.Summary.Status != status {
		b.Errorf("status %s, want %s", res.Summary.Status, status)
	}
}

func (b *bench) judged() []string {
	text, _ := os.ReadFile(b.asked)
	return strings.Fields(string(text))
}

func TestWholeRun(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b", "say", "no")+"\n"+b.task("c"))
	t.Setenv("FAKE", "backwards") // traces end in another order than the data set's
	res := b.good()
	b.want(res, "finished", "a/1 finished true", "b/1 finished false", "c/1 finished true")
	if want := filepath.Join(b.dir, "runs", "run_react_builtin_tasks.jsonl"); res.Dir != want {
		t.Errorf("directory %s, want %s", res.Dir, want)
	}
	for _, name := range []string{"power.jsonl", "events.jsonl", "traces.jsonl", "summary.json", "state.json", "analysis/accuracy.json", "artifacts"} {
		if _, err := os.Stat(filepath.Join(res.Dir, name)); err != nil {
			t.Error(err)
		}
	}
	var text bytes.Buffer
	if err := res.Report(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"run_react_builtin_tasks.jsonl: finished, 3 of 3 queries", "cpu:0 on", "samples a second (asked for 200)", "Not measured", "gpu: no sensor", "67 %, 2 of 3 right", "1.50 J (cpu)", "Balance", "closes for 1 domain"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, &text)
		}
	}
	checkSummary(t, res)
}

// checkSummary looks at the written file as a stranger would.
func checkSummary(t *testing.T, res *run.Result) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(res.Dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Status     string
		Config     map[string]any
		Provenance struct {
			Host     string
			Versions map[string]string
			Streams  []struct{ File, SHA256 string }
			Sampling []struct {
				Hz float64 `json:"achieved_hz"`
			}
			Sessions []map[string]any
		}
		Totals     map[string]any
		Statistics map[string]map[string]any
		Efficiency map[string]any
		Balance    map[string]any
		Overhead   map[string]any
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if s.Status != "finished" || s.Config["agent"] != "react" || s.Config["dataset_sha256"] == "" || s.Balance["balanced"] != true {
		t.Errorf("summary: %s", b)
	}
	if s.Totals["energy_joules"] != 3.0 || s.Totals["gpu_energy_joules"] != nil || s.Totals["resolved"] != 2.0 {
		t.Errorf("totals: %v", s.Totals)
	}
	for _, key := range []string{"n", "avg", "median", "min", "max", "std", "p90", "p95", "p99"} {
		if _, ok := s.Statistics["energy_joules"][key]; !ok {
			t.Errorf("statistics lack %s: %v", key, s.Statistics["energy_joules"])
		}
	}
	if v, ok := s.Statistics["gpu_energy_joules"]; !ok || v != nil {
		t.Errorf("statistics of what nobody measured: %v", v)
	}
	if s.Efficiency["n"] != 3.0 || s.Efficiency["basis"] != "cpu" {
		t.Errorf("efficiency: %v", s.Efficiency)
	}
	if s.Provenance.Versions["ipw-sample"] != "test" || len(s.Provenance.Streams) != 2 || len(s.Provenance.Streams[0].SHA256) != 64 || len(s.Provenance.Sessions) != 1 || s.Provenance.Sampling[0].Hz <= 0 {
		t.Errorf("provenance: %+v", s.Provenance)
	}
	cpu, _ := s.Overhead["cpu_s"].(map[string]any)
	for _, name := range []string{"ipw", "ipw-sample", "ipw-agent", "ipw-attribute", "ipw-judge"} {
		if _, ok := cpu[name].(float64); !ok {
			t.Errorf("overhead lacks %s: %v", name, s.Overhead)
		}
	}
}

func TestFinishedIsRefused(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b"))
	b.good()
	refused := func(why string) {
		t.Helper()
		_, err := b.run(t.Context())
		var exists *run.ExistsError
		if !errors.As(err, &exists) || !exists.Usage() || !strings.Contains(err.Error(), why) {
			t.Fatalf("%v, want a refusal for %q", err, why)
		}
		name, over := strings.Index(exists.Hint(), "--name"), strings.Index(exists.Hint(), "--overwrite")
		if name < 0 || over < name {
			t.Errorf("hint %q", exists.Hint())
		}
	}
	refused("finished run of 2 queries")
	b.o.Concurrency, b.o.Interval = 4, 20*time.Millisecond
	refused("finished run") // these may differ
	b.o.MaxTurns = 3
	refused("max_turns was 20, now 3")
	b.o.MaxTurns, b.o.MaxQueries = 0, 1
	refused("max_queries was none, now 1")
	b.o.MaxQueries = 0
	b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b")+"\n"+b.task("c"))
	refused("the data set's content changed")
	b.o.Name = "more"
	res := b.good()
	if filepath.Base(res.Dir) != "run_react_builtin_tasks.jsonl_more" || len(res.Traces) != 3 {
		t.Errorf("%s, %d traces", res.Dir, len(res.Traces))
	}
	b.o.Name, b.o.Overwrite = "", true
	b.file("runs/run_react_builtin_tasks.jsonl/notes.txt", "mine")
	res = b.good()
	if len(res.Traces) != 3 || len(res.Summary.Provenance.Sessions) != 1 {
		t.Errorf("overwritten: %v", lines(res))
	}
	if _, err := os.Stat(filepath.Join(res.Dir, "notes.txt")); err != nil {
		t.Errorf("--overwrite took a file that no run makes: %v", err)
	}
}

func TestMaxQueriesGrows(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b")+"\n"+b.task("c"))
	b.o.MaxQueries = 1
	b.want(b.good(), "finished", "a/1 finished true")
	b.o.MaxQueries = 3
	res := b.good()
	b.want(res, "finished", "a/1 finished true", "b/1 finished true", "c/1 finished true")
	if got := b.judged(); !slices.Equal(got, []string{"a/1", "b/1", "c/1"}) {
		t.Errorf("judged %v: a verdict was asked for again", got)
	}
	if n := len(res.Summary.Provenance.Sessions); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

func TestErrorsRunAgain(t *testing.T) {
	b := newBench(t)
	mended := filepath.Join(b.dir, "mended")
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b", "fail", mended)+"\n"+b.task("c"))
	res := b.good()
	b.want(res, "finished", "a/1 finished true", "b/1 error unscored", "c/1 finished true")
	if res.Summary.Errored() != 1 {
		t.Errorf("%d errored", res.Summary.Errored())
	}
	b.file("mended", "")
	res = b.good()
	b.want(res, "finished", "a/1 finished true", "b/2 finished true", "c/1 finished true")
	if q := res.Traces[1]; q.AttemptJoules.CPU == nil || q.AttemptJoules.CPU.String() != "1" {
		t.Errorf("the first attempt's joule is lost: %v", q.AttemptJoules.CPU)
	}
	if j := res.Summary.Totals.AttemptJoules; j == nil || j.String() != "1" {
		t.Errorf("total of earlier attempts: %v", j)
	}
	_, err := b.run(t.Context())
	var exists *run.ExistsError
	if !errors.As(err, &exists) {
		t.Errorf("%v, want a refusal", err)
	}
}

// The traces of earlier attempts do not come back behind later ones.
func TestAttemptsKeepTheirOrder(t *testing.T) {
	b := newBench(t)
	first, second := filepath.Join(b.dir, "first"), filepath.Join(b.dir, "second")
	b.o.Dataset = b.file("tasks.jsonl", b.task("a", "fail", first)+"\n"+b.task("b", "fail", second))
	b.want(b.good(), "finished", "a/1 error unscored", "b/1 error unscored")
	b.file("first", "")
	b.want(b.good(), "finished", "a/2 finished true", "b/2 error unscored")
	b.file("second", "")
	b.want(b.good(), "finished", "a/2 finished true", "b/3 finished true")
}

// A stage that is killed ends the run well, is named with its last words, and
// leaves a directory that the next run finishes.
func TestStageDies(t *testing.T) {
	for _, c := range []struct{ fake, name, words string }{
		{"sampler-dies", "ipw-sample", "the sensor is on fire"},
		{"attribute-dies", "ipw-attribute", "a bug"},
		{"judge-dies", "ipw-judge", "no verdict"},
		{"agent-dies", "ipw-agent", "out of memory"},
	} {
		t.Run(c.fake, func(t *testing.T) {
			b := newBench(t)
			gate := filepath.Join(b.dir, "gate")
			tasks := b.task("a") + "\n" + b.task("b", "wait", gate) + "\n" + b.task("c")
			if c.fake == "agent-dies" {
				tasks = b.task("a") + "\n" + b.task("b", "die", gate) + "\n" + b.task("c")
			}
			b.o.Dataset = b.file("tasks.jsonl", tasks)
			t.Setenv("FAKE", c.fake)
			res, err := b.run(t.Context())
			var stage *run.StageError
			if !errors.As(err, &stage) || stage.Name != c.name || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "killed") || stage.Usage() {
				t.Fatalf("error %v, want %s and %q", err, c.name, c.words)
			}
			if res.Summary.Status != "failed" {
				t.Errorf("status %s", res.Summary.Status)
			}
			t.Setenv("FAKE", "")
			b.file("gate", "")
			res = b.good()
			if res.Summary.Status != "finished" || len(res.Traces) != 3 {
				t.Errorf("resumed: %s, %v", res.Summary.Status, lines(res))
			}
			for _, q := range res.Traces {
				if *q.Reason != "finished" || q.IsResolved == nil || !*q.IsResolved {
					t.Errorf("resumed: %v", lines(res))
				}
			}
		})
	}
}

func TestSamplerBeforeTheFirstQuery(t *testing.T) {
	for fake, want := range map[string]string{"sampler-says-nothing": "no sensor", "sampler-prints-words": "no ipw.power/1 stream"} {
		b := newBench(t)
		b.o.Dataset = b.file("tasks.jsonl", b.task("a"))
		t.Setenv("FAKE", fake)
		res, err := b.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ipw-sample") {
			t.Errorf("%s: %v", fake, err)
		}
		if len(res.Traces) != 0 {
			t.Errorf("%s: %v", fake, lines(res))
		}
		t.Setenv("FAKE", "")
		b.o.MaxTurns = 7 // nothing was measured, so nothing stands in the way of other flags
		b.want(b.good(), "finished", "a/1 finished true")
	}
}

func TestWrongFlagOfAStage(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a"))
	t.Setenv("FAKE", "agent-usage")
	_, err := b.run(t.Context())
	var stage *run.StageError
	if !errors.As(err, &stage) || !stage.Usage() {
		t.Errorf("%v, want wrong usage", err)
	}
	t.Setenv("FAKE", "")
	b.o.Prices = "nowhere.json" // no flag of the fake ipw-attribute
	_, err = b.run(t.Context())
	if !errors.As(err, &stage) || stage.Name != "ipw-attribute" || !stage.Usage() {
		t.Errorf("%v, want wrong usage of ipw-attribute", err)
	}
}

func TestInterrupt(t *testing.T) {
	b := newBench(t)
	gate := filepath.Join(b.dir, "gate")
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b", "wait", gate)+"\n"+b.task("c"))
	ctx, cancel := context.WithCancel(t.Context())
	b.o.Progress = func(s run.State) {
		if s.Done == 1 && s.Open == 1 {
			cancel()
		}
	}
	res, err := b.run(ctx)
	if err != nil {
		t.Fatalf("%v %v", err, b.words)
	}
	b.want(res, "interrupted", "a/1 finished true", "b/1 interrupted unscored")
	if s := strings.Join(b.words, " "); strings.Contains(s, "more signals") {
		t.Error(s)
	}
	b.o.Progress = nil
	b.file("gate", "")
	b.want(b.good(), "finished", "a/1 finished true", "b/2 finished true", "c/1 finished true")
}

func TestInterruptDuringBaseline(t *testing.T) {
	b := newBench(t)
	b.o.Dataset, b.o.Baseline = b.file("tasks.jsonl", b.task("a")), time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	b.o.Progress = func(s run.State) {
		if strings.HasPrefix(s.Phase, "idle baseline") {
			cancel()
		}
	}
	res, err := b.run(ctx)
	if err != nil || res.Summary.Status != "interrupted" || len(res.Traces) != 0 {
		t.Errorf("%v, %+v", err, res)
	}
}

// The second signal kills an agent that does not listen to the first.
func TestKill(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b", "wait", filepath.Join(b.dir, "never")))
	kill := make(chan struct{})
	b.o.Kill = kill
	b.o.Progress = func(s run.State) {
		if s.Open == 1 && s.Done == 1 {
			select {
			case <-kill:
			default:
				close(kill)
			}
		}
	}
	res, err := b.run(t.Context())
	if err == nil || res.Summary.Status != "failed" {
		t.Errorf("%v, %s", err, res.Summary.Status)
	}
}

func TestLock(t *testing.T) {
	b := newBench(t)
	gate := filepath.Join(b.dir, "gate")
	b.o.Dataset = b.file("tasks.jsonl", b.task("a", "wait", gate))
	second := b.o
	second.Progress, second.Say, second.Words = nil, nil, nil
	var once bool
	b.o.Progress = func(s run.State) {
		if s.Open != 1 || once {
			return
		}
		once = true
		_, err := run.Run(t.Context(), second)
		var locked *run.LockedError
		if !errors.As(err, &locked) || locked.PID != fmt.Sprint(os.Getpid()) {
			t.Errorf("%v, want a lock", err)
		}
		b.file("gate", "")
	}
	b.want(b.good(), "finished", "a/1 finished true")
	if !once {
		t.Error("the second run was never tried")
	}
}

func TestTasksFromAPipe(t *testing.T) {
	b := newBench(t)
	mended := filepath.Join(b.dir, "mended")
	tasks := b.task("a") + "\n" + b.task("b", "fail", mended) + "\n"
	b.o.Dataset, b.o.Stdin = "-", strings.NewReader(tasks)
	res := b.good()
	b.want(res, "finished", "a/1 finished true", "b/1 error unscored")
	if filepath.Base(res.Dir) != "run_react_builtin_stdin" {
		t.Error(res.Dir)
	}
	b.o.Stdin = strings.NewReader(strings.ToUpper(tasks))
	if _, err := b.run(t.Context()); err == nil {
		t.Error("other tasks went into the same run")
	}
	b.file("mended", "")
	b.o.Stdin = strings.NewReader(tasks)
	b.want(b.good(), "finished", "a/1 finished true", "b/2 finished true")
}

func TestTwoSamplers(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("tasks.jsonl", b.task("a"))
	sampler := filepath.Join(b.o.Bin, "ipw-sample")
	b.o.Samplers = []string{"'" + sampler + "' --interval 5ms", "sleep 0; '" + sampler + "' --interval 5ms | cat"}
	res := b.good()
	b.want(res, "finished", "a/1 finished true")
	if p := res.Summary.Provenance; len(p.Sampling) != 2 || p.Sampling[1].File != "power-2.jsonl" || p.Sampling[1].Samples < 2 {
		t.Errorf("%+v", p.Sampling)
	}
}

// What -n prints does, in a shell, what a run does.
func TestShell(t *testing.T) {
	b := newBench(t)
	b.o.Dataset = b.file("ta sks.jsonl", b.task("a")+"\n"+b.task("b", "say", "no"))
	text, err := run.Shell(b.o, "exact", "ta sks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("/bin/sh", "-euc", text).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	dir := filepath.Join(b.o.OutputDir, "run_react_builtin_ta_sks.jsonl")
	f, err := os.Open(filepath.Join(dir, "traces.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := trace.NewReader(&stream.Problems{}, stream.NewInput("traces", f)).ReadAll()
	if err != nil || len(all) != 2 || *all[1].IsResolved {
		t.Errorf("%v, %d traces\n%s", err, len(all), out)
	}
	if _, err := os.Stat(filepath.Join(dir, "state.json")); err != nil {
		t.Error(err)
	}
}

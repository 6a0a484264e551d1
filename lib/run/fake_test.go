package run_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipw/lib/agent"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// The test binary is also every stage: called ipw-agent, it behaves as one,
// small and obedient. FAKE, a list of words, tells it how to misbehave.
func TestMain(m *testing.M) {
	stages := map[string]func(){"ipw-sample": fakeSample, "ipw-agent": fakeAgent, "ipw-attribute": fakeAttribute, "ipw-judge": fakeJudge, "ipw-export": fakeExport}
	if f, ok := stages[filepath.Base(os.Args[0])]; ok {
		f()
		return
	}
	os.Exit(m.Run())
}

// stageDir makes a directory of fake stages.
func stageDir(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"ipw-sample", "ipw-agent", "ipw-attribute", "ipw-judge", "ipw-export"} {
		if err := os.Symlink(exe, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func fake(word string) bool {
	for _, w := range strings.Fields(os.Getenv("FAKE")) {
		if w == word {
			return true
		}
	}
	return false
}

func check(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
}

// die ends the process as kill -9 would, after a last word.
func die(word string) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", filepath.Base(os.Args[0]), word)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// flags reads what the test needs of a stage's flags, and refuses others.
func flags(names ...string) (v map[string]*string, rest []string) {
	fs := flag.NewFlagSet(os.Args[0], flag.ExitOnError) // exit 2
	v = make(map[string]*string)
	for _, n := range names {
		if n == "follow" || n == "overwrite" || n == "check" {
			b := fs.Bool(n, false, "")
			defer func() { s := fmt.Sprint(*b); v[n] = &s }()
			continue
		}
		v[n] = fs.String(n, "", "")
	}
	args := os.Args[1:]
	for len(args) > 0 { // flags may follow arguments
		_ = fs.Parse(args)
		if args = fs.Args(); len(args) == 0 {
			break
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
	return v, rest
}

func fakeSample() {
	v, _ := flags("interval", "o")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT)
	switch {
	case fake("sampler-prints-words"):
		fmt.Println("hello")
		<-stop
		return
	case fake("sampler-says-nothing"):
		fmt.Fprintln(os.Stderr, "ipw-sample: no sensor")
		os.Exit(1)
	}
	w, err := stream.Create(*v["o"], power.Schema, os.Stdout)
	check(err)
	update := int64(1000)
	now := clock.System()
	check(w.Header(power.Header{Type: "header", Schema: power.Schema, Host: clock.Host(), TUs: now.TUs, IntervalUs: 5000, Tool: "ipw-sample test",
		Domains: []power.Domain{{ID: "cpu:0", Kind: "cpu", Source: "fake", Energy: "counter", Power: "none", UpdateUs: &update}}}))
	for n := int64(0); ; n++ {
		now := clock.System()
		check(w.Append(func(b []byte) ([]byte, error) {
			return power.AppendSample(b, &power.Sample{TUs: now.TUs, MUs: now.MUs, HasM: true, J: []int64{n * 1000}}), nil
		}))
		if fake("sampler-dies") && n == 20 {
			die("the sensor is on fire")
		}
		select {
		case <-stop:
			check(w.End("ok", nil))
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// fakeAgent answers a task with its metadata's "say". Its other words: "die",
// "fail" (until the file of that name exists), "wait" (for a file, or SIGINT).
func fakeAgent() {
	v, _ := flags("agent", "model", "dataset", "max-turns", "max-queries", "concurrency", "artifacts", "resume", "run", "tools", "base-url", "check", "repeat", "shard")
	stop := make(chan os.Signal, 8)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	if fake("agent-usage") {
		fmt.Fprintln(os.Stderr, "ipw-agent: unknown flag")
		os.Exit(2)
	}
	if *v["check"] == "true" {
		return
	}
	set, err := dataset.Open(*v["dataset"], os.Stdin)
	check(err)
	h := event.Header{Run: *v["run"], Host: clock.Host(), Tool: "ipw-agent test", Agent: *v["agent"], Model: *v["model"], Dataset: set.Name}
	var earlier *agent.Earlier
	if *v["resume"] != "" {
		f, err := os.Open(*v["resume"])
		check(err)
		earlier, err = agent.ReadEarlier(event.NewReader(&stream.Problems{}, stream.NewInput("earlier", f)))
		check(err)
		h.Run = earlier.Header.Run
	}
	w := event.NewWriter(stream.NewWriter(os.Stdout), clock.System)
	check(w.Header(h))
	status, code, n := "ok", 0, 0
	limit := -1
	if *v["max-queries"] != "" {
		fmt.Sscan(*v["max-queries"], &limit)
	}
	var tasks []dataset.Task
	for t, err := range set.Tasks(context.Background(), &stream.Problems{}) {
		check(err)
		if n++; limit >= 0 && n > limit {
			break
		}
		if fake("backwards") {
			tasks = append([]dataset.Task{t}, tasks...)
		} else {
			tasks = append(tasks, t)
		}
	}
	for _, t := range tasks {
		attempt, run := earlier.Attempt(t.ID)
		if !run {
			continue
		}
		reason := fakeQuery(w, t, attempt, stop)
		if reason == event.Failed {
			code = 1
		}
		if reason == event.Interrupted {
			status, code = "interrupted", 130
			break
		}
	}
	check(w.End(status))
	if more := len(stop); more > 0 {
		fmt.Fprintf(os.Stderr, "ipw-agent: %d more signals\n", more)
	}
	os.Exit(code)
}

func fakeQuery(w *event.Writer, t dataset.Task, attempt int, stop chan os.Signal) (reason string) {
	var meta struct{ Say, Fail, Wait, Die string }
	_ = json.Unmarshal(t.Metadata, &meta)
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	check(w.Emit(event.Event{Type: event.QueryStart, Query: t.ID, Attempt: attempt, QueryText: &t.Problem, Reference: t.Answer}))
	time.Sleep(10 * time.Millisecond)
	if meta.Die != "" && !exists(meta.Die) {
		die("out of memory")
	}
	reason = event.Finished
	var failed *string
	if meta.Fail != "" && !exists(meta.Fail) {
		reason, failed = event.Failed, &meta.Fail
	}
	for meta.Wait != "" && !exists(meta.Wait) && reason == event.Finished {
		select {
		case <-stop:
			reason = event.Interrupted
		case <-time.After(5 * time.Millisecond):
		}
	}
	yes, no := true, false
	check(w.Emit(event.Event{Type: event.QueryEnd, Query: t.ID, Attempt: attempt, ResponseText: &meta.Say, Completed: &yes, TimedOut: &no, Reason: reason, Error: failed}))
	return reason
}

// fakeAttribute gives a joule to every attempt.
func fakeAttribute() {
	v, _ := flags("power", "totals", "share", "follow")
	r := event.NewReader(&stream.Problems{Print: func(s string) { fmt.Fprintln(os.Stderr, "ipw-attribute:", s) }, Partial: true}, stream.NewInput("stdin", os.Stdin))
	starts := make(map[string]*event.Event)
	before := make(map[string]unit.Joules)
	var h *event.Header
	out := bufio.NewWriter(os.Stdout)
	emit := func(id, reason string, end *event.Event) {
		s := starts[id]
		delete(starts, id)
		q := &trace.QueryTrace{Schema: trace.Schema, QueryID: id, Attempt: s.Attempt, Run: &h.Run, Dataset: &h.Dataset, Host: &h.Host, Reason: &reason,
			QueryText: *s.QueryText, Reference: s.Reference, StartUs: s.TUs, EndUs: end.TUs, Error: end.Error}
		if end.ResponseText != nil {
			q.ResponseText = *end.ResponseText
		}
		q.Completed = reason == event.Finished
		joule := unit.Joule
		q.Query.CPU, q.QueryEnergyJoules = &joule, &joule
		q.Energy = trace.Energy{Basis: []string{"cpu"}, Method: "counter", ShareRule: "active", Missing: map[string]string{"gpu": "no sensor"}}
		if b, ok := before[id]; ok {
			q.AttemptJoules.CPU = &b
		}
		before[id] += joule
		line, err := q.Append(nil)
		check(err)
		fmt.Fprintf(out, "%s\n", line)
		out.Flush()
	}
	var last event.Event
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		check(err)
		switch {
		case rec.Header != nil:
			h = rec.Header
		case rec.End != "":
			if rec.End != "ok" {
				for id := range starts {
					emit(id, event.Interrupted, &last)
				}
			}
		case rec.Event.Type == event.QueryStart:
			starts[rec.Event.Query] = rec.Event
			if fake("attribute-dies") {
				die("a bug")
			}
		case rec.Event.Type == event.QueryEnd:
			emit(rec.Event.Query, rec.Event.Reason, rec.Event)
		}
		if rec.Event != nil {
			last = *rec.Event
		}
	}
	check(os.WriteFile(*v["totals"], []byte(`{"share":"active","balanced":true,"domains":[{"id":"cpu:0"}]}`), 0o644))
}

// fakeJudge notes whom it was asked about.
func fakeJudge() {
	flags("scorer", "eval-client", "eval-model", "eval-base-url", "report")
	asked, err := os.OpenFile(os.Getenv("FAKE_ASKED"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	check(err)
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		check(err)
		q := new(trace.QueryTrace)
		check(json.Unmarshal(line, q))
		if fake("judge-dies") {
			die("no verdict")
		}
		fmt.Fprintf(asked, "%s/%d\n", q.QueryID, q.Attempt)
		set := map[string]any{"unscorable_reason": "no_reference"}
		if q.Reference != nil && q.Completed {
			set = map[string]any{"is_resolved": q.ResponseText == *q.Reference, "accuracy_score": 0}
			if q.ResponseText == *q.Reference {
				set["accuracy_score"] = 1
			}
		}
		scored, err := trace.Patch([]byte(strings.TrimSpace(string(line))), set)
		check(err)
		fmt.Printf("%s\n", scored)
	}
}

func fakeExport() {
	v, args := flags("format", "o", "overwrite")
	if len(args) != 1 || *v["format"] != "hf" {
		os.Exit(2)
	}
	check(os.WriteFile(filepath.Join(*v["o"], "state.json"), []byte("{}"), 0o644))
}

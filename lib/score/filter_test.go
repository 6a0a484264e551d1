package score

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"ipw/lib/stream"
	"ipw/lib/trace"
)

// slow is a scorer whose calls end when they are told to.
type slow struct {
	busy, most atomic.Int64
	release    map[string]chan struct{}
	started    chan string
}

func (s *slow) Name() string { return "slow" }

func (s *slow) Score(_ context.Context, q *trace.QueryTrace) Result {
	n := s.busy.Add(1)
	for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
	}
	s.started <- q.QueryID
	<-s.release[q.QueryID]
	s.busy.Add(-1)
	right := true
	return Result{Resolved: &right, Metadata: Metadata{Scorer: "slow"}}
}

func line(id string) string {
	return fmt.Sprintf(`{"query_id":%q, "reference":"x",  "reason":"finished"}`, id)
}

func reader(problems *stream.Problems, text string) *trace.Reader {
	return trace.NewReader(problems, stream.NewInput("in", strings.NewReader(text)))
}

// Traces come out in the order they went in, each as soon as it and those
// before it are scored, and no more are in work than allowed.
func TestFilterOrder(t *testing.T) {
	s := &slow{release: make(map[string]chan struct{}), started: make(chan string, 100)}
	var text strings.Builder
	for i := range 6 {
		id := fmt.Sprint(i)
		s.release[id] = make(chan struct{})
		text.WriteString(line(id) + "\n")
	}
	out := make(chan string, 100)
	f := Filter{Concurrency: 3, Scorer: func(*trace.QueryTrace) (Scorer, error) { return s, nil },
		Write: func(b []byte) error { out <- string(b); return nil }}
	end := make(chan error, 1)
	go func() { end <- f.Run(context.Background(), reader(&stream.Problems{}, text.String())) }()

	for range 3 {
		<-s.started
	}
	for _, id := range []string{"2", "1"} { // out of order
		close(s.release[id])
	}
	<-s.started
	<-s.started
	if len(out) != 0 {
		t.Errorf("%q was written before the first trace", <-out)
	}
	close(s.release["0"])
	for i := range 3 {
		if got := <-out; !strings.HasPrefix(got, fmt.Sprintf(`{"query_id":"%d", "reference":"x",  "reason":"finished",`, i)) {
			t.Errorf("%d: %s", i, got)
		}
	}
	for _, id := range []string{"3", "4", "5"} {
		close(s.release[id])
	}
	if err := <-end; err != nil {
		t.Fatal(err)
	}
	if len(out) != 3 || s.most.Load() != 3 {
		t.Errorf("%d left, %d at once", len(out), s.most.Load())
	}
}

func exactly(*trace.QueryTrace) (Scorer, error) { return Exact{}, nil }

func run(t *testing.T, f Filter, problems *stream.Problems, text string) ([]string, error) {
	t.Helper()
	var lines []string
	f.Write = func(b []byte) error { lines = append(lines, string(b)); return nil }
	if f.Scorer == nil {
		f.Scorer = exactly
	}
	err := f.Run(context.Background(), reader(problems, text))
	return lines, err
}

// Every byte that the filter does not set stays: white space, unknown keys,
// digits no double holds, the order of keys, escapes.
func TestFilterPassesThrough(t *testing.T) {
	in := `{ "zz" : [1, 2.50 ,{"é":"\u00e9\/"}], "big":12345678901234567890.000, "query_id":"q" ,"is_resolved" : null,"reference":"x","response_text":"X.","accuracy_score":0.5,"score_metadata":{"old":1},"reason":"finished" }`
	want := `{ "zz" : [1, 2.50 ,{"é":"\u00e9\/"}], "big":12345678901234567890.000, "query_id":"q" ,"is_resolved" : true,"reference":"x","response_text":"X.","accuracy_score":1,"score_metadata":{"scorer":"exact","exact_match":true},"reason":"finished" ,"unscorable_reason":null}` + "\n"
	got, err := run(t, Filter{}, &stream.Problems{}, in+"\n")
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	again, _ := run(t, Filter{}, &stream.Problems{}, got[0])
	if again[0] != got[0] {
		t.Errorf("scoring again changed %s to %s", got[0], again[0])
	}
}

func TestFilterEscapes(t *testing.T) {
	got, _ := run(t, Filter{}, &stream.Problems{}, "{\"query_id\":\"q\",\"response_text\":\"\u009b31m\x7f\"}\n")
	if strings.ContainsAny(got[0], "\u009b\x7f") || !strings.Contains(got[0], `\u009b31m\u007f`) {
		t.Errorf("%q", got[0])
	}
}

func TestFilterKeep(t *testing.T) {
	kept := `{"query_id":"a","is_resolved":false,"accuracy_score":0,"reference":"x","response_text":"x"}`
	got, _ := run(t, Filter{Keep: true}, &stream.Problems{}, kept+"\n"+strings.Replace(kept, "false", "null", 1)+"\n")
	if got[0] != kept+"\n" || !strings.Contains(got[1], `"is_resolved":true`) {
		t.Errorf("%s", got)
	}
	got, _ = run(t, Filter{}, &stream.Problems{}, kept+"\n")
	if !strings.Contains(got[0], `"is_resolved":true`) {
		t.Errorf("not scored again: %s", got)
	}
}

func TestFilterErrors(t *testing.T) {
	problems := &stream.Problems{}
	got, err := run(t, Filter{Concurrency: 4}, problems, line("a")+"\nnonsense\n"+line("b")+"\n")
	if err != nil || len(got) != 2 || problems.Err() == nil {
		t.Errorf("rejected: %v, %v, %v", got, err, problems.Err())
	}
	got, err = run(t, Filter{Concurrency: 4}, &stream.Problems{Strict: true}, line("a")+"\nnonsense\n"+line("b")+"\n")
	if err == nil || len(got) != 1 {
		t.Errorf("strict: %v, %v", got, err)
	}
	noJudge := errors.New("no judge")
	_, err = run(t, Filter{Scorer: func(*trace.QueryTrace) (Scorer, error) { return nil, noJudge }}, &stream.Problems{}, line("a")+"\n")
	if err != noJudge {
		t.Errorf("no scorer: %v", err)
	}
	f := Filter{Scorer: exactly, Write: func([]byte) error { return io.ErrClosedPipe }}
	if err := f.Run(context.Background(), reader(&stream.Problems{}, strings.Repeat(line("a")+"\n", 100))); err != io.ErrClosedPipe {
		t.Errorf("closed output: %v", err)
	}
	if got, err := run(t, Filter{}, &stream.Problems{}, ""); err != nil || len(got) != 0 {
		t.Errorf("empty: %v, %v", got, err)
	}
}

func TestChoice(t *testing.T) {
	for _, c := range []struct {
		flag, dataset string
		with          bool
		want          string
	}{
		{"exact", "file", true, "exact"}, {"judge", "demo", false, "judge"},
		{"auto", "demo", true, "exact"}, {"auto", "open", false, "judge"},
		{"auto", "file", true, "judge"}, {"auto", "file", false, "exact"}, {"auto", "", true, "judge"}, {"auto", "", false, "exact"},
	} {
		made := 0
		choice := Choice{Flag: c.flag, WithJudge: c.with,
			Own:      func(name string) string { return map[string]string{"demo": "exact", "open": "judge"}[name] },
			NewJudge: func() (Scorer, error) { made++; return &Judge{}, nil }}
		q := query("q", "", "")
		if c.dataset != "" {
			q.Dataset = &c.dataset
		}
		s, err := choice.For(q)
		choice.For(q)
		if err != nil || s.Name() != c.want || made > 1 || (c.want == "exact") != (made == 0) {
			t.Errorf("%+v: %v, %v, made %d", c, s, err, made)
		}
	}
}

func TestReport(t *testing.T) {
	text := `{"query_id":"a","run":"r","attempt":1,"reason":"error","query_gpu_energy_joules":5}
{"query_id":"b","run":"r","attempt":1,"reason":"finished","completed":true,"reference":"x","response_text":"y","query_gpu_energy_joules":5}
{"query_id":"a","run":"r","attempt":2,"reason":"finished","completed":true,"reference":"x","response_text":"x","query_gpu_energy_joules":10,"attempt_gpu_energy_joules":5}
{"query_id":"c","run":"r","attempt":1,"reason":"finished","completed":true,"response_text":"x"}
{"query_id":"d","run":"r","attempt":1,"reason":"interrupted","reference":"x"}
{"query_id":"a","run":"other","attempt":1,"reason":"finished","completed":true,"reference":"x","response_text":"y"}
`
	r := NewReport("auto")
	if _, err := run(t, Filter{Concurrency: 3, Done: r.Add}, &stream.Problems{}, text); err != nil {
		t.Fatal(err)
	}
	c := r.Contents()
	if c.Scorer != "exact" || c.Queries != 5 || c.Right != 1 || c.Wrong != 2 || c.Unscored != 1 || c.Errored != 1 || c.Reasons[NoReference] != 1 || c.Judge != nil {
		t.Errorf("%+v", c)
	}
	if *c.Accuracies.Accuracy != 1.0/3 || *c.Efficiency.Accuracies.Accuracy != 0.5 || *c.Efficiency.JoulesPerSuccess != 20 {
		t.Errorf("%+v", c.Efficiency)
	}
	if rec := c.Records[0]; rec.QueryID != "a" || *rec.Attempt != 2 || !*rec.IsResolved {
		t.Errorf("%+v", rec)
	}
	b, err := r.JSON()
	var back map[string]any
	if err != nil || json.Unmarshal(b, &back) != nil || back["schema"] != ReportSchema {
		t.Errorf("%s, %v", b, err)
	}
}

func TestReportOfJudge(t *testing.T) {
	e := newEndpoint(t, script)
	r := NewReport("judge")
	j := e.judge()
	var text strings.Builder
	for _, response := range []string{"right", "wrong", "garbage", "broken for ever", "x"} {
		fmt.Fprintf(&text, "{\"query_id\":%q,\"reference\":\"x\",\"response_text\":%q,\"reason\":\"finished\",\"completed\":true}\n", response, response)
	}
	if _, err := run(t, Filter{Concurrency: 2, Done: r.Add, Scorer: func(*trace.QueryTrace) (Scorer, error) { return j, nil }}, &stream.Problems{}, text.String()); err != nil {
		t.Fatal(err)
	}
	c := r.Contents()
	if c.Right != 2 || c.Wrong != 1 || c.Unscored != 2 || c.Reasons[Unreadable] != 1 || c.Reasons[JudgeError] != 1 {
		t.Errorf("%+v", c)
	}
	if s := c.Judge; s.Calls != 4 || s.Failed != 2 || *s.InputTokens != 300 || s.CostUSD != nil || s.FirstError == "" {
		t.Errorf("%+v", s)
	}
}

func BenchmarkFilter(b *testing.B) {
	text := strings.Repeat(`{"query_id":"q","reference":"12","reason":"finished","response_text":"`+strings.Repeat("word ", 400)+`FINAL ANSWER: 12"}`+"\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f := Filter{Concurrency: 2, Scorer: exactly, Write: func([]byte) error { return nil }}
		if err := f.Run(context.Background(), reader(&stream.Problems{}, text)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "traces/s")
}

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

func ids(n int) []string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf("q%04d", i))
	}
	return s
}

// TestConcurrent runs many queries at once and looks for anything shared.
func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &fakeModel{steps: []step{
			answer("", toolCalls("slow", "echo")...),
			func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
				return answer("re: "+req.Messages[0].Content)(ctx, req, obs)
			},
		}}
		rec := record(20)
		most := 0
		run := Run{Recorder: NewRecorder(rec.w), Concurrency: 100, Timeout: 5 * second,
			Agent:    &React{Client: m, Request: llm.Request{Model: "m"}, Tools: hostileTools(nil), MaxTurns: 20},
			Progress: func(t Totals) { most = max(most, t.Open) }}
		totals, err := run.Tasks(t.Context(), tasks(ids(350)...))
		if err != nil || totals.Reasons["finished"] != 350 || totals.Open != 0 || most != 100 {
			t.Errorf("%+v, at most %d at once, %v", totals, most, err)
		}
		for _, e := range only(rec.events(t), event.QueryEnd) {
			if *e.ResponseText != "re: what is "+e.Query+"?" {
				t.Errorf("%s was answered %q", e.Query, *e.ResponseText)
			}
		}
	})
}

// TestStop stops a run in the middle: what is open ends, what is not begun
// does not begin.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		quick, calls := answer("42"), 0
		m := &fakeModel{steps: []step{func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
			if calls++; calls == 3 {
				cancel()
				return hang("4")(ctx, req, obs)
			}
			return quick(ctx, req, obs)
		}}}
		rec := record(20)
		run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: m, Request: llm.Request{Model: "m"}, MaxTurns: 20}}
		totals, err := run.Tasks(ctx, tasks(ids(9)...))
		if err != nil || totals.Reasons["finished"] != 2 || totals.Reasons["interrupted"] != 1 || totals.Ended() != 3 {
			t.Errorf("%+v, %v", totals, err)
		}
		rec.events(t)
	})
}

// TestStopBesideAPipe stops a run whose tasks come from a pipe that says
// nothing.
func TestStopBesideAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan bool)
		defer close(release)
		pipe := func(yield func(dataset.Task, error) bool) {
			if yield(dataset.Task{ID: "a", Problem: "p", WorkloadType: "stdin"}, nil) {
				<-release
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		rec := record(20)
		m := &fakeModel{steps: []step{answer("42")}}
		run := Run{Recorder: NewRecorder(rec.w), Concurrency: 4, Agent: &React{Client: m, Request: llm.Request{Model: "m"}, MaxTurns: 20}}
		go func() {
			synctest.Wait()
			cancel()
		}()
		totals, err := run.Tasks(ctx, pipe)
		if err != nil || totals.Reasons["finished"] != 1 {
			t.Errorf("%+v, %v", totals, err)
		}
		rec.events(t)
	})
}

// TestBrokenTasks has the tasks end in an error: what was begun is finished.
func TestBrokenTasks(t *testing.T) {
	var broken iter.Seq2[dataset.Task, error] = func(yield func(dataset.Task, error) bool) {
		tasks("a", "b")(yield)
		yield(dataset.Task{}, io.ErrUnexpectedEOF)
	}
	rec := record(20)
	m := &fakeModel{steps: []step{answer("42")}}
	run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: m, Request: llm.Request{Model: "m"}, MaxTurns: 20}}
	totals, err := run.Tasks(t.Context(), broken)
	if !errors.Is(err, io.ErrUnexpectedEOF) || totals.Reasons["finished"] != 2 {
		t.Errorf("%+v, %v", totals, err)
	}
	rec.events(t)
}

// pipeTo fails after some writes, as a closed pipe does.
type pipeTo struct{ left int }

func (p *pipeTo) Write(b []byte) (int, error) {
	if p.left--; p.left < 0 {
		return 0, syscall.EPIPE
	}
	return len(b), nil
}

// TestClosedPipe sees a run end when its stream has no reader any more.
func TestClosedPipe(t *testing.T) {
	for left := range 12 {
		calls := 0
		m := &fakeModel{steps: []step{
			func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
				calls++
				return answer("", toolCalls("echo")...)(ctx, req, obs)
			}, answer("42")}}
		w := event.NewWriter(stream.NewWriter(&pipeTo{left}), clock.System)
		run := Run{Recorder: NewRecorder(w), Agent: &React{Client: m, Request: llm.Request{Model: "m"}, Tools: hostileTools(nil), MaxTurns: 20}}
		if _, err := run.Tasks(t.Context(), tasks(ids(100)...)); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("after %d writes: %v", left, err)
		}
		if calls > 3 {
			t.Errorf("after %d writes the run went on for %d queries", left, calls)
		}
	}
}

// TestPanic has the agent itself break.
func TestPanic(t *testing.T) {
	rec := record(20)
	run := Run{Recorder: NewRecorder(rec.w), Concurrency: 2, Agent: breaking{}}
	totals, err := run.Tasks(t.Context(), tasks("a", "b", "c"))
	if err != nil || totals.Reasons["error"] != 3 {
		t.Errorf("%+v, %v", totals, err)
	}
	events := rec.events(t)
	if e := only(events, event.ToolEnd)[0]; *e.OK || !strings.Contains(*e.Error, "panic: out of luck") {
		t.Errorf("%+v", e)
	}
}

// breaking is an agent that leaves its spans open.
type breaking struct{}

func (breaking) Solve(_ context.Context, q *Query, _ dataset.Task) Outcome {
	call := q.LM(0, &fakeModel{}, "m")
	in := int64(1)
	call.End(llm.Response{Usage: llm.Usage{InputTokens: &in, OutputTokens: &in}}, nil)
	q.Tool(0, llm.ToolCall{ID: "1", Name: "a"})
	q.Tool(0, llm.ToolCall{ID: "2", Name: "b"})
	panic("out of luck")
}

// TestAfterTheEnd sees that nothing of a query comes after its end.
func TestAfterTheEnd(t *testing.T) {
	rec := record(20)
	r := NewRecorder(rec.w)
	q := r.Begin(dataset.Task{ID: "a", WorkloadType: "w"}, 1)
	call := q.LM(0, &fakeModel{}, "m")
	q.End(Outcome{Reason: event.Failed, Err: errors.New("enough")})
	call.Observer().FirstToken()
	call.Observer().Retry("x", 1, nil)
	call.End(llm.Response{}, nil)
	q.LM(1, &fakeModel{}, "m").End(llm.Response{}, nil)
	q.Tool(1, llm.ToolCall{ID: "1", Name: "t"}).End("late", nil)
	q.End(Outcome{Reason: event.Finished})
	if n := len(rec.events(t)); n != 4 {
		t.Errorf("%d records, want the starts and ends of query and call", n)
	}
}

func TestArtifacts(t *testing.T) {
	dir := t.TempDir()
	m := &fakeModel{steps: []step{answer("let me see", toolCalls("echo")...), answer("42\n")}}
	for attempt := 1; attempt <= 3; attempt++ {
		rec := record(20)
		run := Run{Recorder: NewRecorder(rec.w), Artifacts: dir, Agent: &React{Client: m, Request: llm.Request{Model: "m"},
			Tools: []tool.Tool{echo("echo")}, MaxTurns: 20, System: "s"},
			Earlier: &Earlier{attempts: map[string]int{"a/b": attempt - 1}}}
		if _, err := run.Tasks(t.Context(), tasks("a/b")); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, FolderName("a/b"))
	for _, f := range []string{"messages.jsonl", "messages.1.jsonl", "messages.2.jsonl"} {
		b, err := os.ReadFile(filepath.Join(folder, f))
		want := `{"role":"system","content":"s"}
{"role":"user","content":"what is a/b?"}
{"role":"assistant","content":"let me see","tool_calls":[{"id":"a","name":"echo","arguments":"{\"x\":1}"}]}
{"role":"tool","content":"{\"x\":1}","tool_call_id":"a","name":"echo"}
{"role":"assistant","content":"42\n"}
`
		if err != nil || string(b) != want {
			t.Errorf("%s: %v\n%s", f, err, b)
		}
	}
	for _, f := range []string{"response.txt", "response.1.txt", "response.2.txt"} {
		if b, err := os.ReadFile(filepath.Join(folder, f)); err != nil || string(b) != "42\n" {
			t.Errorf("%s: %q, %v", f, b, err)
		}
	}
}

// TestNoArtifacts sees the run go on where a folder cannot be made.
func TestNoArtifacts(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	rec := record(20)
	m := &fakeModel{steps: []step{answer("42")}}
	run := Run{Recorder: NewRecorder(rec.w), Artifacts: dir, Agent: &React{Client: m, Request: llm.Request{Model: "m"}, MaxTurns: 20}}
	totals, err := run.Tasks(t.Context(), tasks("a", "b"))
	if err != nil || totals.Unkept == nil || totals.Reasons["finished"] != 2 {
		t.Errorf("%+v, %v", totals, err)
	}
	rec.events(t)
}

func TestFolderName(t *testing.T) {
	for _, id := range []string{"q0000", "a.b-C_9", ".hidden"} {
		if got := FolderName(id); got != id {
			t.Errorf("%q becomes %q", id, got)
		}
	}
	seen := map[string]string{}
	for _, id := range []string{"", ".", "..", "a/b", "a b", "a_b", "a__b", "../../etc", "ä", "ö", "x\x00y", strings.Repeat("x", 300), strings.Repeat("x", 301)} {
		got := FolderName(id)
		if other, twice := seen[got]; twice {
			t.Errorf("%q and %q both become %q", other, id, got)
		}
		seen[got] = id
		if got == "" || strings.Trim(got, ".") == "" || len(got) > 200 || strings.ContainsAny(got, "/\x00") || !filepath.IsLocal(got) {
			t.Errorf("%q becomes %q", id, got)
		}
	}
}

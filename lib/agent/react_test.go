package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// want is how a query is expected to end.
type want struct {
	reason    string
	text      string
	completed bool
	turns     int
	tools     string // name:ok of each tool call as it ended
	err       string // part of query_end's error
	lmErr     string // part of the last lm_inference_end's error
	seconds   float64
}

func TestReact(t *testing.T) {
	say := func(text string, names ...string) step { return answer(text, toolCalls(names...)...) }
	tests := []struct {
		name     string
		steps    []step
		maxTurns int // 0 for 20
		timeout  time.Duration
		stop     time.Duration // when the user stops the run; 0 for never
		want     want
	}{
		{"plain answer", []step{say("42")}, 0, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 1}},
		{"one tool", []step{say("", "echo"), say("42")}, 0, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 2, tools: "echo:true"}},
		{"tools in parallel", []step{say("look", "slow", "slow", "slow"), say("42")}, 0, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 2, tools: "slow:true slow:true slow:true", seconds: 1}},
		{"tool error", []step{say("", "fail"), say("", "echo"), say("ok")}, 0, 0, 0,
			want{reason: "finished", text: "ok", completed: true, turns: 3, tools: "fail:false echo:true"}},
		{"tool panic", []step{say("", "panic"), say("ok")}, 0, 0, 0,
			want{reason: "finished", text: "ok", completed: true, turns: 2, tools: "panic:false"}},
		{"tool goexit", []step{say("", "goexit"), say("ok")}, 0, 0, 0,
			want{reason: "finished", text: "ok", completed: true, turns: 2, tools: "goexit:false"}},
		{"unknown tool", []step{say("", "nosuch", ""), say("ok")}, 0, 0, 0,
			want{reason: "finished", text: "ok", completed: true, turns: 2, tools: "nosuch:false (unnamed):false"}},
		{"empty answer, mended", []step{say(" \n"), say("", "echo"), say("42")}, 0, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 3, tools: "echo:true"}},
		{"empty answers", []step{say(""), say("", "echo"), say("")}, 0, 0, 0,
			want{reason: "finished", completed: true, turns: 3, tools: "echo:true"}},
		{"one empty answer", []step{say("")}, 1, 0, 0,
			want{reason: "finished", completed: true, turns: 1}},
		{"empty answer, then the last turn", []step{say(""), say("42")}, 2, 0, 0,
			want{reason: "max_turns", text: "42", completed: true, turns: 2}},
		{"last turn", []step{say("", "echo"), say("", "echo"), say("at last")}, 3, 0, 0,
			want{reason: "max_turns", text: "at last", completed: true, turns: 3, tools: "echo:true echo:true"}},
		{"last turn empty", []step{say("hm", "echo"), say(" \n")}, 2, 0, 0,
			want{reason: "max_turns", text: " \n", completed: false, turns: 2, tools: "echo:true"}},
		{"last turn calls tools", []step{say("", "echo"), say("more", "echo")}, 2, 0, 0,
			want{reason: "max_turns", text: "more", completed: true, turns: 2, tools: "echo:true"}},
		{"one turn", []step{say("42")}, 1, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 1}},
		{"one turn calls tools", []step{say("", "echo")}, 1, 0, 0,
			want{reason: "max_turns", text: "", completed: false, turns: 1}},
		{"answer before the last turn", []step{say("", "echo"), say("42")}, 3, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 2, tools: "echo:true"}},
		{"model error", []step{say("thinking", "echo"), broken("half an")}, 0, 0, 0,
			want{reason: "error", text: "half an", turns: 2, tools: "echo:true", err: "HTTP 500", lmErr: "HTTP 500"}},
		{"model error without words", []step{say("thinking", "echo"), broken("")}, 0, 0, 0,
			want{reason: "error", text: "thinking", turns: 2, tools: "echo:true", err: "HTTP 500", lmErr: "HTTP 500"}},
		{"model error at once", []step{broken("")}, 0, 0, 0,
			want{reason: "error", turns: 1, err: "HTTP 500", lmErr: "HTTP 500"}},
		{"model panic", []step{say("so far", "echo"), func(context.Context, llm.Request, llm.Observer) (llm.Response, error) { panic("boo") }}, 0, 0, 0,
			want{reason: "error", text: "so far", turns: 2, tools: "echo:true", err: "panic: boo", lmErr: "panic: boo"}},
		{"timeout in a model call", []step{hang("half")}, 0, 5 * second, 0,
			want{reason: "timeout", text: "half", turns: 1, lmErr: "query timeout of 5s", seconds: 5}},
		{"timeout in a tool", []step{say("wait", "wait", "echo")}, 0, 5 * second, 0,
			want{reason: "timeout", text: "wait", turns: 1, tools: "echo:true wait:false", seconds: 5}},
		{"timeout in a tool that does not stop", []step{say("wait", "stubborn")}, 0, 5 * second, 0,
			want{reason: "timeout", text: "wait", turns: 1, tools: "stubborn:false", seconds: 7}},
		{"timeout in a tool that stops in the end", []step{say("wait", "tardy")}, 0, 5 * second, 0,
			want{reason: "timeout", text: "wait", turns: 1, tools: "tardy:true", seconds: 6}},
		{"timeout that comes too late", []step{say("", "slow"), say("42")}, 0, 5 * second, 0,
			want{reason: "finished", text: "42", completed: true, turns: 2, tools: "slow:true", seconds: 1}},
		{"stopped in a model call", []step{say("a", "echo"), hang("")}, 0, 9 * second, 3 * second,
			want{reason: "interrupted", text: "a", turns: 2, tools: "echo:true", lmErr: "interrupted", seconds: 3}},
		{"stopped in a tool", []step{say("", "wait", "wait")}, 0, 9 * second, 3 * second,
			want{reason: "interrupted", turns: 1, tools: "wait:false wait:false", seconds: 3}},
		{"stopped in a tool that does not stop", []step{say("", "stubborn")}, 0, 0, 3 * second,
			want{reason: "interrupted", turns: 1, tools: "stubborn:false", seconds: 5}},
		{"retries", []step{retrying(2, say("42"))}, 1, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 1, seconds: 3}},
		{"stopped in a retry", []step{retrying(9, say("42"))}, 1, 0, 5 * second,
			want{reason: "interrupted", turns: 1, lmErr: "interrupted", seconds: 5}},
		{"a flood of tools", []step{say("", strings.Fields(strings.Repeat("echo ", 500))...), say("42")}, 0, 0, 0,
			want{reason: "finished", text: "42", completed: true, turns: 2, tools: strings.TrimSpace(strings.Repeat("echo:true ", 500))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				maxTurns := tt.maxTurns
				if maxTurns == 0 {
					maxTurns = 20
				}
				release := make(chan bool)
				defer close(release)
				rec := record(maxTurns)
				run := Run{
					Agent:    &React{Client: &fakeModel{steps: tt.steps}, Request: llm.Request{Model: "m"}, Tools: hostileTools(release), MaxTurns: maxTurns},
					Recorder: NewRecorder(rec.w, "hunter2-hunter2"), Timeout: tt.timeout,
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, cancel)
				}
				begin := time.Now()
				if _, err := run.Tasks(ctx, tasks("q0000")); err != nil {
					t.Fatal(err)
				}
				check(t, rec.events(t), tt.want, time.Since(begin).Seconds())
				if strings.Contains(rec.String(), "hunter2") {
					t.Error("a secret is in the stream")
				}
			})
		})
	}
}

func check(t *testing.T, events []event.Event, w want, seconds float64) {
	t.Helper()
	end := events[len(events)-1]
	if end.Reason != w.reason || *end.ResponseText != w.text || *end.Completed != w.completed {
		t.Errorf("reason %s, text %q, completed %v; want %+v", end.Reason, *end.ResponseText, *end.Completed, w)
	}
	if n := len(only(events, event.LMStart)); n != w.turns {
		t.Errorf("%d turns, want %d", n, w.turns)
	}
	var tools []string
	for _, e := range only(events, event.ToolEnd) {
		tools = append(tools, fmt.Sprintf("%s:%v", e.Tool, *e.OK))
	}
	wanted := strings.Fields(w.tools)
	slices.Sort(tools) // those of one turn end in any order
	slices.Sort(wanted)
	if !slices.Equal(tools, wanted) {
		t.Errorf("tools %q, want %q", tools, wanted)
	}
	calls := only(events, event.LMEnd)
	for _, part := range []struct {
		got  *string
		want string
	}{{end.Error, w.err}, {calls[len(calls)-1].Error, w.lmErr}} {
		if (part.got == nil) != (part.want == "") || part.got != nil && !strings.Contains(*part.got, part.want) {
			t.Errorf("error %v, want %q", part.got, part.want)
		}
	}
	if seconds != w.seconds {
		t.Errorf("took %g s, want %g", seconds, w.seconds)
	}
}

// broken is a model call that no retry mended.
func broken(text string) step {
	return func(context.Context, llm.Request, llm.Observer) (llm.Response, error) {
		return llm.Response{Message: llm.Message{Content: text}, Attempts: 3}, errors.New("HTTP 500: hunter2-hunter2")
	}
}

// retrying fails n times, a second longer apart each time, before s.
func retrying(n int, s step) step {
	return func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
		for i := range n {
			wait := time.Duration(i+1) * second
			obs.Retry(llm.RateLimit, wait, errors.New("HTTP 429"))
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return llm.Response{Attempts: i + 1}, ctx.Err()
			}
		}
		r, err := s(ctx, req, obs)
		r.Attempts = n + 1
		return r, err
	}
}

func hostileTools(release <-chan bool) []tool.Tool {
	return []tool.Tool{
		echo("echo"),
		fakeTool{"slow", func(context.Context, string) (string, error) { time.Sleep(second); return "done", nil }},
		fakeTool{"fail", func(context.Context, string) (string, error) { return "partly", errors.New("division by zero") }},
		fakeTool{"panic", func(context.Context, string) (string, error) { panic("bug") }},
		fakeTool{"goexit", func(context.Context, string) (string, error) { runtime.Goexit(); return "", nil }},
		fakeTool{"wait", func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }},
		fakeTool{"tardy", func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			time.Sleep(second)
			return "late", nil
		}},
		fakeTool{"stubborn", func(context.Context, string) (string, error) { <-release; return "too late", nil }},
	}
}

// TestConversation looks at what the model is sent.
func TestConversation(t *testing.T) {
	m := &fakeModel{steps: []step{
		answer("", llm.ToolCall{Name: "echo", Arguments: `{"a": 1}`}, llm.ToolCall{ID: "x", Name: "fail", Arguments: "{broken"}, llm.ToolCall{ID: "y", Name: "echo"}),
		answer("", llm.ToolCall{ID: "z", Name: "nosuch", Arguments: `[1]`}),
		answer("done"),
	}}
	rec := record(3)
	seed := 7
	run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: m, Request: llm.Request{Model: "m", Seed: &seed, MaxTokens: 99},
		Tools: hostileTools(nil), MaxTurns: 3, System: "be brief"}}
	if _, err := run.Tasks(t.Context(), tasks("q1")); err != nil {
		t.Fatal(err)
	}
	events := rec.events(t)
	if len(m.reqs) != 3 {
		t.Fatalf("%d requests", len(m.reqs))
	}
	for i, r := range m.reqs {
		if offered := len(r.Tools) > 0; offered != (i < 2) || r.MaxTokens != 99 || *r.Seed != 7 || r.Model != "m" {
			t.Errorf("request %d: %+v", i, r)
		}
	}
	var got []string
	for _, msg := range m.reqs[2].Messages {
		s := msg.Role + " " + msg.ToolCallID + " " + msg.Content
		for _, c := range msg.ToolCalls {
			s += fmt.Sprintf("[%s %s %s]", c.ID, c.Name, c.Arguments)
		}
		got = append(got, s)
	}
	wanted := []string{
		"system  be brief",
		"user  what is q1?",
		`assistant  [call_0_0 echo {"a": 1}][x fail {"malformed":"{broken"}][y echo {}]`,
		`tool call_0_0 {"a": 1}`,
		"tool x partly\nerror: division by zero",
		"tool y {}",
		`assistant  [z nosuch {"malformed":"[1]"}]`,
		`tool z error: unknown tool "nosuch"; there are: echo, slow, fail, panic, goexit, wait, tardy, stubborn`,
		"user  " + lastTurn,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(wanted, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	starts, ends := only(events, event.ToolStart), only(events, event.ToolEnd)
	if *starts[1].Arguments != "{broken" || *starts[2].Arguments != "" || starts[0].CallID != "call_0_0" {
		t.Errorf("tool_call_start does not carry what the model sent: %+v", starts)
	}
	for _, e := range ends {
		if e.CallID == "x" && (*e.ResultBytes != int64(len("partly\nerror: division by zero")) || *e.ResultTokens != 7) {
			t.Errorf("result of %d bytes, %d tokens", *e.ResultBytes, *e.ResultTokens)
		}
	}
}

// TestTexts sees long foreign texts cut and the query's own never.
func TestTexts(t *testing.T) {
	long := strings.Repeat("wörter ", 10_000)
	args, _ := json.Marshal(map[string]string{"x": long})
	m := &fakeModel{steps: []step{
		answer("", llm.ToolCall{ID: "a", Name: "echo", Arguments: string(args)}, llm.ToolCall{ID: "b", Name: "long"}),
		answer(long),
	}}
	failing := fakeTool{"long", func(context.Context, string) (string, error) { return "", errors.New(long) }}
	rec := record(5)
	run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: m, Tools: []tool.Tool{echo("echo"), failing}, MaxTurns: 5, Request: llm.Request{Model: "m"}}}
	if _, err := run.Tasks(t.Context(), tasks(long)); err != nil {
		t.Fatal(err)
	}
	events := rec.events(t)
	if q := *events[0].QueryText; q != "what is "+long+"?" {
		t.Error("query_text was cut")
	}
	if *events[len(events)-1].ResponseText != long {
		t.Error("response_text was cut")
	}
	if a := *only(events, event.ToolStart)[0].Arguments; !strings.Contains(a, " bytes cut]…") || len(a) > 17<<10 {
		t.Errorf("arguments of %d bytes were not cut", len(a))
	}
	for _, e := range only(events, event.ToolEnd) {
		if e.Tool == "long" && !strings.Contains(*e.Error, " bytes cut]…") {
			t.Error("an error text was not cut")
		}
		if e.Tool == "echo" && *e.ResultBytes != int64(len(args)) {
			t.Errorf("result_bytes %d, want those of the whole result", *e.ResultBytes)
		}
	}
}

package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"ipw/lib/agent/conform"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// step is one model call of a script.
type step func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error)

// fakeModel plays a script: the step is chosen by how many answers the
// conversation holds, so that any number of queries can share it.
type fakeModel struct {
	steps []step

	mu   sync.Mutex
	reqs []llm.Request
}

func (m *fakeModel) Endpoint() string {
	return "http://me:hunter2-hunter2@127.0.0.1:9/v1?key=hunter2-hunter2"
}
func (m *fakeModel) Provider() string { return "openai-compatible" }
func (m *fakeModel) Local() bool      { return true }

func (m *fakeModel) Chat(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
	n := 0
	for _, msg := range req.Messages {
		if msg.Role == llm.Assistant {
			n++
		}
	}
	m.mu.Lock()
	m.reqs = append(m.reqs, req)
	m.mu.Unlock()
	return m.steps[n](ctx, req, obs)
}

// answer is a model call that goes well.
func answer(text string, calls ...llm.ToolCall) step {
	return func(_ context.Context, _ llm.Request, obs llm.Observer) (llm.Response, error) {
		obs.FirstToken()
		in, out := int64(100), int64(7)
		finish := "stop"
		if len(calls) > 0 {
			finish = "tool_calls"
		}
		return llm.Response{Message: llm.Message{Role: llm.Assistant, Content: text, ToolCalls: calls},
			FinishReason: finish, Attempts: 1, Usage: llm.Usage{InputTokens: &in, OutputTokens: &out}}, nil
	}
}

func toolCalls(names ...string) []llm.ToolCall {
	var calls []llm.ToolCall
	for i, n := range names {
		calls = append(calls, llm.ToolCall{ID: string(rune('a' + i)), Name: n, Arguments: `{"x":1}`})
	}
	return calls
}

// hang waits for the end of its context, having said some words.
func hang(text string) step {
	return func(ctx context.Context, _ llm.Request, obs llm.Observer) (llm.Response, error) {
		obs.FirstToken()
		<-ctx.Done()
		return llm.Response{Message: llm.Message{Content: text}, Attempts: 1}, ctx.Err()
	}
}

// fakeTool is a tool made of a func.
type fakeTool struct {
	name string
	call func(ctx context.Context, args string) (string, error)
}

func (f fakeTool) Name() string                { return f.name }
func (f fakeTool) Description() string         { return "does " + f.name }
func (f fakeTool) Parameters() json.RawMessage { return json.RawMessage(`{"type":"object"}`) }
func (f fakeTool) Call(ctx context.Context, args string) (string, error) {
	return f.call(ctx, args)
}

func echo(name string) tool.Tool {
	return fakeTool{name, func(_ context.Context, args string) (string, error) { return args, nil }}
}

func tasks(ids ...string) iter.Seq2[dataset.Task, error] {
	return func(yield func(dataset.Task, error) bool) {
		for _, id := range ids {
			if !yield(dataset.Task{ID: id, Problem: "what is " + id + "?", WorkloadType: "test"}, nil) {
				return
			}
		}
	}
}

// recording is a stream in memory.
type recording struct {
	bytes.Buffer
	w *event.Writer
}

func record(maxTurns int) *recording {
	r := &recording{}
	r.w = event.NewWriter(stream.NewWriter(&r.Buffer), clock.System)
	config, _ := json.Marshal(map[string]int{"max_turns": maxTurns})
	if err := r.w.Header(event.Header{Run: "r@1", Host: "h", Tool: "test", Agent: "react", Model: "m", Dataset: "d", Config: config}); err != nil {
		panic(err)
	}
	return r
}

// events ends the segment, has it checked and returns it.
func (r *recording) events(t *testing.T) []event.Event {
	t.Helper()
	if err := r.w.End("ok"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range conform.Check(strings.NewReader(r.String())) {
		t.Error(bad)
	}
	return parse(t, r.String())
}

func parse(t *testing.T, text string) []event.Event {
	t.Helper()
	var out []event.Event
	in := event.NewReader(&stream.Problems{}, stream.NewInput("events", strings.NewReader(text)))
	for {
		rec, err := in.Next()
		if err != nil {
			break
		}
		if rec.Event != nil {
			out = append(out, *rec.Event)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	return out
}

func only(events []event.Event, typ string) []event.Event {
	var out []event.Event
	for _, e := range events {
		if e.Type == typ {
			out = append(out, e)
		}
	}
	return out
}

const second = time.Second

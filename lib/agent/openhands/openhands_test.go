package openhands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipw/lib/agent"
	"ipw/lib/agent/conform"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// model plays a script: a func from the number of the call to its answer.
type model struct {
	play func(n int, req llm.Request) (llm.Message, error)
	reqs []llm.Request
}

func (*model) Endpoint() string { return "http://127.0.0.1:9/v1" }
func (*model) Provider() string { return "openai" }
func (*model) Local() bool      { return true }

func (m *model) Chat(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
	req.Messages = slices.Clone(req.Messages)
	m.reqs = append(m.reqs, req)
	obs.FirstToken()
	in, out := int64(100*len(req.Messages)), int64(5)
	answer, err := m.play(len(m.reqs)-1, req)
	if err == nil {
		err = ctx.Err()
	}
	return llm.Response{Message: answer, Attempts: 1, Usage: llm.Usage{InputTokens: &in, OutputTokens: &out}}, err
}

func says(text string) llm.Message { return llm.Message{Role: llm.Assistant, Content: text} }

func calls(name string, a args) llm.Message {
	b, _ := json.Marshal(a)
	return llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{{Name: name, Arguments: string(b)}}}
}

// solve runs the agent over one task and returns its end and the tools that
// were called, having checked the stream.
func solve(t *testing.T, a *Agent, p *agent.Place) (end event.Event, tools []string) {
	t.Helper()
	var out bytes.Buffer
	w := event.NewWriter(stream.NewWriter(&out), clock.System)
	config, _ := json.Marshal(map[string]int{"max_turns": a.MaxTurns})
	if err := w.Header(event.Header{Run: "r@1", Host: "h", Tool: "test", Agent: "openhands", Model: "m", Dataset: "d", Config: config}); err != nil {
		t.Fatal(err)
	}
	a.Request.Model = "m"
	run := agent.Run{Agent: a, Recorder: agent.NewRecorder(w), Open: func(context.Context, *agent.Query, dataset.Task) (*agent.Place, error) { return p, nil }}
	var task iter.Seq2[dataset.Task, error] = func(yield func(dataset.Task, error) bool) {
		yield(dataset.Task{ID: "q", Problem: "do it", WorkloadType: "test"}, nil)
	}
	if _, err := run.Tasks(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if err := w.End("ok"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range conform.Check(strings.NewReader(out.String())) {
		t.Error(bad)
	}
	in := event.NewReader(&stream.Problems{}, stream.NewInput("events", &out))
	for {
		rec, err := in.Next()
		if err != nil {
			return end, tools
		}
		switch e := rec.Event; {
		case e == nil:
		case e.Type == event.QueryEnd:
			end = *e
		case e.Type == event.ToolEnd:
			tools = append(tools, fmt.Sprintf("%s %v", e.Tool, *e.OK))
		}
	}
}

func place(t *testing.T) *agent.Place { return &agent.Place{Box: box(t)} }

func want(t *testing.T, e event.Event, reason, text string) {
	t.Helper()
	if e.Reason != reason || *e.ResponseText != text {
		t.Errorf("%s %q, want %s %q", e.Reason, *e.ResponseText, reason, text)
	}
}

// TestWork: a file is made, run and mended, and finish ends it.
func TestWork(t *testing.T) {
	p := place(t)
	f := p.Box.Path("f.sh")
	m := &model{play: func(n int, _ llm.Request) (llm.Message, error) {
		return []llm.Message{
			calls("task_tracker", args{"command": "plan", "task_list": []args{{"title": "write", "status": "in_progress"}}}),
			calls("file_editor", args{"command": "create", "path": f, "file_text": "echo 1 +\n"}),
			calls("terminal", args{"command": "sh f.sh"}),
			calls("think", args{"thought": "it wants a sum"}),
			calls("file_editor", args{"command": "str_replace", "path": f, "old_str": "1 +", "new_str": "$((1 + 1))"}),
			calls("terminal", args{"command": "sh f.sh"}),
			calls("mine", nil),
			calls("nobody's", nil),
			calls("finish", args{"message": "it prints 2"}),
		}[n], nil
	}}
	p.Tools = []tool.Tool{mine{}}
	end, tools := solve(t, &Agent{Client: m, MaxTurns: 20}, p)
	want(t, end, event.Finished, "it prints 2")
	if want := "task_tracker true, file_editor true, terminal true, think true, file_editor true, terminal true, mine true, nobody's false, finish true"; strings.Join(tools, ", ") != want {
		t.Errorf("%q", tools)
	}
	if text, _ := os.ReadFile(f); string(text) != "echo $((1 + 1))\n" {
		t.Errorf("%q", text)
	}
	last := m.reqs[6].Messages
	if text := last[len(last)-1].Content; !strings.HasPrefix(text, "2\n[exit code 0") {
		t.Errorf("%q", text)
	}
	if len(m.reqs[0].Tools) != 6 || m.reqs[0].Messages[0].Content != SystemPrompt || m.reqs[0].Messages[1].Content != "do it" {
		t.Errorf("%+v", m.reqs[0])
	}
}

type mine struct{}

func (mine) Name() string                                 { return "mine" }
func (mine) Description() string                          { return "a tool of the place" }
func (mine) Parameters() json.RawMessage                  { return nil }
func (mine) Call(context.Context, string) (string, error) { return "done", nil }

// TestEnds: how a query ends, by what the model does.
func TestEnds(t *testing.T) {
	look := func(n int) llm.Message { return calls("terminal", args{"command": fmt.Sprint("echo ", n)}) }
	for _, test := range []struct {
		name         string
		turns        int
		play         func(n int, req llm.Request) (llm.Message, error)
		reason, text string
		calls        int
	}{
		{"it never finishes", 4, func(n int, req llm.Request) (llm.Message, error) {
			if req.Tools == nil {
				return says("so far: nothing"), nil
			}
			return look(n), nil
		}, event.MaxTurns, "so far: nothing", 4},
		{"it never finishes and has no last word", 3, func(n int, req llm.Request) (llm.Message, error) {
			a := look(n)
			if a.Content = "working"; req.Tools == nil {
				a = says("")
			}
			return a, nil
		}, event.MaxTurns, "working", 3},
		{"one turn", 1, func(int, llm.Request) (llm.Message, error) { return says("42"), nil }, event.Finished, "42", 1},
		{"text twice", 9, func(int, llm.Request) (llm.Message, error) { return says("the answer is 42"), nil }, event.Finished, "the answer is 42", 2},
		{"nothing, three times, and then something", 9, func(n int, req llm.Request) (llm.Message, error) {
			if req.Tools == nil {
				return says("here"), nil
			}
			return says(""), nil
		}, event.Finished, "here", 4},
		{"the same four times", 20, func(_ int, req llm.Request) (llm.Message, error) {
			if req.Tools == nil {
				return says("I give up"), nil
			}
			return look(0), nil
		}, event.Finished, "I give up", 5},
		{"the same error three times", 20, func(_ int, req llm.Request) (llm.Message, error) {
			if req.Tools == nil {
				return says("I give up"), nil
			}
			return calls("file_editor", args{"command": "view", "path": "/none"}), nil
		}, event.Finished, "I give up", 4},
		{"to and fro", 20, func(n int, req llm.Request) (llm.Message, error) {
			if req.Tools == nil {
				return says("I give up"), nil
			}
			return look(n % 2), nil
		}, event.Finished, "I give up", 7},
		{"the endpoint fails", 5, func(n int, _ llm.Request) (llm.Message, error) {
			if n == 1 {
				return llm.Message{}, errors.New("gone")
			}
			a := look(n)
			a.Content = "first I look"
			return a, nil
		}, event.Failed, "first I look", 2},
		{"finish without a message", 5, func(n int, _ llm.Request) (llm.Message, error) {
			if n == 0 {
				return calls("finish", args{"text": "x"}), nil
			}
			return calls("finish", args{"message": ""}), nil
		}, event.Finished, "", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &model{play: test.play}
			end, _ := solve(t, &Agent{Client: m, MaxTurns: test.turns}, place(t))
			want(t, end, test.reason, test.text)
			if len(m.reqs) != test.calls {
				t.Errorf("%d model calls, want %d", len(m.reqs), test.calls)
			}
		})
	}
}

func TestNoBox(t *testing.T) {
	end, _ := solve(t, &Agent{Client: &model{}, MaxTurns: 3}, &agent.Place{})
	want(t, end, event.Failed, "")
	if *end.Error != errNoBox.Error() {
		t.Error(*end.Error)
	}
}

// TestCondense: whatever the endpoint's limit, what is sent is well formed, and
// the work goes on.
func TestCondense(t *testing.T) {
	for _, limit := range []int{9, 14, 30} { // messages of a request at most
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			done := 0
			m := &model{play: func(_ int, req llm.Request) (llm.Message, error) {
				if len(req.Messages) == 1 {
					return says("what was done: everything up to " + fmt.Sprint(done)), nil
				}
				if bad := broken(req.Messages); bad != "" {
					t.Error(bad)
				}
				if len(req.Messages) > limit {
					return llm.Message{}, &llm.Error{Text: "prompt is too long"}
				}
				if done++; done == 40 {
					return calls("finish", args{"message": "done"}), nil
				}
				return calls("terminal", args{"command": fmt.Sprint("echo ", done)}), nil
			}}
			end, _ := solve(t, &Agent{Client: m, MaxTurns: 100}, place(t))
			want(t, end, event.Finished, "done")
		})
	}
}

// TestCondenseByCount: a history is condensed before the endpoint refuses it,
// by the server's own count of tokens and by the number of messages.
func TestCondenseByCount(t *testing.T) {
	for _, a := range []*Agent{{Context: 1500}, {}} {
		done, longest := 0, 0
		m := &model{play: func(_ int, req llm.Request) (llm.Message, error) {
			if len(req.Messages) == 1 {
				return says("summary"), nil
			}
			longest = max(longest, len(req.Messages))
			if done++; done == 150 {
				return calls("finish", args{"message": "done"}), nil
			}
			return calls("think", args{"thought": fmt.Sprint(done)}), nil
		}}
		a.Client, a.MaxTurns = m, 200
		end, _ := solve(t, a, place(t))
		want(t, end, event.Finished, "done")
		if most := map[bool]int{true: 18, false: maxMessages + 1}[a.Context > 0]; longest > most {
			t.Errorf("%d messages, want at most %d", longest, most)
		}
	}
}

// TestShorten: one result that is too long by itself is cut until it fits.
func TestShorten(t *testing.T) {
	m := &model{play: func(n int, req llm.Request) (llm.Message, error) {
		size := 0
		for _, x := range req.Messages {
			size += len(x.Content)
		}
		switch {
		case size > 12000:
			return llm.Message{}, &llm.Error{Text: "prompt is too long"}
		case n == 0:
			return calls("terminal", args{"command": "seq 1 9000"}), nil
		}
		return calls("finish", args{"message": "done"}), nil
	}}
	end, _ := solve(t, &Agent{Client: m, MaxTurns: 5}, place(t))
	want(t, end, event.Finished, "done")
}

// broken looks for a result without its call, and a call without its result.
func broken(messages []llm.Message) string {
	open := map[string]bool{}
	for _, m := range messages {
		if m.Role == llm.ToolRole {
			if !open[m.ToolCallID] {
				return "a result without its call"
			}
			delete(open, m.ToolCallID)
			continue
		}
		if len(open) > 0 {
			return "a call without its result"
		}
		for _, c := range m.ToolCalls {
			open[c.ID] = true
		}
	}
	return ""
}

// TestNothingLeft: the shell and what runs in it end with the query.
func TestNothingLeft(t *testing.T) {
	p := place(t)
	m := &model{play: func(n int, _ llm.Request) (llm.Message, error) {
		if n == 0 {
			return calls("terminal", args{"command": "echo $$ > pid; exec sleep 1000", "timeout": 0.3}), nil
		}
		return calls("finish", args{"message": "done"}), nil
	}}
	solve(t, &Agent{Client: m, MaxTurns: 5}, p)
	pid, err := os.ReadFile(p.Box.Path("pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join("/proc", strings.TrimSpace(string(pid)))); err == nil {
		t.Error("it still runs")
	}
}

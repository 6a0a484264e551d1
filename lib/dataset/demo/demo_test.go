package demo_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ipw/lib/dataset"
	"ipw/lib/llm"
	"ipw/lib/llm/builtin"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// outcome is what a plain loop over model and tools saw of one task.
type outcome struct {
	answer   string
	turns    int
	failed   int // tool calls
	parallel bool
	retries  []string
	thought  bool
}

// solve lets the scripted model work on a problem with the real tools. In the
// last turn it is offered none.
func solve(t *testing.T, client llm.Client, tools []tool.Tool, problem string, maxTurns int) outcome {
	t.Helper()
	var o outcome
	messages := []llm.Message{
		{Role: llm.System, Content: "Use the tools."},
		{Role: llm.User, Content: "Solve this:\n\n" + problem + "\n\nEnd with FINAL ANSWER."},
	}
	for turn := range maxTurns {
		req := llm.Request{Model: builtin.Model, Messages: messages}
		if turn < maxTurns-1 {
			for _, tl := range tools {
				req.Tools = append(req.Tools, llm.Tool{Name: tl.Name(), Description: tl.Description(), Parameters: tl.Parameters()})
			}
		}
		resp, err := client.Chat(context.Background(), req, llm.Observer{
			Retry: func(class string, wait time.Duration, err error) { o.retries = append(o.retries, class) }})
		if err != nil {
			t.Fatalf("%s: %v", problem, err)
		}
		if resp.Usage.Estimated || resp.Usage.InputTokens == nil || *resp.Usage.OutputTokens == 0 {
			t.Fatalf("%s: usage %+v", problem, resp.Usage)
		}
		o.turns++
		o.thought = o.thought || resp.Message.Reasoning != ""
		o.parallel = o.parallel || len(resp.Message.ToolCalls) > 1
		messages = append(messages, resp.Message)
		if len(resp.Message.ToolCalls) == 0 {
			_, o.answer, _ = strings.Cut(resp.Message.Content, "FINAL ANSWER: ")
			return o
		}
		for _, c := range resp.Message.ToolCalls {
			messages = append(messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, Content: o.call(t, tools, c)})
		}
	}
	t.Fatalf("%s: no answer after %d turns", problem, maxTurns)
	return o
}

func (o *outcome) call(t *testing.T, tools []tool.Tool, c llm.ToolCall) string {
	for _, tl := range tools {
		if tl.Name() == c.Name {
			result, err := tl.Call(context.Background(), c.Arguments)
			if err != nil {
				o.failed++
				return "error: " + err.Error()
			}
			return result
		}
	}
	t.Fatalf("the model calls %q, which it was not offered", c.Name)
	return ""
}

func setUp(t *testing.T) (llm.Client, []tool.Tool, []dataset.Task) {
	url, stop, err := builtin.Pace{}.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	set := dataset.Demo()
	tools, err := tool.Build(set.Tools, tool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var tasks []dataset.Task
	for task, err := range set.Tasks(context.Background(), &stream.Problems{Strict: true}) {
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, task)
	}
	if len(tasks) != set.Len() || len(tasks) < 12 {
		t.Fatalf("%d tasks, Len %d, want the same and at least 12", len(tasks), set.Len())
	}
	client, err := llm.New(llm.Endpoint{Provider: llm.Builtin, BaseURL: url}, llm.Config{
		Retry: llm.Retry{Sleep: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, tools, tasks
}

// TestDemo sees what the demo promises to show.
func TestDemo(t *testing.T) {
	client, tools, tasks := setUp(t)
	const maxTurns = 20
	count := make(map[string]int)
	for _, task := range tasks {
		o := solve(t, client, tools, task.Problem, maxTurns)
		note := func(what string, seen bool) {
			if seen {
				count[what]++
			}
		}
		note("wrong", o.answer != *task.Answer)
		note("right after a tool error", o.failed > 0 && o.answer == *task.Answer)
		note("parallel tools", o.parallel)
		note("after a 429", len(o.retries) == 1 && o.retries[0] == llm.RateLimit)
		note("all turns used", o.turns == maxTurns)
		note("thinks", o.thought)
		note("without tools", o.turns == 1)
	}
	for what, want := range map[string]int{"wrong": 1, "right after a tool error": 1, "after a 429": 1, "all turns used": 1, "thinks": 1, "without tools": 1} {
		if count[what] != want {
			t.Errorf("%s: %d tasks, want %d", what, count[what], want)
		}
	}
	if count["parallel tools"] == 0 {
		t.Error("no task with parallel tools")
	}
}

// TestDemoTurns sees that every limit of turns leads to an answer, and that
// the task that never ends uses them all.
func TestDemoTurns(t *testing.T) {
	client, tools, tasks := setUp(t)
	for maxTurns := 1; maxTurns <= 4; maxTurns++ {
		used := 0
		for _, task := range tasks {
			if o := solve(t, client, tools, task.Problem, maxTurns); o.turns == maxTurns {
				used++
			}
		}
		if used == 0 {
			t.Errorf("no task uses %d turns", maxTurns)
		}
	}
}

// TestScriptKnowsNoAnswers sees that the answers come out of the tools: over
// another corpus the look-ups fail.
func TestScriptKnowsNoAnswers(t *testing.T) {
	client, tools, tasks := setUp(t)
	calculator := tools[:1]
	for _, task := range tasks {
		lookUp := strings.Contains(string(task.Metadata), "look-up") || strings.Contains(string(task.Metadata), "multi-step")
		if o := solve(t, client, calculator, task.Problem, 20); lookUp && o.answer == *task.Answer {
			t.Errorf("%s: answered %s without a search", task.Problem, o.answer)
		}
	}
}

package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// toolGrace is how long a tool may take to return after its query was cut.
// One that does not is left behind: a query must end.
const toolGrace = 2 * time.Second

// callAll runs the tool calls of one answer side by side and returns their
// results in the order of the calls.
func callAll(ctx context.Context, q *Query, turn int, tools []tool.Tool, calls []llm.ToolCall) []llm.Message {
	results := make([]llm.Message, len(calls))
	var wg sync.WaitGroup
	for i, c := range calls {
		span := q.Tool(turn, c)
		wg.Go(func() { results[i], _ = span.run(ctx, tools, c) })
	}
	wg.Wait()
	return results
}

// Call runs one tool call, records it, and returns the message that tells the
// model of its result, or of err.
func (q *Query) Call(ctx context.Context, turn int, tools []tool.Tool, c llm.ToolCall) (result llm.Message, err error) {
	return q.Tool(turn, c).run(ctx, tools, c)
}

func (t *ToolCall) run(ctx context.Context, tools []tool.Tool, c llm.ToolCall) (llm.Message, error) {
	text, err := call(ctx, tools, c)
	if err != nil {
		text = strings.TrimPrefix(text+"\nerror: "+err.Error(), "\n")
	}
	if most := t.q.maxResult; most > 0 {
		text = stream.Clip(text, most)
	}
	t.End(text, err)
	return llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, Name: c.Name, Content: text}, err
}

// call runs one tool call. What goes wrong is told to the model, so that it
// may try again.
func call(ctx context.Context, tools []tool.Tool, c llm.ToolCall) (string, error) {
	t := find(tools, c.Name)
	if t == nil {
		return "", unknownTool(tools, c.Name)
	}
	args := c.Arguments
	if strings.TrimSpace(args) == "" {
		args = "{}"
	}
	done := make(chan result, 1)
	go guarded(ctx, t, args, done)
	select {
	case r := <-done:
		return r.text, Why(ctx, r.err)
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return r.text, Why(ctx, r.err)
	case <-time.After(toolGrace):
		return "", fmt.Errorf("%w; the tool did not stop", Why(ctx, ctx.Err()))
	}
}

type result struct {
	text string
	err  error
}

// guarded calls a tool and always sends a result: a panic is an error of the
// tool, and so is the end of its goroutine.
func guarded(ctx context.Context, t tool.Tool, args string, done chan<- result) {
	r := result{err: errors.New("the tool broke")}
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("the tool broke: panic: %v", p)
		}
		done <- r
	}()
	r.text, r.err = t.Call(ctx, args)
}

func find(tools []tool.Tool, name string) tool.Tool {
	for _, t := range tools {
		if t.Name() == name {
			return t
		}
	}
	return nil
}

func unknownTool(tools []tool.Tool, name string) error {
	if len(tools) == 0 {
		return errors.New("there are no tools")
	}
	names := make([]string, len(tools))
	for i, t := range tools {
		names[i] = t.Name()
	}
	return fmt.Errorf("unknown tool %q; there are: %s", name, strings.Join(names, ", "))
}

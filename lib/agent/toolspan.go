package agent

import (
	"ipw/lib/event"
	"ipw/lib/llm"
)

// ToolCall is one call of a tool.
type ToolCall struct {
	*span
	rec          *Recorder
	tool, callID string
}

// Tool opens a tool call of a turn: tool_call_start. It has no parent: the
// model call that asked for it is over.
func (q *Query) Tool(turn int, c llm.ToolCall) *ToolCall {
	t := &ToolCall{rec: q.rec, tool: q.rec.clip(c.Name), callID: c.ID}
	if t.tool == "" {
		t.tool = unnamed
	}
	args := q.rec.clip(c.Arguments)
	t.span = q.start("t", turn, event.Event{Type: event.ToolStart, Tool: t.tool, CallID: t.callID, Arguments: &args},
		func(err error) event.Event { return t.ending("", err) })
	return t
}

// unnamed stands in the stream for a tool call without a name.
const unnamed = "(unnamed)"

// End closes the call: tool_call_end. Result is the text the model is given,
// also the one that tells it of err. A second End is without effect.
func (t *ToolCall) End(result string, err error) {
	t.q.mu.Lock()
	defer t.q.mu.Unlock()
	t.finish(t.ending(result, err))
}

func (t *ToolCall) ending(result string, err error) event.Event {
	ok, n, tokens := err == nil, int64(len(result)), llm.CountTokens(result)
	return event.Event{Type: event.ToolEnd, Tool: t.tool, CallID: t.callID,
		OK: &ok, Error: t.rec.errorText(err), ResultTokens: &tokens, ResultBytes: &n}
}

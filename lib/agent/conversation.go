package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"ipw/lib/llm"
	"ipw/lib/tool"
)

// Conversation is the messages of one query, as a model may be sent them.
type Conversation struct {
	Query    *Query
	Messages []llm.Message
}

// Add notes a message as it is and keeps it as the model may be sent it.
func (c *Conversation) Add(m llm.Message) {
	c.Query.note(m)
	m.Role = roleOf(m)
	if len(m.ToolCalls) > 0 {
		m.ToolCalls = sendable(m.ToolCalls)
	}
	c.Messages = append(c.Messages, m)
}

// roleOf is a message's role; an answer that came without one is the
// assistant's.
func roleOf(m llm.Message) string {
	if m.Role == "" {
		return llm.Assistant
	}
	return m.Role
}

// sendable makes every call's arguments a JSON object: servers that feed them
// through a chat template (vLLM, llama.cpp) refuse a history with any other,
// and the model could never mend its mistake.
func sendable(calls []llm.ToolCall) []llm.ToolCall {
	out := make([]llm.ToolCall, len(calls))
	for i, c := range calls {
		out[i] = c
		var object map[string]json.RawMessage
		if strings.TrimSpace(c.Arguments) == "" {
			out[i].Arguments = "{}"
		} else if json.Unmarshal([]byte(c.Arguments), &object) != nil {
			b, _ := json.Marshal(map[string]string{"malformed": c.Arguments})
			out[i].Arguments = string(b)
		}
	}
	return out
}

// Chat makes one model call of a turn and records it. The calls of its answer
// all have ids: some servers give none, and results go by them.
func (q *Query) Chat(ctx context.Context, turn int, c llm.Client, req llm.Request) (llm.Response, error) {
	call := q.LM(turn, c, req.Model)
	resp, err := c.Chat(ctx, req, call.Observer())
	call.End(resp, Why(ctx, err))
	for i := range resp.Message.ToolCalls {
		if c := &resp.Message.ToolCalls[i]; c.ID == "" {
			c.ID = fmt.Sprintf("call_%d_%d", turn, i)
		}
	}
	q.Partial(resp.Message.Content)
	return resp, err
}

// Describe is what a model is told of tools.
func Describe(tools []tool.Tool) []llm.Tool {
	var d []llm.Tool
	for _, t := range tools {
		d = append(d, llm.Tool{Name: t.Name(), Description: t.Description(), Parameters: t.Parameters()})
	}
	return d
}

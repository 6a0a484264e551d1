package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// SystemPrompt is what React tells a model to begin with. The last line is the
// one that exact scoring looks for.
const SystemPrompt = `You solve one task on your own; nobody can answer questions about it.
Use the tools where they help, several at once if they do not need each other's results.
When you know the answer, reply without calling a tool and end with one line:
FINAL ANSWER: the answer alone`

// lastTurn is said when no tools are offered any more.
const lastTurn = "This is your last turn and no more tools can be called. Answer the task now with what you know."

// React is the plain loop of a model that calls tools (Yao et al., ReAct, 2022,
// with the model's native tool calling instead of a text protocol): ask, run
// what the answer calls for, all of it at once, hand the results back, ask
// again. An answer without tool calls ends it. In the last of MaxTurns turns
// the model is offered no tools and told to answer.
type React struct {
	Client   llm.Client
	Request  llm.Request // model and sampling; Messages and Tools are the loop's own
	Tools    []tool.Tool // of every query; those of its place come behind them
	MaxTurns int         // at least 1
	System   string      // the first message; "" for none
}

// Solve implements Agent.
func (a *React) Solve(ctx context.Context, q *Query, t dataset.Task) Outcome {
	c := conversation{q: q}
	if a.System != "" {
		c.add(llm.Message{Role: llm.System, Content: a.System})
	}
	c.add(llm.Message{Role: llm.User, Content: t.Problem})
	for turn := 0; ; turn++ {
		last := turn >= a.MaxTurns-1
		if last && turn > 0 {
			c.add(llm.Message{Role: llm.User, Content: lastTurn})
		}
		answer, err := a.ask(ctx, q, turn, c.messages, last)
		q.Partial(answer.Content)
		if err != nil {
			return q.cut(ctx, err)
		}
		c.add(answer)
		switch calls := len(answer.ToolCalls) > 0; {
		case last && (turn > 0 || calls):
			return Outcome{Text: answer.Content, Reason: event.MaxTurns}
		case !calls:
			return Outcome{Text: answer.Content, Reason: event.Finished}
		}
		for _, result := range callAll(ctx, q, turn, a.tools(q), answer.ToolCalls) {
			c.add(result)
		}
		if ctx.Err() != nil {
			return q.cut(ctx, ctx.Err())
		}
	}
}

// ask makes the model call of a turn.
func (a *React) ask(ctx context.Context, q *Query, turn int, messages []llm.Message, last bool) (llm.Message, error) {
	req := a.Request
	req.Messages, req.Tools = messages, nil
	if !last {
		req.Tools = describe(a.tools(q))
	}
	call := q.LM(turn, a.Client, req.Model)
	resp, err := a.Client.Chat(ctx, req, call.Observer())
	call.End(resp, why(ctx, err))
	for i := range resp.Message.ToolCalls { // some servers give no ids, and results go by them
		if c := &resp.Message.ToolCalls[i]; c.ID == "" {
			c.ID = fmt.Sprintf("call_%d_%d", turn, i)
		}
	}
	return resp.Message, err
}

func (a *React) tools(q *Query) []tool.Tool { return slices.Concat(a.Tools, q.Place.Tools) }

func describe(tools []tool.Tool) []llm.Tool {
	var d []llm.Tool
	for _, t := range tools {
		d = append(d, llm.Tool{Name: t.Name(), Description: t.Description(), Parameters: t.Parameters()})
	}
	return d
}

// conversation is the messages of one query.
type conversation struct {
	q        *Query
	messages []llm.Message
}

// add notes a message as it is and keeps it as the model may be sent it.
func (c *conversation) add(m llm.Message) {
	c.q.note(m)
	m.Role = roleOf(m)
	if len(m.ToolCalls) > 0 {
		m.ToolCalls = sendable(m.ToolCalls)
	}
	c.messages = append(c.messages, m)
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

package agent

import (
	"context"
	"slices"

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
	c := Conversation{Query: q}
	if a.System != "" {
		c.Add(llm.Message{Role: llm.System, Content: a.System})
	}
	c.Add(llm.Message{Role: llm.User, Content: t.Problem})
	for turn := 0; ; turn++ {
		last := turn >= a.MaxTurns-1
		if last && turn > 0 {
			c.Add(llm.Message{Role: llm.User, Content: lastTurn})
		}
		answer, err := a.ask(ctx, q, turn, c.Messages, last)
		if err != nil {
			return q.Cut(ctx, err)
		}
		c.Add(answer)
		switch calls := len(answer.ToolCalls) > 0; {
		case last && (turn > 0 || calls):
			return Outcome{Text: answer.Content, Reason: event.MaxTurns}
		case !calls:
			return Outcome{Text: answer.Content, Reason: event.Finished}
		}
		if ctx.Err() != nil { // the call has used up the budget
			return q.Cut(ctx, nil)
		}
		for _, result := range callAll(ctx, q, turn, a.tools(q), answer.ToolCalls) {
			c.Add(result)
		}
		if ctx.Err() != nil {
			return q.Cut(ctx, ctx.Err())
		}
	}
}

// ask makes the model call of a turn.
func (a *React) ask(ctx context.Context, q *Query, turn int, messages []llm.Message, last bool) (llm.Message, error) {
	req := a.Request
	req.Messages, req.Tools = messages, nil
	if !last {
		req.Tools = Describe(a.tools(q))
	}
	resp, err := q.Chat(ctx, turn, a.Client, req)
	return resp.Message, err
}

func (a *React) tools(q *Query) []tool.Tool { return slices.Concat(a.Tools, q.Place.Tools) }

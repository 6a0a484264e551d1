package agent

import (
	"context"
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

const (
	// lastTurn is said when no tools are offered any more.
	lastTurn = "This is your last turn and no more tools can be called. Answer the task now with what you know."

	// emptyAnswer is said, once in a query, when an answer holds nothing.
	emptyAnswer = "Your reply was empty. Answer the task, or call a tool."
)

// React is the plain loop of a model that calls tools (Yao et al., ReAct, 2022,
// with tool calls in place of the paper's text): ask, run what the answer calls
// for, all of it at once, hand the results back, ask again. An answer without
// tool calls ends it; one that is empty is asked for once more. In the last of
// MaxTurns turns the model is offered no tools and told to answer. A
// conversation that has grown too long for the model is condensed and sent
// again, within the turn.
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
	tools := slices.Concat(a.Tools, q.Place.Tools)
	described := Describe(tools)
	asked := false // again, for an empty answer
	for turn := 0; ; turn++ {
		last := turn >= a.MaxTurns-1
		req := a.Request
		if req.Tools = described; last {
			req.Tools = nil
		}
		if last && turn > 0 {
			c.Add(llm.Message{Role: llm.User, Content: lastTurn})
		}
		answer, err := a.ask(ctx, &c, turn, req)
		if err != nil {
			return q.Cut(ctx, err)
		}
		c.Add(answer)
		switch calls := len(answer.ToolCalls) > 0; {
		case last && (turn > 0 || calls):
			return Outcome{Text: answer.Content, Reason: event.MaxTurns}
		case !calls && !asked && !last && strings.TrimSpace(answer.Content) == "" && ctx.Err() == nil:
			asked = true
			c.Add(llm.Message{Role: llm.User, Content: emptyAnswer})
			continue
		case !calls:
			return Outcome{Text: answer.Content, Reason: event.Finished}
		}
		if ctx.Err() != nil { // the call has used up the budget
			return q.Cut(ctx, nil)
		}
		for _, result := range callAll(ctx, q, turn, tools, answer.ToolCalls) {
			c.Add(result)
		}
		if ctx.Err() != nil {
			return q.Cut(ctx, ctx.Err())
		}
	}
}

// ask makes the model call of a turn, and makes it again as long as the endpoint
// finds the conversation too long and it can be condensed.
func (a *React) ask(ctx context.Context, c *Conversation, turn int, req llm.Request) (llm.Message, error) {
	for {
		req.Messages = c.Messages
		resp, err := c.Query.Chat(ctx, turn, a.Client, req)
		if err == nil || ctx.Err() != nil || !llm.IsContextOverflow(err) || !c.condense() {
			return resp.Message, err
		}
	}
}

// Package openhands is the event-stream agent of the OpenHands SDK as a loop of
// our own: it works on its own in a sandbox, with one terminal that stays open,
// an editor, a list of tasks, a place to think, and finish, which ends the work
// with an answer.
//
//	a := &openhands.Agent{Client: client, Request: llm.Request{Model: "m"}, MaxTurns: 30}
//	run := agent.Run{Agent: a, Open: opener, …}
//
// What the model does is an action, what comes of it an observation; both pass
// through one place, perform, which records them. The history is condensed when
// it grows long, and an agent that goes round in circles is stopped. In the last
// of its turns, or when it is stuck, it is offered no tools and asked for the
// answer.
//
// Tools, parameters and thresholds are those of the SDK (openhands-sdk and
// openhands-tools 1.x); the words are ours.
package openhands

import (
	"context"
	"errors"
	"strings"

	"ipw/lib/agent"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// Agent solves tasks in the box of their place.
type Agent struct {
	Client   llm.Client
	Request  llm.Request // model and sampling; Messages and Tools are the loop's own
	Tools    []tool.Tool // beside its own five, and those of the place
	MaxTurns int         // at least 1
	System   *string     // replaces SystemPrompt; "" for none
	Context  int         // tokens of a request at which the history is condensed; 0: only when the endpoint refuses
}

// SystemPrompt is what a model is told to begin with.
const SystemPrompt = `You are a software agent that works alone in a sandbox, until the task is done. Nobody answers questions: where the task leaves something open, decide it yourself.

- The terminal is one shell that stays open: directory, variables and running programs last from one call to the next.
- Look before you change: list the files, read what matters, find out how the tests are run.
- Change as little as the task needs. Do not leave helper files behind.
- Check your work by running it. If a check fails, find the cause before you try the next thing.
- Install what you miss, if the sandbox lets you.
- When the task is done, call finish once, with the answer. If the task asks a question, end the message with one line:
FINAL ANSWER: the answer alone`

const (
	// silent is said when an answer calls no tool.
	silent = "You called no tool. If the task is done, call finish with your answer; if not, go on with it."

	// nudge asks for the answer when there is nothing more to be done.
	nudge = "The work ends here, and no more tools can be called. Say now, in plain text, what you have done and the answer to the task. If it asks a question, end with one line:\nFINAL ANSWER: the answer alone"
)

var errNoBox = errors.New("openhands works in a sandbox, and this query has none")

// Solve implements agent.Agent.
func (a *Agent) Solve(ctx context.Context, q *agent.Query, t dataset.Task) agent.Outcome {
	if q.Place.Box == nil {
		return q.Cut(ctx, errNoBox)
	}
	s := a.begin(q, t)
	defer s.terminal.close()
	for turn := 0; turn < a.MaxTurns-1; turn++ {
		done, err := s.step(ctx, turn)
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil:
			return q.Cut(ctx, err)
		case done:
			return agent.Outcome{Text: s.answer, Reason: event.Finished}
		case s.stuck():
			return s.ask(ctx, turn+1, event.Finished)
		}
	}
	return s.ask(ctx, a.MaxTurns-1, event.MaxTurns)
}

// session is the work on one query.
type session struct {
	*agent.Query
	agent    *Agent
	history  history
	terminal *terminal
	tools    []tool.Tool
	steps    []step // for stuck
	silences int    // answers in a row that called no tool
	answer   string // what finish was called with, or the last words
}

// step is an action and its observation.
type step struct{ action, observation, failed string }

func (a *Agent) begin(q *agent.Query, t dataset.Task) *session {
	s := &session{Query: q, agent: a, terminal: newTerminal(q.Place.Box)}
	s.tools = []tool.Tool{s.terminal, newEditor(q.Place.Box), &tracker{}, think{}, finish{}}
	s.tools = append(append(s.tools, a.Tools...), q.Place.Tools...)
	s.history.Query = q
	system := SystemPrompt
	if a.System != nil {
		system = *a.System
	}
	if system != "" {
		s.history.Add(llm.Message{Role: llm.System, Content: system})
	}
	s.history.Add(llm.Message{Role: llm.User, Content: t.Problem})
	s.history.first = len(s.history.Messages)
	return s
}

// step makes one turn: a model call, and the actions that it asks for, one
// after another as they share a terminal.
func (s *session) step(ctx context.Context, turn int) (done bool, err error) {
	answer, err := s.chat(ctx, turn, agent.Describe(s.tools))
	if err != nil {
		return false, err
	}
	if len(answer.ToolCalls) == 0 {
		return s.silence(answer.Content), nil
	}
	s.silences = 0
	for _, c := range answer.ToolCalls {
		done = s.perform(ctx, turn, c) || done
		if ctx.Err() != nil {
			return done, nil
		}
	}
	return done, nil
}

// chat calls the model. A history that has grown too long is condensed first,
// and once more, to half, if the endpoint refuses it.
func (s *session) chat(ctx context.Context, turn int, tools []llm.Tool) (llm.Message, error) {
	if s.history.long(s.agent.Context) {
		s.condense(ctx, turn)
	}
	for try := 0; ; try++ {
		req := s.agent.Request
		req.Messages, req.Tools = s.history.Messages, tools
		resp, err := s.Chat(ctx, turn, s.agent.Client, req)
		if err == nil {
			if n := resp.Usage.InputTokens; n != nil {
				s.history.tokens = *n
			}
			s.history.Add(resp.Message)
			s.keep(resp.Message.Content)
			return resp.Message, nil
		}
		if try == maxCondensed || ctx.Err() != nil || !llm.IsContextOverflow(err) || !s.condense(ctx, turn) {
			return llm.Message{}, err
		}
	}
}

// maxCondensed is how often in a turn a refused history is condensed.
const maxCondensed = 3

// perform is the one way from an action to its observation: it is run, recorded,
// added to the history and remembered for stuck.
func (s *session) perform(ctx context.Context, turn int, c llm.ToolCall) (done bool) {
	observation, err := s.Call(ctx, turn, s.tools, c)
	s.history.Add(observation)
	taken := step{action: c.Name + " " + c.Arguments, observation: observation.Content}
	if err != nil {
		taken.failed = err.Error()
	}
	s.steps = append(s.steps, taken)
	if c.Name != finishName || err != nil {
		return false
	}
	s.answer = observation.Content
	return true
}

// silence deals with an answer that calls no tool: the first time the model is
// asked to go on, the second time it is taken at its word.
func (s *session) silence(text string) (done bool) {
	s.silences++
	if s.silences > 1 && strings.TrimSpace(text) != "" {
		return true
	}
	s.history.Add(llm.Message{Role: llm.User, Content: silent})
	return false
}

// keep remembers the model's last words, which stand in for an answer.
func (s *session) keep(text string) {
	if strings.TrimSpace(text) != "" {
		s.answer = text
	}
}

// ask is the last turn: no tools, and a request for the answer.
func (s *session) ask(ctx context.Context, turn int, reason string) agent.Outcome {
	if turn > 0 {
		s.history.Add(llm.Message{Role: llm.User, Content: nudge})
	} else {
		reason = event.Finished // one plain question
	}
	if _, err := s.chat(ctx, turn, nil); err != nil {
		return s.Cut(ctx, err)
	}
	return agent.Outcome{Text: s.answer, Reason: reason}
}

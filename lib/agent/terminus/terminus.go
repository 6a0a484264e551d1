// Package terminus is the agent of Terminal-Bench, Terminus 2, as a loop of our
// own: it has one tool, a terminal, and uses it as a person does, by pressing
// keys and looking at the screen.
//
//	a := &terminus.Agent{Client: client, Request: llm.Request{Model: "m"}, MaxTurns: 50}
//	run := agent.Run{Agent: a, Open: opener, …}
//
// The model answers with one JSON object: what it sees, what it plans, the keys
// to press and how long to wait after each, and whether the task is done, which
// it is asked to confirm. Each group of keys is a call of the tool "terminal".
// The terminal is a tmux session in the box of the query's place. What it shows
// at the end is the answer.
//
// Protocol, sizes and limits are those of terminal-bench's Terminus 2; the words
// are ours.
package terminus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Tools    []tool.Tool // beside the terminal, and those of the place
	MaxTurns int         // at least 1
	System   *string     // replaces SystemPrompt; "" for none
	Record   bool        // keep an asciinema cast of the terminal among the artifacts
}

var errNoBox = errors.New("terminus works in a sandbox, and this query has none")

// Solve implements agent.Agent.
func (a *Agent) Solve(ctx context.Context, q *agent.Query, t dataset.Task) agent.Outcome {
	if q.Place.Box == nil {
		return q.Cut(ctx, errNoBox)
	}
	s := &session{agent: a, Conversation: agent.Conversation{Query: q}, problem: t.Problem, tools: slices.Concat(a.Tools, q.Place.Tools)}
	var err error
	if s.terminal, err = open(ctx, q.Place.Box); err != nil {
		return q.Cut(ctx, fmt.Errorf("the terminal does not start: %w", err))
	}
	o := s.solve(ctx)
	return s.leave(ctx, o)
}

// session is the work on one query.
type session struct {
	agent.Conversation
	agent    *Agent
	problem  string
	tools    []tool.Tool
	terminal *terminal
	first    int    // messages at the beginning that are never summed up
	done     bool   // the last answer said that the task is done
	words    string // the model's, in a turn without commands
}

func (s *session) solve(ctx context.Context) agent.Outcome {
	last := s.agent.MaxTurns - 1
	if err := s.begin(ctx, last == 0); err != nil {
		return s.Query.Cut(ctx, err)
	}
	for turn := 0; turn < last; turn++ {
		finished, err := s.step(ctx, turn)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s.Query.Cut(ctx, err)
		}
		if finished {
			return agent.Outcome{Reason: event.Finished}
		}
	}
	return s.lastTurn(ctx, last)
}

// begin tells the model of its task.
func (s *session) begin(ctx context.Context, plain bool) error {
	system := SystemPrompt + toolPrompt(s.tools)
	if s.agent.System != nil {
		system = *s.agent.System
	}
	if system != "" {
		s.Add(llm.Message{Role: llm.System, Content: system})
	}
	screen, err := s.terminal.news(ctx)
	if err != nil {
		return err
	}
	text := "The task:\n" + s.problem + "\n\nThe terminal:\n" + screen
	if plain {
		text += "\n\n" + finalWords
	}
	s.Add(llm.Message{Role: llm.User, Content: text})
	s.first = len(s.Messages)
	return nil
}

// step makes one turn: a model call, what its answer asks for, and the message
// about what came of it.
func (s *session) step(ctx context.Context, turn int) (finished bool, err error) {
	resp, err := s.chat(ctx, turn)
	if err != nil {
		return false, err
	}
	answer, err := parse(resp.Message.Content)
	if err != nil {
		s.done = false
		s.Add(llm.Message{Role: llm.User, Content: misread(resp, err)})
		return false, nil
	}
	screen, err := s.execute(ctx, turn, answer)
	if err != nil {
		return false, err
	}
	if answer.TaskComplete && s.done {
		return true, nil
	}
	s.done = answer.TaskComplete
	text := screen
	if s.done {
		text = fmt.Sprintf(confirm, screen)
	}
	if len(answer.Warnings) > 0 {
		text = "About your answer:\n- " + strings.Join(answer.Warnings, "\n- ") + "\n\n" + text
	}
	s.Add(llm.Message{Role: llm.User, Content: text})
	return false, nil
}

// misread tells the model that nothing of its answer was executed, and why.
func misread(resp llm.Response, err error) string {
	if resp.FinishReason == "length" {
		return cutOff
	}
	return fmt.Sprintf(malformed, err)
}

// execute presses the keys of an answer and calls its tools, one after the
// other, and returns what there is to be seen.
func (s *session) execute(ctx context.Context, turn int, a answer) (string, error) {
	var results []string
	for i, c := range a.ToolCalls {
		result, _ := s.Query.Call(ctx, turn, s.tools, llm.ToolCall{ID: fmt.Sprintf("call_%d_%d", turn, i), Name: c.Name, Arguments: c.Arguments})
		results = append(results, fmt.Sprintf("The tool %s:\n%s", c.Name, result.Content))
	}
	var screen string
	var err error
	for i, c := range a.Commands {
		if screen, err = s.press(ctx, turn, len(a.ToolCalls)+i, c, i == len(a.Commands)-1); err != nil {
			return "", err
		}
	}
	if len(a.Commands) == 0 {
		if screen, err = s.terminal.news(ctx); err != nil {
			return "", err
		}
	}
	return strings.Join(append(results, screen), "\n\n"), ctx.Err()
}

// press is a call of the tool "terminal". The last of an answer's looks at the
// screen.
func (s *session) press(ctx context.Context, turn, i int, c command, look bool) (screen string, err error) {
	arguments, _ := json.Marshal(c) // of a string and a number: cannot fail
	call := s.Query.Tool(turn, llm.ToolCall{ID: fmt.Sprintf("call_%d_%d", turn, i), Name: "terminal", Arguments: string(arguments)})
	if err = s.terminal.press(ctx, c.Keystrokes); err == nil {
		err = sleep(ctx, c.wait())
	}
	if err == nil && look {
		screen, err = s.terminal.news(ctx)
	}
	call.End(screen, agent.Why(ctx, err))
	return screen, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// lastTurn asks for the last words. No command of them is executed.
func (s *session) lastTurn(ctx context.Context, turn int) agent.Outcome {
	reason := event.Finished // one plain question
	if turn > 0 {
		reason = event.MaxTurns
		s.Add(llm.Message{Role: llm.User, Content: finalWords})
	}
	resp, err := s.chat(ctx, turn)
	if err != nil {
		return s.Query.Cut(ctx, err)
	}
	s.words = resp.Message.Content
	return agent.Outcome{Reason: reason}
}

// leave closes the terminal. What it showed is the answer, with the last words
// behind it if there are any.
func (s *session) leave(ctx context.Context, o agent.Outcome) agent.Outcome {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
	defer cancel()
	text, err := s.terminal.all(late)
	if err == nil {
		o.Text = strings.Trim(text+"\n\n"+s.words, "\n")
	} else if o.Text == "" {
		o.Text = s.words
	}
	cast := s.terminal.close()
	if s.agent.Record {
		if err := s.Query.Keep("terminal.cast", cast); err != nil && o.Err == nil && o.Reason == event.Failed {
			o.Err = err
		}
	}
	return o
}

// closingTime is how long a terminal that is closed may take to say what it
// showed.
const closingTime = 10 * time.Second

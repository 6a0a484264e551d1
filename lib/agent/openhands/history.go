package openhands

import (
	"context"
	"fmt"
	"strings"

	"ipw/lib/agent"
	"ipw/lib/llm"
	"ipw/lib/stream"
)

// history is the conversation, with what has been condensed out of it.
type history struct {
	agent.Conversation
	first  int   // messages at the beginning that always stay: the prompts
	tokens int64 // of the last request, as the server counted them
}

// maxMessages is how long a history may grow: the SDK's condenser.
const maxMessages = 120

// summaryInput is how much of a message the summary is made from, in bytes.
const summaryInput = 4000

const summaryPrompt = `Below is the middle part of an agent's work on a task. It is about to be forgotten. Write down, in at most 400 words, what the agent must still know to go on: the task's demands if they stand here, files and what was changed in them, commands that work, results and errors that matter, what was tried in vain, what is left to do. Facts only, no comment.`

// long tells whether the history has to be condensed. A limit of 0 is none.
func (h *history) long(limit int) bool {
	return len(h.Messages) > maxMessages || limit > 0 && h.tokens > int64(limit)
}

// middle is the part to be forgotten: what lies between the prompts and the
// later half. A tool's result is not parted from the answer that asked for it.
// It is empty if there is nothing to gain.
func (h *history) middle() (from, to int) {
	from, to = h.first, (h.first+len(h.Messages))/2
	for to < len(h.Messages) && h.Messages[to].Role == llm.ToolRole {
		to++
	}
	if to == len(h.Messages) { // one long answer: all but that one
		for to--; to > from && h.Messages[to].Role == llm.ToolRole; to-- {
		}
	}
	return from, to
}

// replace puts a summary in the place of the middle.
func (h *history) replace(from, to int, summary string) {
	m := llm.Message{Role: llm.User, Content: "Summary of your work so far; the messages themselves are gone.\n\n" + summary}
	rest := h.Messages[to:]
	h.Messages = append(h.Messages[:from:from], m)
	h.Messages = append(h.Messages, rest...)
	h.tokens = 0
}

// condense replaces the middle of the history by a summary that the model
// writes. If even that cannot be had the middle is dropped, and the model is
// told so. False means that nothing is left to condense.
func (s *session) condense(ctx context.Context, turn int) bool {
	h := &s.history
	from, to := h.middle()
	if to-from < 2 {
		return s.shorten()
	}
	req := s.agent.Request
	req.Messages = []llm.Message{{Role: llm.User, Content: summaryPrompt + "\n\n" + transcript(h.Messages[from:to])}}
	req.Tools = nil
	resp, err := s.Chat(ctx, turn, s.agent.Client, req)
	summary := resp.Message.Content
	if err != nil || strings.TrimSpace(summary) == "" {
		summary = fmt.Sprintf("%d messages were dropped for want of room.", to-from)
	}
	h.replace(from, to, summary)
	return ctx.Err() == nil
}

// shorten cuts what is left of a history that cannot be condensed: its longest
// message, to half. False means that it is short already.
func (s *session) shorten() bool {
	const short = 2000 // bytes
	longest := -1
	for i, m := range s.history.Messages {
		if i >= s.history.first && len(m.Content) > short && (longest < 0 || len(m.Content) > len(s.history.Messages[longest].Content)) {
			longest = i
		}
	}
	if longest < 0 {
		return false
	}
	m := &s.history.Messages[longest]
	m.Content = stream.Clip(m.Content, len(m.Content)/2)
	return true
}

// transcript is messages as a text.
func transcript(messages []llm.Message) string {
	var b strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&b, "[%s] %s\n", m.Role, stream.Clip(m.Content, summaryInput))
		for _, c := range m.ToolCalls {
			fmt.Fprintf(&b, "[calls %s] %s\n", c.Name, stream.Clip(c.Arguments, summaryInput))
		}
	}
	return b.String()
}

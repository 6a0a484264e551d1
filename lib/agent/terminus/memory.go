package terminus

import (
	"context"
	"fmt"
	"strings"

	"ipw/lib/llm"
	"ipw/lib/stream"
)

// records are how much of the record of the work the model is shown to sum it
// up, in bytes, when the conversation has grown too long, and less if even that
// is too much. After the last the record is dropped unseen.
var records = []int{60_000, 15_000, 4_000}

// chat calls the model. When the conversation is longer than the model can
// read, the model's own summary takes the place of all but the task.
func (s *session) chat(ctx context.Context, turn int) (llm.Response, error) {
	for try := 0; ; try++ {
		req := s.agent.Request
		req.Messages, req.Tools = s.Messages, nil
		resp, err := s.Query.Chat(ctx, turn, s.agent.Client, req)
		if err == nil {
			s.Add(resp.Message)
			return resp, nil
		}
		if ctx.Err() != nil || !llm.IsContextOverflow(err) || try > len(records) || len(s.Messages) <= s.first {
			return resp, err
		}
		if err := s.condense(ctx, turn, try); err != nil {
			return resp, err
		}
	}
}

// condense puts a summary, and what the terminal shows, in the place of the
// conversation behind the task.
func (s *session) condense(ctx context.Context, turn, try int) error {
	what := s.summary(ctx, turn, try)
	screen, err := s.terminal.news(ctx)
	if err != nil {
		return err
	}
	last := s.Messages[len(s.Messages)-1]
	s.Messages = s.Messages[:s.first]
	text := fmt.Sprintf(summary, what, screen)
	if last.Content == finalWords {
		text += "\n\n" + finalWords
	}
	s.Add(llm.Message{Role: llm.User, Content: text})
	return ctx.Err()
}

func (s *session) summary(ctx context.Context, turn, try int) string {
	dropped := fmt.Sprintf("Nothing: %d messages were dropped.", len(s.Messages)-s.first)
	if try >= len(records) {
		return dropped
	}
	req := s.agent.Request
	req.Tools = nil
	req.Messages = []llm.Message{{Role: llm.User, Content: fmt.Sprintf(summaryPrompt, s.problem, stream.Clip(s.record(), records[try]))}}
	resp, err := s.Query.Chat(ctx, turn, s.agent.Client, req)
	if err != nil || strings.TrimSpace(resp.Message.Content) == "" {
		return dropped
	}
	return resp.Message.Content
}

// record is the conversation behind the task as a text.
func (s *session) record() string {
	var b strings.Builder
	for _, m := range s.Messages[s.first:] {
		who := "you"
		if m.Role == llm.User {
			who = "terminal"
		}
		fmt.Fprintf(&b, "[%s]\n%s\n", who, m.Content)
	}
	return b.String()
}

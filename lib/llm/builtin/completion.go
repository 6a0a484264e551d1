package builtin

import (
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// said is a message on its way out, whole or a piece of one.
type said struct {
	Role      string     `json:"role,omitempty"`
	Content   string     `json:"content,omitempty"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	ToolCalls []saidCall `json:"tool_calls,omitempty"`
}

type saidCall struct {
	Index    int    `json:"index"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string `json:"name,omitempty"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type choice struct {
	Index   int     `json:"index"`
	Delta   *said   `json:"delta,omitempty"`
	Message *said   `json:"message,omitempty"`
	Finish  *string `json:"finish_reason"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
	Details    struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

// completion is an answer, or a chunk of one.
type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"`
}

// answer sends the next turn, streamed or whole.
func (s *server) answer(w http.ResponseWriter, r *http.Request, req *request) {
	turn := next(req.Messages, req.offered())
	parts := cut(turn, func() string { return s.id("call") })
	finish := "stop"
	if len(turn.calls) > 0 {
		finish = "tool_calls"
	}
	if limit := max(req.MaxTokens, req.MaxCompletionTokens); limit > 0 && limit < len(parts) {
		parts, finish = parts[:limit], "length"
	}
	c := completion{ID: s.id("chatcmpl"), Created: time.Now().Unix(), Model: Model, Usage: count(req, parts)}
	if req.Stream {
		if !req.StreamOptions.IncludeUsage {
			c.Usage = nil
		}
		s.pace.stream(w, r.Context(), c, parts, finish)
		return
	}
	if sleep(r.Context(), s.pace.First+time.Duration(len(parts))*s.pace.Token) == nil {
		c.Object = "chat.completion"
		c.Choices = []choice{{Message: assemble(parts), Finish: &finish}}
		write(w, http.StatusOK, c)
	}
}

func (s *server) id(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return fmt.Sprintf("%s_%06d", kind, s.ids)
}

// token is a word, or a punctuation mark, with the white space before it.
var token = regexp.MustCompile(`\s*(?:[\pL\pN_]+|\S)|\s+$`)

func tokens(s string) []string { return token.FindAllString(s, -1) }

// cut makes one delta a token of a turn.
func cut(r reply, id func() string) (parts []said) {
	for _, t := range tokens(r.think) {
		parts = append(parts, said{Reasoning: t})
	}
	for _, t := range tokens(r.say) {
		parts = append(parts, said{Content: t})
	}
	for i, c := range r.calls {
		head := saidCall{Index: i, ID: id(), Type: "function"}
		head.Function.Name = c.tool
		parts = append(parts, said{ToolCalls: []saidCall{head}})
		for _, t := range tokens(c.arguments) {
			more := saidCall{Index: i}
			more.Function.Arguments = t
			parts = append(parts, said{ToolCalls: []saidCall{more}})
		}
	}
	return parts
}

// assemble puts the deltas together again, for an answer that is not streamed.
func assemble(parts []said) *said {
	m := &said{Role: "assistant"}
	for _, p := range parts {
		m.Content += p.Content
		m.Reasoning += p.Reasoning
		for _, c := range p.ToolCalls {
			if c.Index == len(m.ToolCalls) {
				m.ToolCalls = append(m.ToolCalls, c)
				continue
			}
			m.ToolCalls[c.Index].Function.Arguments += c.Function.Arguments
		}
	}
	return m
}

// count is the usage: the tokens of all that was sent, and of the answer.
func count(req *request, parts []said) *usage {
	u := &usage{Completion: len(parts)}
	for _, m := range req.Messages {
		u.Prompt += 4 + len(tokens(m.text())) // 4: the frame of a message
		for _, c := range m.ToolCalls {
			u.Prompt += len(tokens(c.Function.Name)) + len(tokens(c.Function.Arguments))
		}
	}
	for _, t := range req.Tools {
		f := t.Function
		u.Prompt += len(tokens(f.Name)) + len(tokens(f.Description)) + len(tokens(string(f.Parameters)))
	}
	for _, p := range parts {
		u.Details.Reasoning += len(tokens(p.Reasoning))
	}
	u.Total = u.Prompt + u.Completion
	return u
}

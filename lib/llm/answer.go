package llm

import (
	"encoding/json"
	"fmt"
	"strings"
)

// chunk is one piece of a stream, with the fields that servers add to the
// protocol and go-openai does not know.
type chunk struct {
	Choices []struct {
		Index        int     `json:"index"`
		Delta        delta   `json:"delta"`
		Message      delta   `json:"message"` // of a server that does not stream
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
	Groq  struct {
		Usage json.RawMessage `json:"usage"`
	} `json:"x_groq"`
	Error json.RawMessage `json:"error"`
}

type delta struct {
	Content          content     `json:"content"`
	ReasoningContent string      `json:"reasoning_content"` // DeepSeek, llama.cpp, vLLM
	Reasoning        string      `json:"reasoning"`         // OpenRouter, Groq, newer vLLM: the same under another name
	Refusal          string      `json:"refusal"`
	ToolCalls        []callDelta `json:"tool_calls"`
}

// content is a text, or, of some servers, a list of parts with texts.
type content string

func (c *content) UnmarshalJSON(raw []byte) error {
	if raw[0] != '[' {
		return json.Unmarshal(raw, (*string)(c))
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		*c += content(p.Text)
	}
	return nil
}

type callDelta struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// arguments is the piece of arguments of a delta. A server that sends an object
// instead of a string is taken at its word.
func (d callDelta) arguments() string {
	var s string
	raw := d.Function.Arguments
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// answer is what a stream has told so far.
type answer struct {
	req       Request
	first     func() // to be called at every token; it knows which was the first
	content   strings.Builder
	reasoning strings.Builder
	refusal   strings.Builder
	calls     []*partialCall
	choices   int // pieces of the answer, empty ones too
	finish    string
	usage     Usage
}

type partialCall struct {
	index     int // the server's; −1 if it gives none
	id, name  string
	arguments strings.Builder
}

func newAnswer(req Request, first func()) *answer { return &answer{req: req, first: first} }

func (a *answer) add(k chunk) {
	for _, raw := range []json.RawMessage{k.Usage, k.Groq.Usage} {
		if u, ok := parseUsage(raw); ok {
			a.usage = u
		}
	}
	for _, choice := range k.Choices {
		if choice.Index != 0 {
			continue // one answer was asked for
		}
		a.choices++
		a.addDelta(choice.Delta)
		a.addDelta(choice.Message)
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			a.finish = *choice.FinishReason
		}
	}
}

func (a *answer) addDelta(d delta) {
	reasoning := d.ReasoningContent
	if reasoning == "" {
		reasoning = d.Reasoning
	}
	if d.Content != "" || reasoning != "" || d.Refusal != "" || len(d.ToolCalls) > 0 {
		a.first()
	}
	a.content.WriteString(string(d.Content))
	a.reasoning.WriteString(reasoning)
	a.refusal.WriteString(d.Refusal)
	for _, c := range d.ToolCalls {
		call := a.call(c)
		if call.name == "" {
			call.name = c.Function.Name
		}
		call.arguments.WriteString(c.arguments())
	}
}

// call finds the tool call that a delta belongs to, by index; a new id under a
// known index is another call (some servers give every call the index 0). A
// delta without an index goes on with the last call, unless it brings an id.
func (a *answer) call(d callDelta) *partialCall {
	index := -1
	if d.Index != nil {
		index = *d.Index
	}
	for i := len(a.calls) - 1; i >= 0; i-- {
		c := a.calls[i]
		if c.index != index || index < 0 && i < len(a.calls)-1 {
			continue
		}
		if d.ID == "" || c.id == "" || d.ID == c.id {
			if c.id == "" {
				c.id = d.ID
			}
			return c
		}
		break
	}
	c := &partialCall{index: index, id: d.ID}
	a.calls = append(a.calls, c)
	return c
}

// response is the answer so far. Tokens that the server did not count are
// estimated, if any came; of an answer cut short whatever it said.
func (a *answer) response(whole bool) Response {
	m := Message{Role: Assistant, Content: a.content.String(), Reasoning: a.reasoning.String()}
	if m.Content == "" {
		m.Content = a.refusal.String()
	}
	for i, c := range a.calls {
		id := c.id
		if id == "" { // a result must name its call
			id = fmt.Sprintf("call_%d_%d", len(a.req.Messages), i)
		}
		m.ToolCalls = append(m.ToolCalls, ToolCall{id, c.name, c.arguments.String()})
	}
	r := Response{Message: m, FinishReason: a.finish, Usage: a.usage}
	if whole || messageBytes(m) > 0 {
		r.Usage.estimate(a.req, m)
	}
	return r
}

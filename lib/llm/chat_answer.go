package llm

import "encoding/json"

// chunk is one piece of a stream of chat completions, with the fields that
// servers add to the protocol.
type chunk struct {
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
	Timings struct {        // llama.cpp
		Cached *int64 `json:"cache_n"`
	} `json:"timings"`
	Groq struct {
		Usage json.RawMessage `json:"usage"`
	} `json:"x_groq"`
	Error json.RawMessage `json:"error"`
}

type choice struct {
	Index        int     `json:"index"`
	Delta        delta   `json:"delta"`
	Message      delta   `json:"message"` // of a server that does not stream
	FinishReason *string `json:"finish_reason"`
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

func (chatCompletions) reader(a *answer) reader { return chatReader{a} }

type chatReader struct{ *answer }

func (a chatReader) event(data []byte) error {
	var k chunk
	if !k.scan(data) {
		k = chunk{}
		if json.Unmarshal(data, &k) != nil {
			return errGarbage
		}
	}
	if isSet(k.Error) {
		return failedStream(k.Error)
	}
	for _, raw := range []json.RawMessage{k.Usage, k.Groq.Usage} {
		if u, ok := parseUsage(raw); ok {
			a.usage = u
		}
	}
	if n := counted(k.Timings.Cached); n != nil && a.usage.CachedTokens == nil {
		a.usage.CachedTokens = n
	}
	for _, choice := range k.Choices {
		if choice.Index != 0 {
			continue // one answer was asked for
		}
		a.begun = true
		a.delta(choice.Delta)
		a.delta(choice.Message)
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			a.finish = *choice.FinishReason
		}
	}
	return nil
}

func (a chatReader) delta(d delta) {
	a.say(string(d.Content))
	a.think(d.ReasoningContent)
	if d.ReasoningContent == "" {
		a.think(d.Reasoning)
	}
	a.say(d.Refusal)
	for _, c := range d.ToolCalls {
		a.first()
		call := a.call(c)
		if call.name == "" {
			call.name = c.Function.Name
		}
		call.arguments.WriteString(c.arguments())
	}
}

// call finds the tool call that a delta belongs to, by index; a new id under a
// known index is another call (some servers give every call the index 0), and
// so is, without ids, a name behind arguments that are whole. A delta without
// an index goes on with the last call, unless it brings an id.
func (a chatReader) call(d callDelta) *partialCall {
	index := -1
	if d.Index != nil {
		index = *d.Index
	}
	for i := len(a.calls) - 1; i >= 0; i-- {
		c := a.calls[i]
		if c.index != index || index < 0 && i < len(a.calls)-1 {
			continue
		}
		if d.ID == "" && c.id == "" && d.Function.Name != "" && json.Valid([]byte(c.arguments.String())) {
			break
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

func isSet(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

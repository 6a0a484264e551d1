package llm

import (
	"encoding/json"
	"strings"
)

// anthropicEvent is an event of a stream of messages, or a whole message.
type anthropicEvent struct {
	Type         string           `json:"type"`
	Index        int              `json:"index"`
	Message      *anthropicEvent  `json:"message"`       // message_start
	ContentBlock *anthropicBlock  `json:"content_block"` // content_block_start
	Delta        anthropicDelta   `json:"delta"`
	Usage        *anthropicUsage  `json:"usage"`
	Error        json.RawMessage  `json:"error"`
	Content      []anthropicBlock `json:"content"`     // of a whole message
	StopReason   string           `json:"stop_reason"` // of a whole message
}

type anthropicDelta struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	PartialJSON string `json:"partial_json"`
	Thinking    string `json:"thinking"`
	Signature   string `json:"signature"`
	StopReason  string `json:"stop_reason"` // message_delta
}

func (anthropic) reader(a *answer) reader {
	a.protocol = Messages
	return &anthropicReader{answer: a}
}

type anthropicReader struct {
	*answer
	blocks []*openBlock
	used   anthropicUsage
}

// openBlock is a block with what has come of it.
type openBlock struct {
	anthropicBlock
	index    int
	thinking strings.Builder
	text     strings.Builder
	call     *partialCall
}

func (a *anthropicReader) event(data []byte) error {
	var e anthropicEvent
	if json.Unmarshal(data, &e) != nil {
		return errGarbage
	}
	switch {
	case isSet(e.Error):
		return failedStream(e.Error)
	case e.Type == "message_start" && e.Message != nil:
		a.begun = true
		a.count(e.Message.Usage)
	case e.Type == "content_block_start" && e.ContentBlock != nil:
		a.open(e.Index, *e.ContentBlock)
	case e.Type == "content_block_delta":
		a.delta(e.Index, e.Delta)
	case e.Type == "message_delta":
		a.stop(e.Delta.StopReason)
		a.count(e.Usage)
	case e.Type == "message_stop":
		a.done = true
	case e.Type == "message": // not streamed
		a.begun, a.done = true, true
		for i, b := range e.Content {
			a.open(i, b)
		}
		a.stop(e.StopReason)
		a.count(e.Usage)
	}
	if a.done {
		a.keep()
	}
	return nil // a ping, or an event to come, is none of ours
}

// open begins a block. Its delta events may say all of it, or none.
func (a *anthropicReader) open(index int, b anthropicBlock) {
	o := &openBlock{anthropicBlock: b, index: index}
	a.blocks = append(a.blocks, o)
	switch b.Type {
	case "text":
		a.more(o, anthropicDelta{Text: b.Text})
	case "thinking":
		if b.Thinking != nil {
			a.more(o, anthropicDelta{Thinking: *b.Thinking})
		}
	case "redacted_thinking":
		a.first()
	case "tool_use":
		a.first()
		o.call = &partialCall{index: index, id: b.ID, name: b.Name}
		if string(b.Input) != "{}" { // what a stream begins with, its input to come
			o.call.arguments.Write(b.Input)
		}
		a.calls = append(a.calls, o.call)
	}
}

// delta goes on with the last block of an index.
func (a *anthropicReader) delta(index int, d anthropicDelta) {
	for i := len(a.blocks) - 1; i >= 0; i-- {
		if a.blocks[i].index == index {
			a.more(a.blocks[i], d)
			return
		}
	}
	a.say(d.Text) // of a block that never began
}

func (a *anthropicReader) more(o *openBlock, d anthropicDelta) {
	a.say(d.Text)
	o.text.WriteString(d.Text)
	a.think(d.Thinking)
	o.thinking.WriteString(d.Thinking)
	o.Signature += d.Signature
	if o.call != nil && d.PartialJSON != "" {
		a.first()
		o.call.arguments.WriteString(d.PartialJSON)
	}
}

// anthropicStops are the reasons to stop in OpenAI's words.
var anthropicStops = map[string]string{
	"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls",
	"model_context_window_exceeded": "length", "refusal": contentFilter,
}

func (a *anthropicReader) stop(reason string) {
	if word, ok := anthropicStops[reason]; ok {
		a.finish = word
	} else if reason != "" {
		a.finish = reason
	}
}

// keep notes the message as it was written, if there are thoughts in it, which
// only the provider can check.
func (a *anthropicReader) keep() {
	thoughts := false
	blocks := make([]anthropicBlock, 0, len(a.blocks))
	for _, o := range a.blocks {
		b := o.anthropicBlock
		switch {
		case b.Type == "text" && o.text.Len() == 0:
			continue
		case b.Type == "text":
			b.Text = o.text.String()
		case b.Type == "thinking":
			text := o.thinking.String()
			b.Thinking, thoughts = &text, true
		case b.Type == "redacted_thinking":
			thoughts = true
		case b.Type == "tool_use":
			b.Input = object(o.call.arguments.String())
		default:
			continue // nothing that was asked for
		}
		blocks = append(blocks, b)
	}
	if thoughts {
		a.parts, _ = json.Marshal(blocks) // valid by construction
	}
}

// anthropicUsage counts as the API does: input_tokens without what the cache
// gave and took.
type anthropicUsage struct {
	Input      *int64 `json:"input_tokens"`
	CacheWrite *int64 `json:"cache_creation_input_tokens"`
	CacheRead  *int64 `json:"cache_read_input_tokens"`
	Output     *int64 `json:"output_tokens"`
	Details    *struct {
		Thinking *int64 `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

// count takes over what an event says: counts are totals so far.
func (a *anthropicReader) count(u *anthropicUsage) {
	if u == nil {
		return
	}
	for _, x := range []struct{ to, from **int64 }{
		{&a.used.Input, &u.Input}, {&a.used.CacheWrite, &u.CacheWrite}, {&a.used.CacheRead, &u.CacheRead}, {&a.used.Output, &u.Output},
	} {
		if n := counted(*x.from); n != nil {
			*x.to = n
		}
	}
	if u.Details != nil {
		a.usage.ReasoningTokens = counted(u.Details.Thinking)
	}
	a.usage.OutputTokens = a.used.Output
	a.usage.CachedTokens, a.usage.CacheWriteTokens = a.used.CacheRead, a.used.CacheWrite
	a.usage.InputTokens = sum(sum(a.used.Input, a.used.CacheRead), a.used.CacheWrite)
}

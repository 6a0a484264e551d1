package llm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// answer is what an answer has told so far, whatever its protocol.
type answer struct {
	req       Request
	first     func() // to be called at every token; it knows which was the first
	content   strings.Builder
	reasoning strings.Builder
	calls     []*partialCall
	begun     bool   // there is something of an answer, be it empty
	finish    string // why it ended, in OpenAI's words; "" if it has not
	done      bool   // the server said that nothing more comes
	usage     Usage
	queue     *float64        // what the head of the answer said of the queue, in seconds
	parts     json.RawMessage // the message as the provider wrote it, if that is more than we read of it
	ids       bool            // the provider gave its calls ids
	protocol  Protocol
	count     counter // of tokens that the server does not count
}

type partialCall struct {
	index     int // the server's; −1 if it gives none
	id, name  string
	arguments strings.Builder
}

func newAnswer(req Request, first func()) *answer {
	return &answer{req: req, first: first, count: CountTokens}
}

// say adds a piece of the answer's text.
func (a *answer) say(text string) { a.write(&a.content, text) }

// think adds a piece of its reasoning.
func (a *answer) think(text string) { a.write(&a.reasoning, text) }

func (a *answer) write(to *strings.Builder, text string) {
	if text != "" {
		a.first()
		to.WriteString(text)
	}
}

// over decides what the end of the stream means.
func (a *answer) over() error {
	if a.finish == "" && !a.begun {
		return errNoAnswer
	}
	return nil
}

// lacking is the error of a whole answer that says nothing, nil for any other.
func (a *answer) lacking() *Error {
	switch {
	case a.content.Len() > 0 || len(a.calls) > 0:
		return nil
	case a.finish == contentFilter:
		return &Error{Class: ContentFilter, Text: "the provider's content filter held the answer back"}
	case a.finish == "length":
		return nil
	}
	return &Error{Class: Empty, Text: "the answer is empty"}
}

// contentFilter is the reason to finish of an answer that was cut by a filter.
const contentFilter = "content_filter"

// response is the answer so far. Tokens that the server did not count are
// estimated, if any came; of an answer cut short whatever it said.
func (a *answer) response(whole bool) Response {
	m := Message{Role: Assistant, Content: a.content.String(), Reasoning: a.reasoning.String()}
	for i, c := range a.calls {
		id, same := c.id, func(t ToolCall) bool { return t.ID == c.id }
		if id == "" || slices.ContainsFunc(m.ToolCalls, same) { // a result must name its call, and no other
			id = fmt.Sprintf("call_%d_%d", len(a.req.Messages), i)
		}
		m.ToolCalls = append(m.ToolCalls, ToolCall{id, c.name, c.arguments.String()})
	}
	r := Response{Message: m, FinishReason: a.finish, Usage: a.usage}
	if whole {
		r.Usage.estimate(a.req, m, a.count)
		r.Message.native = a.native(m)
	} else {
		r.Usage.estimatePart(a.req, m, a.count)
	}
	return r
}

// native keeps the provider's form of a message beside ours.
func (a *answer) native(m Message) *native {
	if a.parts == nil {
		return nil
	}
	n := &native{protocol: a.protocol, parts: a.parts, content: m.Content, ids: a.ids}
	for _, c := range m.ToolCalls {
		n.calls = append(n.calls, c.ID)
	}
	return n
}

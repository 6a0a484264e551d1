package foreign

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"ipw/lib/stream"
)

// content takes attributes that hold what was said: a query's text, its answer,
// a tool's arguments and result.
func (c *conventions) content(key string, v value) bool {
	switch key {
	case "gen_ai.input.messages", "gen_ai.prompt":
		c.asked = lastOf(v, "user")
	case "gen_ai.output.messages", "gen_ai.completion":
		c.answered = lastOf(v, "assistant")
	case "gen_ai.system_instructions", "gen_ai.tool.definitions", "llm.invocation_parameters", "gen_ai.tool.description",
		"input.mime_type", "output.mime_type", "tool.parameters", "tool.description", "llm.token_count.total", "gen_ai.usage.total_tokens", "llm.usage.total_tokens": // of no use here
	case "input.value", "traceloop.entity.input":
		c.input = v.text()
	case "output.value", "traceloop.entity.output":
		c.output = v.text()
	case "gen_ai.tool.call.arguments":
		c.arguments = pointer(v.text())
	case "gen_ai.tool.call.result":
		c.result = pointer(v.text())
	default:
		return c.indexed(key, v)
	}
	return true
}

func pointer(text string) *string { return &text }

// indexed takes messages that are spread over attributes:
// llm.input_messages.0.message.content of OpenInference,
// gen_ai.prompt.0.content of OpenLLMetry.
func (c *conventions) indexed(key string, v value) bool {
	var list *chats
	rest := ""
	for _, p := range []struct {
		prefix string
		list   *chats
	}{{"llm.input_messages.", &c.asked1}, {"gen_ai.prompt.", &c.asked1}, {"llm.output_messages.", &c.answered1}, {"gen_ai.completion.", &c.answered1}} {
		if tail, ok := strings.CutPrefix(key, p.prefix); ok {
			list, rest = p.list, tail
		}
	}
	if list == nil {
		return strings.HasPrefix(key, "llm.tools.") || strings.HasPrefix(key, "retrieval.documents.") || strings.HasPrefix(key, "embedding.embeddings.")
	}
	number, field, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if err != nil {
		return true
	}
	if *list == nil {
		*list = make(chats)
	}
	m := (*list)[i]
	if m == nil {
		m = &message{}
		(*list)[i] = m
	}
	switch strings.TrimPrefix(field, "message.") {
	case "role":
		m.role = v.text()
	case "content", "contents.0.message_content.text":
		m.content = v.text()
	}
	return true
}

// last is the text of the last message of a role; a message that does not say
// its role has any.
func (c chats) last(role string) string {
	best, text := -1, ""
	for i, m := range c {
		if i > best && m.content != "" && (m.role == "" || m.role == role) {
			best, text = i, m.content
		}
	}
	return text
}

// settle keeps of the messages what a query needs.
func (c *conventions) settle() {
	if c.asked == "" {
		c.asked = c.asked1.last("user")
	}
	if c.answered == "" {
		c.answered = c.answered1.last("assistant")
	}
	c.asked1, c.answered1 = nil, nil
}

// lastOf is the text of the last message of a role in an attribute that holds
// all of them: as a list of messages, or as JSON in a string. Anything else is
// the text itself.
func lastOf(v value, role string) string {
	raw := v.json()
	if v.kind == "stringValue" {
		text := v.text()
		if !strings.HasPrefix(strings.TrimSpace(text), "[") {
			return text
		}
		raw = []byte(text)
	}
	var list []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
		Parts   json.RawMessage `json:"parts"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return v.text()
	}
	for i := len(list) - 1; i >= 0; i-- {
		if m := &list[i]; m.Role == role || m.Role == "" {
			if text := wording(m.Parts) + wording(m.Content); text != "" {
				return text
			}
		}
	}
	return ""
}

// wording is the text of a message's content: a string, or parts of which those
// of type text count.
func wording(raw []byte) string {
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct {
		Type    string `json:"type"`
		Content any    `json:"content"`
		Text    string `json:"text"`
	}
	json.Unmarshal(raw, &parts) // anything else has no text
	var b strings.Builder
	for _, p := range parts {
		switch p.Type {
		case "text", "input_text", "output_text":
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(p.Text)
			if s, ok := p.Content.(string); ok {
				b.WriteString(s)
			}
		}
	}
	return b.String()
}

// texts are the strings of a JSON list.
func texts(raw []byte) []string {
	var list []string
	json.Unmarshal(raw, &list)
	return list
}

// appendPair adds a member to an object that has no braces, unless it has one
// of that name.
func appendPair(b []byte, name string, raw []byte) []byte {
	key, _ := stream.AppendJSON(nil, name)
	key = append(key, ':')
	if bytes.Contains(b, key) {
		return b
	}
	if len(b) > 0 {
		b = append(b, ',')
	}
	return stream.AppendEscaped(append(b, key...), raw)
}

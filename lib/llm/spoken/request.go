package spoken

import (
	"encoding/json"
	"fmt"
	"strings"

	"ipw/lib/llm"
)

// how is what the model is told before the list of tools.
const how = `You can call tools. To call one, write a block of exactly this form:

<tool_call>
{"name": "the tool's name", "arguments": {"the argument's name": "its value"}}
</tool_call>

Then stop: the result comes in the next message. Several blocks one after another call several tools at once. When you know the answer, reply without any such block.

The tools, each with the JSON schema of its arguments:
`

// request is a request in which tools, calls and results are texts.
func request(req llm.Request) llm.Request {
	var out []llm.Message
	add := func(role, text string) {
		if n := len(out); n > 0 && out[n-1].Role == role && role == llm.User { // templates want turns to alternate
			out[n-1].Content += "\n\n" + text
			return
		}
		out = append(out, llm.Message{Role: role, Content: text})
	}
	if len(req.Tools) > 0 {
		add(llm.System, describe(req.Tools))
	}
	for _, m := range req.Messages {
		switch {
		case m.Role == llm.System && len(out) == 1 && out[0].Role == llm.System:
			out[0].Content = m.Content + "\n\n" + out[0].Content
		case m.Role == llm.ToolRole:
			add(llm.User, fmt.Sprintf("<tool_response name=%q>\n%s\n</tool_response>", m.Name, m.Content))
		case m.Role == llm.Assistant:
			add(llm.Assistant, say(m))
		default:
			add(m.Role, m.Content)
		}
	}
	req.Messages, req.Tools = out, nil
	return req
}

func describe(tools []llm.Tool) string {
	var b strings.Builder
	b.WriteString(how)
	for _, t := range tools {
		schema := string(t.Parameters)
		if schema == "" {
			schema = `{"type":"object"}`
		}
		fmt.Fprintf(&b, "\n%s: %s\n%s\n", t.Name, t.Description, schema)
	}
	return b.String()
}

// say is an assistant's message as it would have written it.
func say(m llm.Message) string {
	parts := []string{}
	if m.Content != "" {
		parts = append(parts, m.Content)
	}
	for _, c := range m.ToolCalls {
		parts = append(parts, opening+"\n"+object(c)+"\n"+closing)
	}
	return strings.Join(parts, "\n")
}

const (
	opening = "<tool_call>"
	closing = "</tool_call>"
)

// object is a call as the form wants it. Arguments that are no JSON stand in it
// as a text.
func object(c llm.ToolCall) string {
	name, _ := json.Marshal(c.Name) // of strings: cannot fail
	args := []byte(c.Arguments)
	switch {
	case strings.TrimSpace(c.Arguments) == "":
		args = []byte("{}")
	case !json.Valid(args):
		args, _ = json.Marshal(c.Arguments)
	}
	return fmt.Sprintf(`{"name": %s, "arguments": %s}`, name, args)
}

package spoken

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ipw/lib/llm"
)

// objects reads a text that is nothing but call objects, one after another or
// in a list. nil: it is something else. known nil takes any name.
func objects(text string, known map[string]bool) []llm.ToolCall {
	var calls []llm.ToolCall
	dec := json.NewDecoder(strings.NewReader(mended(unfenced(text))))
	for {
		var raw json.RawMessage
		switch err := dec.Decode(&raw); {
		case err == io.EOF:
			return calls
		case err != nil:
			return nil
		}
		list := []json.RawMessage{raw}
		if raw[0] == '[' && json.Unmarshal(raw, &list) != nil {
			return nil
		}
		for _, o := range list {
			c, ok := callOf(o)
			if !ok || known != nil && !known[c.Name] {
				return nil
			}
			calls = append(calls, c)
		}
	}
}

var (
	nameKeys     = []string{"name", "tool", "tool_name", "function", "action"}
	argumentKeys = []string{"arguments", "args", "parameters", "input", "action_input", "tool_input"}
)

// callOf reads a call object under the names that models give its parts. Where
// the arguments have none, what is left beside the name is the arguments.
func callOf(raw json.RawMessage) (llm.ToolCall, bool) {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return llm.ToolCall{}, false
	}
	if inner := bytes.TrimSpace(o["function"]); len(inner) > 0 && inner[0] == '{' {
		return callOf(inner)
	}
	var c llm.ToolCall
	for _, k := range nameKeys {
		if json.Unmarshal(o[k], &c.Name) == nil && c.Name != "" {
			delete(o, k)
			break
		}
	}
	if c.Name == "" {
		return c, false
	}
	for _, k := range argumentKeys {
		if args, ok := o[k]; ok {
			c.Arguments = argumentsOf(args)
			return c, true
		}
	}
	delete(o, "type")
	delete(o, "id")
	c.Arguments = "{}"
	if len(o) > 0 {
		b, err := ordered(o)
		if err != nil {
			return c, false
		}
		c.Arguments = b
	}
	return c, true
}

func ordered(o map[string]json.RawMessage) (string, error) {
	var b strings.Builder
	for i, k := range slices.Sorted(maps.Keys(o)) {
		name, err := json.Marshal(k)
		if err != nil {
			return "", err
		}
		b.WriteString([]string{"{", ","}[min(i, 1)] + string(name) + ":" + string(o[k]))
	}
	return b.String() + "}", nil
}

// argumentsOf is the arguments as a model with tool calling would send them:
// an object that stands in a string is taken out of it.
func argumentsOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// mended is a JSON text with what models leave out at its end, the closing
// quote and brackets; a text that this does not make whole is returned as it is.
func mended(text string) string {
	text = strings.TrimSpace(text)
	if json.Valid([]byte(text)) || text == "" || text[0] != '{' && text[0] != '[' {
		return text
	}
	var open []byte
	quoted, escaped := false, false
	for i := range len(text) {
		switch c := text[i]; {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case (c == '}' || c == ']') && len(open) > 0 && open[len(open)-1] == c:
			open = open[:len(open)-1]
		}
	}
	whole := text
	if quoted {
		whole += `"`
	}
	slices.Reverse(open)
	if whole += string(open); json.Valid([]byte(whole)) {
		return whole
	}
	return text
}

// values are the JSON objects and lists that a text begins with, and how many of
// its bytes they take.
func values(text string) (body string, n int) {
	dec := json.NewDecoder(strings.NewReader(text))
	for {
		var raw json.RawMessage
		if dec.Decode(&raw) != nil || raw[0] != '{' && raw[0] != '[' {
			return text[:n], n
		}
		n = int(dec.InputOffset())
	}
}

// firstValue is the JSON value that a text begins with, "" for none.
func firstValue(text string) string {
	var raw json.RawMessage
	if json.NewDecoder(strings.NewReader(text)).Decode(&raw) != nil {
		return ""
	}
	return string(raw)
}

// unfenced takes a fence off that goes all around a text.
func unfenced(text string) string {
	text = strings.TrimSpace(text)
	if m := fence.FindStringSubmatchIndex(text); m != nil && m[0] == 0 && m[1] == len(text) {
		return text[m[2]:m[3]]
	}
	return text
}

var (
	namePart      = regexp.MustCompile(`"?(?:name|tool|function)"?\s*[:=]\s*"?([A-Za-z0-9_.-]+)`)
	argumentsPart = regexp.MustCompile(`(?s)"?(?:arguments|args|parameters)"?\s*[:=]\s*(.*)`)
)

// salvage makes a call of a block that nobody can read, so that the model is
// told: of the name, if there is one, and the arguments as they stand there.
func salvage(block string) llm.ToolCall {
	c := llm.ToolCall{Arguments: block}
	if m := namePart.FindStringSubmatch(block); m != nil {
		c.Name = m[1]
	}
	if m := argumentsPart.FindStringSubmatch(block); m != nil && c.Name != "" {
		c.Arguments = strings.TrimSpace(m[1])
	}
	return c
}

package spoken

import (
	"regexp"
	"strings"

	"ipw/lib/llm"
)

// hear finds the tool calls in an answer, and returns what stood before them.
// What a model wrote behind its calls is what it imagined of their results, and
// is left out; so is a call within <think>.
//
// A marked block is a call, whatever stands in it: if nobody can read it, the
// model is told so as of any wrong call. Without a mark only what names a known
// tool is one:
//
//   - <tool_call>, <function_call>, <tool_use>, [TOOL_CALLS], one object in it,
//     several or a list, closed or cut off by the end; <function=NAME>{…}
//   - a fenced block, or the whole answer, that is nothing but such objects
//   - lines "Action: NAME" and "Action Input: …"
func hear(text string, known map[string]bool) (before string, calls []llm.ToolCall) {
	from := 0
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		from = i + len("</think>")
	}
	for _, find := range []func(string, map[string]bool) (int, []llm.ToolCall){marked, fenced, action, bare} {
		if at, calls := find(text[from:], known); len(calls) > 0 {
			return strings.TrimSpace(text[:from+at]), calls
		}
	}
	return text, nil
}

var (
	mark = regexp.MustCompile(`<(?:tool_call|function_call|tool_use)>|\[TOOL_CALLS\]|<function=([A-Za-z0-9_.:-]+)>`)
	over = regexp.MustCompile(`</(?:tool_call|function_call|tool_use|function)>|<tool_response|<\|im_end\|>`)
)

// marked goes from mark to mark. What JSON stands behind one is stepped over
// whole: its texts may hold marks.
func marked(text string, _ map[string]bool) (at int, calls []llm.ToolCall) {
	for pos := 0; ; {
		m := mark.FindStringSubmatchIndex(text[pos:])
		if m == nil || len(calls) > 0 && strings.Contains(text[pos:pos+m[0]], "<tool_response") { // imagined from here on
			return at, calls
		}
		if len(calls) == 0 {
			at = pos + m[0]
		}
		name, rest := "", text[pos+m[1]:]
		if m[2] >= 0 {
			name = text[pos+m[2] : pos+m[3]]
		}
		found, n := block(rest, name)
		calls = append(calls, found...)
		pos += m[1] + n
	}
}

// block reads the calls behind a mark, and tells how far they go. A mark that
// names the tool is followed by the arguments alone.
func block(text, name string) (calls []llm.ToolCall, n int) {
	if body, skipped := values(text); skipped > 0 {
		if name != "" {
			return []llm.ToolCall{{Name: name, Arguments: firstValue(body)}}, skipped
		}
		if calls = objects(body, nil); calls == nil {
			calls = []llm.ToolCall{salvage(body)}
		}
		return calls, skipped
	}
	n = len(text)
	if next := mark.FindStringIndex(text); next != nil {
		n = next[0]
	}
	body := text[:n]
	if end := over.FindStringIndex(body); end != nil {
		body = body[:end[0]]
	}
	body = strings.TrimSpace(body)
	switch {
	case body == "": // a block around a block
		return nil, n
	case name != "":
		return []llm.ToolCall{{Name: name, Arguments: mended(body)}}, n
	}
	if calls = objects(body, nil); calls == nil {
		calls = []llm.ToolCall{salvage(body)}
	}
	return calls, n
}

var fence = regexp.MustCompile("(?s)```[a-z_]*[ \t]*\n(.*?)\n?[ \t]*```")

func fenced(text string, known map[string]bool) (at int, calls []llm.ToolCall) {
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		found := objects(text[m[2]:m[3]], known)
		if len(calls) == 0 {
			at = m[0]
		}
		calls = append(calls, found...)
	}
	return at, calls
}

func bare(text string, known map[string]bool) (at int, calls []llm.ToolCall) {
	return 0, objects(text, known)
}

var actions = regexp.MustCompile(`(?m)^[ \t*]*Action:[ \t*]*([A-Za-z0-9_.:-]+)[ \t*]*\n[ \t*]*Action Input:[ \t*]*(.*)$`)

// action reads the form of the ReAct paper, one call.
func action(text string, known map[string]bool) (at int, calls []llm.ToolCall) {
	m := actions.FindStringSubmatchIndex(text)
	if m == nil || !known[text[m[2]:m[3]]] {
		return 0, nil
	}
	input := text[m[4]:]
	if i := strings.Index(input, "\nObservation:"); i >= 0 {
		input = input[:i]
	}
	if first := firstValue(input); first != "" {
		input = first
	} else {
		input, _, _ = strings.Cut(input, "\n")
	}
	return m[0], []llm.ToolCall{{Name: text[m[2]:m[3]], Arguments: mended(input)}}
}

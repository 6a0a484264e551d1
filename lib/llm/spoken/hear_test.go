package spoken

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/llm"
)

var known = map[string]bool{"calculator": true, "search": true}

// heard: what an answer says, what stood before its calls, and the calls as
// NAME ARGUMENTS.
var heard = []struct{ name, text, before, calls string }{
	{"the form", "I look.\n<tool_call>\n{\"name\": \"calculator\", \"arguments\": {\"expression\": \"6*7\"}}\n</tool_call>",
		"I look.", `calculator {"expression": "6*7"}`},
	{"two blocks", `<tool_call>{"name":"search","arguments":{"query":"a"}}</tool_call> <tool_call>{"name":"search","arguments":{"query":"b"}}</tool_call>`,
		"", `search {"query":"a"}|search {"query":"b"}`},
	{"two in a block", "<tool_call>\n{\"name\":\"search\",\"arguments\":{}}\n{\"name\":\"calculator\",\"arguments\":{}}\n</tool_call>", "", `search {}|calculator {}`},
	{"a list", `[TOOL_CALLS] [{"name":"search","arguments":{"query":"a"}},{"name":"calculator","arguments":{}}]`, "", `search {"query":"a"}|calculator {}`},
	{"never closed", `x <tool_call>{"name":"search","arguments":{"query":"a"}}`, "x", `search {"query":"a"}`},
	{"cut off", `<tool_call>{"name":"search","arguments":{"query":"a`, "", `search {"query":"a"}`},
	{"imagined results", `<tool_call>{"name":"search","arguments":{}}</tool_call><tool_response>42</tool_response><tool_call>{"name":"search","arguments":{"query":"more"}}</tool_call>`,
		"", `search {}`},
	{"a fence in a block", "<tool_call>```json\n{\"name\":\"search\",\"arguments\":{}}\n```</tool_call>", "", `search {}`},
	{"arguments in a string", `<tool_call>{"name":"search","arguments":"{\"query\":\"a\"}"}</tool_call>`, "", `search {"query":"a"}`},
	{"other names", `<tool_call>{"tool":"search","parameters":{"query":"a"}}</tool_call>`, "", `search {"query":"a"}`},
	{"arguments without a name", `<tool_call>{"name":"search","query":"a","k":3}</tool_call>`, "", `search {"k":3,"query":"a"}`},
	{"as OpenAI has it", `<tool_call>{"type":"function","function":{"name":"search","arguments":"{}"}}</tool_call>`, "", `search {}`},
	{"no arguments", `<tool_call>{"name":"search"}</tool_call>`, "", `search {}`},
	{"as Llama has it", `<function=search>{"query":"a"}</function>`, "", `search {"query":"a"}`},
	{"unknown tool in a block", `<tool_call>{"name":"nosuch","arguments":{}}</tool_call>`, "", `nosuch {}`},
	{"no JSON in a block", `<tool_call>{'name': 'search', "arguments": {query: a}}</tool_call>`, "", ` {'name': 'search', "arguments": {query: a}}`},
	{"bad arguments", `<tool_call>{"name": "search", "arguments": {query: a}}</tool_call>`, "", `search {query: a}}`},
	{"fenced", "I try.\n```json\n{\"name\": \"search\", \"arguments\": {\"query\": \"a\"}}\n```\nand see", "I try.", `search {"query": "a"}`},
	{"fenced, unknown", "```json\n{\"name\": \"Bob\", \"age\": 3}\n```", "```json\n{\"name\": \"Bob\", \"age\": 3}\n```", ``},
	{"bare", `{"name": "calculator", "arguments": {"expression": "1"}}`, "", `calculator {"expression": "1"}`},
	{"bare, unknown", `{"name": "Bob"}`, `{"name": "Bob"}`, ``},
	{"bare within words", `It is {"name": "calculator"}`, `It is {"name": "calculator"}`, ``},
	{"ReAct", "Thought: hm\nAction: search\nAction Input: {\"query\": \"a\"}\nObservation: 42\nFinal: 42", "Thought: hm", `search {"query": "a"}`},
	{"ReAct over lines", "Action: search\nAction Input: {\n\"query\": \"a\"\n}", "", "search {\n\"query\": \"a\"\n}"},
	{"ReAct, plain words", "Action: search\nAction Input: the tower\n", "", `search the tower`},
	{"ReAct, unknown", "Action: leave\nAction Input: now", "Action: leave\nAction Input: now", ``},
	{"thought of", "<think>maybe <tool_call>{\"name\":\"search\"}</tool_call></think>\nFINAL ANSWER: 42", "<think>maybe <tool_call>{\"name\":\"search\"}</tool_call></think>\nFINAL ANSWER: 42", ``},
	{"after a thought", "<think>well</think>\n<tool_call>{\"name\":\"search\"}</tool_call>", "<think>well</think>", `search {}`},
	{"an answer", "FINAL ANSWER: 42", "FINAL ANSWER: 42", ``},
	{"nothing", "", "", ``},
	{"an empty block", "<tool_call></tool_call>", "<tool_call></tool_call>", ``},
}

func show(calls []llm.ToolCall) string {
	var s []string
	for _, c := range calls {
		s = append(s, c.Name+" "+c.Arguments)
	}
	return strings.Join(s, "|")
}

func TestHear(t *testing.T) {
	for _, c := range heard {
		before, calls := hear(c.text, known)
		if before != c.before || show(calls) != c.calls {
			t.Errorf("%s: %q, %s; want %q, %s", c.name, before, show(calls), c.before, c.calls)
		}
	}
}

// TestSayHear: what is said in the form is heard as it was, whatever the
// arguments hold.
func TestSayHear(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"<tool_call>", "</tool_call>", `"`, `\`, "{", "}", "```", "\n", "ä", "Action:", "</think>", "a", "<tool_response>", "[TOOL_CALLS]"}
	for range 2000 {
		var calls []llm.ToolCall
		for range 1 + rng.IntN(3) {
			var text strings.Builder
			for range rng.IntN(8) {
				text.WriteString(pieces[rng.IntN(len(pieces))])
			}
			args, _ := json.Marshal(map[string]any{"x": text.String(), "n": rng.IntN(9)}) // escapes < and >
			calls = append(calls, llm.ToolCall{Name: []string{"calculator", "search", "nosuch"}[rng.IntN(3)], Arguments: string(args)})
		}
		said := say(llm.Message{Content: "I look.", ToolCalls: calls})
		before, got := hear(said, known)
		if before != "I look." || !slices.Equal(got, calls) {
			t.Fatalf("said %s\nheard %q %s", said, before, show(got))
		}
	}
}

func FuzzHear(f *testing.F) {
	for _, c := range heard {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		before, calls := hear(text, known)
		if len(calls) == 0 && before != text {
			t.Errorf("without a call the answer became %q", before)
		}
		if !strings.HasPrefix(strings.TrimSpace(text), before) && len(calls) > 0 {
			t.Errorf("%q does not begin the answer", before)
		}
		for _, c := range calls {
			var args map[string]any
			if json.Unmarshal([]byte(c.Arguments), &args) != nil || strings.ContainsAny(c.Name+c.Arguments, "<[") {
				continue
			}
			if _, again := hear(say(llm.Message{ToolCalls: []llm.ToolCall{c}}), known); len(again) != 1 || again[0].Name != c.Name {
				t.Errorf("%+v is said and heard as %s", c, show(again))
			}
		}
		if m := fmt.Sprint(salvage(text)); len(m) > 2*len(text)+8 {
			t.Errorf("a call of %d bytes of an answer of %d", len(m), len(text))
		}
	})
}

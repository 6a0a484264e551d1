package spoken

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ipw/lib/llm"
)

// endpoint is a server that may refuse tools.
type endpoint struct {
	llm.Client
	refuse error
	say    string
	reqs   []llm.Request
}

func (e *endpoint) Chat(_ context.Context, req llm.Request, _ llm.Observer) (llm.Response, error) {
	e.reqs = append(e.reqs, req)
	if len(req.Tools) > 0 && e.refuse != nil {
		return llm.Response{Attempts: 2}, e.refuse
	}
	return llm.Response{Attempts: 1, FinishReason: "stop", Message: llm.Message{Role: llm.Assistant, Content: e.say}}, nil
}

var tools = []llm.Tool{{Name: "search", Description: "Looks things up.", Parameters: []byte(`{"type":"object"}`)}, {Name: "calculator", Description: "Computes."}}

func TestRequest(t *testing.T) {
	got := request(llm.Request{Model: "m", Tools: tools, Messages: []llm.Message{
		{Role: llm.System, Content: "be brief"},
		{Role: llm.User, Content: "what?"},
		{Role: llm.Assistant, Content: "I look.", ToolCalls: []llm.ToolCall{{ID: "1", Name: "search", Arguments: `{"query":"a"}`}, {ID: "2", Name: "calculator", Arguments: "broken"}}},
		{Role: llm.ToolRole, ToolCallID: "1", Name: "search", Content: "found"},
		{Role: llm.ToolRole, ToolCallID: "2", Name: "calculator", Content: "error: no JSON"},
		{Role: llm.User, Content: "answer now"},
	}})
	var b strings.Builder
	for _, m := range got.Messages {
		b.WriteString("[" + m.Role + "] " + m.Content + "\n")
	}
	want := `[system] be brief

` + how + `
search: Looks things up.
{"type":"object"}

calculator: Computes.
{"type":"object"}

[user] what?
[assistant] I look.
<tool_call>
{"name": "search", "arguments": {"query":"a"}}
</tool_call>
<tool_call>
{"name": "calculator", "arguments": "broken"}
</tool_call>
[user] <tool_response name="search">
found
</tool_response>

<tool_response name="calculator">
error: no JSON
</tool_response>

answer now
`
	if b.String() != want || got.Tools != nil || got.Model != "m" {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestAuto: an endpoint that refuses tools is asked with them once, and the
// refused try is seen.
func TestAuto(t *testing.T) {
	e := &endpoint{refuse: &llm.Error{Class: llm.Rejected, Status: 400, Text: "http://x/v1: 400 Bad Request: gemma does not support tools"},
		say: `<tool_call>{"name":"search","arguments":{}}</tool_call>`}
	var told, retries []string
	c := Auto(e, func(why error) { told = append(told, why.Error()) })
	obs := llm.Observer{Retry: func(class string, wait time.Duration, _ error) { retries = append(retries, class+wait.String()) }}
	for i := range 3 {
		resp, err := c.Chat(t.Context(), llm.Request{Tools: tools, Messages: []llm.Message{{Role: llm.User, Content: "?"}}}, obs)
		if err != nil || len(resp.Message.ToolCalls) != 1 || resp.Message.Content != "" || resp.FinishReason != "tool_calls" {
			t.Errorf("%+v, %v", resp, err)
		}
		if want := []int{3, 1, 1}[i]; resp.Attempts != want {
			t.Errorf("call %d: %d tries, want %d", i, resp.Attempts, want)
		}
	}
	if len(told) != 1 || len(retries) != 1 || retries[0] != "rejected0s" || len(e.reqs) != 4 {
		t.Errorf("told %q, retries %q, %d requests", told, retries, len(e.reqs))
	}
}

// TestNative: an endpoint that takes tools, or fails for another reason, is left
// alone.
func TestNative(t *testing.T) {
	for _, failure := range []error{nil, errors.New("reset"), &llm.Error{Class: llm.Rejected, Status: 401, Text: "401 Unauthorized: no key"}} {
		e := &endpoint{refuse: failure, say: `<tool_call>{"name":"search"}</tool_call>`}
		c := Auto(e, func(error) { t.Error("fell") })
		resp, err := c.Chat(t.Context(), llm.Request{Tools: tools}, llm.Observer{})
		if !errors.Is(err, failure) || len(resp.Message.ToolCalls) != 0 || len(e.reqs) != 1 || len(e.reqs[0].Tools) != 2 {
			t.Errorf("%v: %+v, %v", failure, resp, err)
		}
	}
}

func TestRefusesTools(t *testing.T) {
	for text, want := range map[string]bool{
		`registry.ollama.ai/library/gemma:2b does not support tools`:                                      true,
		`"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set`:          true,
		`tools param requires --jinja flag`:                                                               true,
		`No endpoints found that support tool use. Try disabling "calculator".`:                           true,
		`Unsupported parameter: 'tools' is not supported with this model.`:                                true,
		`Extra inputs are not permitted: tools`:                                                           true,
		`This model does not support function calling`:                                                    true,
		`Invalid schema for function 'search'`:                                                            false,
		`This model's maximum context length is 8192 tokens, of which 900 are in the tools`:               false,
		`The model does not support images`:                                                               false,
		`An assistant message with 'tool_calls' must be followed by tool messages to each 'tool_call_id'`: false,
	} {
		if got := refusesTools(&llm.Error{Status: 400, Text: text}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if refusesTools(nil) || refusesTools(&llm.Error{Status: 503, Text: "tools not available"}) {
		t.Error("no refusal is taken for one")
	}
}

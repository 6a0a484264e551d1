package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	i := func(n int64) *int64 { return &n }
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   Response
		first  int
	}{
		{"text", say("hello there"), Response{
			Message: Message{Role: Assistant, Content: "hello there"}, FinishReason: "stop", Attempts: 1,
			Usage: Usage{InputTokens: i(7), OutputTokens: i(3)}}, 1},
		{"details of usage", streamed(
			`{"choices":[{"delta":{"reasoning_content":"hm"}}],"usage":null}`,
			`{"choices":[{"delta":{"content":"x"}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"length"}]}`,
			`{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"cost":0.00125,"prompt_tokens_details":{"cached_tokens":64,"cache_write_tokens":8},"completion_tokens_details":{"reasoning_tokens":12},"queue_time":0.25}}`,
			`[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "x", Reasoning: "hm"}, FinishReason: "length", Attempts: 1,
			Usage: Usage{InputTokens: i(100), OutputTokens: i(20), CachedTokens: i(64), CacheWriteTokens: i(8), ReasoningTokens: i(12), CostUSD: ptr(0.00125), QueueS: ptr(0.25)}}, 1},
		{"parallel tool calls in pieces, interleaved", streamed(
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}},{"index":1,"function":{"arguments":"}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":9}}`, `[DONE]`), Response{
			Message:      Message{Role: Assistant, ToolCalls: []ToolCall{{"a", "f", `{"x":1}`}, {"b", "g", `{}`}}},
			FinishReason: "tool_calls", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(9)}}, 1},
		{"every call has the index 0", streamed(
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":9}}`, `[DONE]`), Response{
			Message:      Message{Role: Assistant, ToolCalls: []ToolCall{{"a", "f", `{}`}, {"b", "g", `{}`}}},
			FinishReason: "tool_calls", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(9)}}, 1},
		{"no index, the id repeated, arguments as an object, no id", streamed(
			`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":":2}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"name":"g","arguments":{"y":3}}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":9}}`, `[DONE]`), Response{
			Message:      Message{Role: Assistant, ToolCalls: []ToolCall{{"a", "f", `{"x":2}`}, {"call_1_1", "g", `{"y":3}`}}},
			FinishReason: "tool_calls", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(9)}}, 1},
		{"no usage is estimated", streamed( // a word in, ten digits out
			`{"choices":[{"delta":{"content":"0123456789"}}]}`, `{"choices":[{"delta":{},"finish_reason":"stop"}]}`, `[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "0123456789"}, FinishReason: "stop", Attempts: 1,
			Usage: Usage{InputTokens: i(1), OutputTokens: i(4), Estimated: true}}, 1},
		{"a usage of zeros is no usage", streamed(
			`{"choices":[{"delta":{"content":"0123456789"},"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0}}`, `[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "0123456789"}, FinishReason: "stop", Attempts: 1,
			Usage: Usage{InputTokens: i(1), OutputTokens: i(4), Estimated: true}}, 1},
		{"cut behind the finish reason", hangUp("data: {\"choices\":[{\"delta\":{\"content\":\"0123456789\"},\"finish_reason\":\"stop\"}]}\n\n"), Response{
			Message: Message{Role: Assistant, Content: "0123456789"}, FinishReason: "stop", Attempts: 1,
			Usage: Usage{InputTokens: i(1), OutputTokens: i(4), Estimated: true}}, 1},
		{"done without a finish reason", streamed(`{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, `[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "x"}, Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(1)}}, 1},
		{"two calls with one id, two under one index without", streamed(
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"a","function":{"name":"g","arguments":"{}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":2,"function":{"name":"h","arguments":"{}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":2,"function":{"name":"i","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":9}}`, `[DONE]`), Response{
			Message:      Message{Role: Assistant, ToolCalls: []ToolCall{{"a", "f", `{}`}, {"call_1_1", "g", `{}`}, {"call_1_2", "h", `{}`}, {"call_1_3", "i", `{}`}}},
			FinishReason: "tool_calls", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(9)}}, 1},
		{"not streamed", status(200, "{\n\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"reasoning\":\"r\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}],\n\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":5}}\n", "Content-Type", "application/json; charset=utf-8"), Response{
			Message: Message{Role: Assistant, Reasoning: "r", ToolCalls: []ToolCall{{"a", "f", "{}"}}}, FinishReason: "tool_calls", Attempts: 1,
			Usage: Usage{InputTokens: i(4), OutputTokens: i(5)}}, 1},
		{"a stream called JSON, with comments and parts", status(200, ": hi\n\ndata:{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\"}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":5}}\r\n\r\ndata: [DONE]\r\n\r\n", "Content-Type", "application/json"), Response{
			Message: Message{Role: Assistant, Content: "ab"}, FinishReason: "stop", Attempts: 1, Usage: Usage{InputTokens: i(4), OutputTokens: i(5)}}, 1},
		{"other choices are not ours", streamed(
			`{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, `[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "yes"}, FinishReason: "stop", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(1)}}, 1},
		{"a refusal", streamed(`{"choices":[{"delta":{"refusal":"I will not"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, `[DONE]`), Response{
			Message: Message{Role: Assistant, Content: "I will not"}, FinishReason: "stop", Attempts: 1, Usage: Usage{InputTokens: i(1), OutputTokens: i(1)}}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d diary
			got, err := play(t, test.answer).client().Chat(context.Background(), hello, d.observer())
			if err != nil || d.classes() != "" {
				t.Fatalf("error %v, retries %q %v", err, d.classes(), d.errs)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %s\nwant %s", show(got), show(test.want))
			}
			if d.first != test.first {
				t.Errorf("first token told %d times, want %d", d.first, test.first)
			}
		})
	}
}

func show(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestManyKeepAlives(t *testing.T) {
	s := play(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, strings.Repeat(": still working\n\n", 2000))
		say("at last")(w, r)
	})
	if got, err := s.client().Chat(context.Background(), hello, Observer{}); err != nil || got.Message.Content != "at last" {
		t.Fatalf("%q, %v", got.Message.Content, err)
	}
}

func TestRequestBody(t *testing.T) {
	s := play(t, say("x"))
	req := Request{
		Model: "m", Temperature: ptr(0.0), TopP: ptr(0.9), MaxTokens: 50, Seed: ptr(0),
		Messages: []Message{
			{Role: System}, {Role: User, Content: "q"},
			{Role: Assistant, Reasoning: "secret thought", ToolCalls: []ToolCall{{"a", "f", ""}, {"b", "f", "{oops"}, {"c", "f", `{"x":1}`}}},
			{Role: ToolRole, ToolCallID: "a", Name: "f"},
			{Role: Assistant},
		},
		Tools: []Tool{{Name: "f", Description: "d", Parameters: json.RawMessage(`{"type":"object"}`)}, {Name: "g"}},
	}
	for _, provider := range []string{"openai-compatible", "openai", "openrouter"} {
		if _, err := s.client(func(e *Endpoint) { e.Provider = provider }).Chat(context.Background(), req, Observer{}); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"max_tokens":50,"messages":[{"content":"","role":"system"},{"content":"q","role":"user"},` +
		`{"content":null,"role":"assistant","tool_calls":[` +
		`{"function":{"arguments":"{}","name":"f"},"id":"a","type":"function"},` +
		`{"function":{"arguments":"{\"invalid_json\":\"{oops\"}","name":"f"},"id":"b","type":"function"},` +
		`{"function":{"arguments":"{\"x\":1}","name":"f"},"id":"c","type":"function"}]},` +
		`{"content":"","name":"f","role":"tool","tool_call_id":"a"},{"content":"","role":"assistant"}],` +
		`"model":"m","seed":0,"stream":true,"stream_options":{"include_usage":true},"temperature":0,` +
		`"tools":[{"function":{"description":"d","name":"f","parameters":{"type":"object"}},"type":"function"},` +
		`{"function":{"name":"g","parameters":{"properties":{},"type":"object"}},"type":"function"}],"top_p":0.9}`
	if got := show(s.body(0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if b := s.body(1); b["max_tokens"] != nil || b["max_completion_tokens"] != 50.0 || !strings.Contains(show(b), `"{oops"`) {
		t.Errorf("openai: %s", show(b))
	}
	if b := s.body(2); show(b["usage"]) != `{"include":true}` {
		t.Errorf("openrouter: %s", show(b))
	}
	if _, err := s.client().Chat(context.Background(), hello, Observer{}); err != nil || s.body(3)["tools"] != nil || s.body(3)["temperature"] != nil {
		t.Errorf("a plain question: %s, %v", show(s.body(3)), err)
	}
}

func TestSecretsStayIn(t *testing.T) {
	const key, password = "sk-very-secret-0123456789", "hunter22-hunter22"
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"error":{"message":"you sent %s and %s"}}`, r.Header.Get("Authorization"), r.URL)
	}
	s := play(t, echo)
	withKey := s.client(func(e *Endpoint) { e.Key = key })
	withPassword := s.client(func(e *Endpoint) {
		e.BaseURL = strings.Replace(e.BaseURL, "://", "://someone:"+password+"@", 1)
	})
	refused := caller(t, Endpoint{BaseURL: "http://someone:" + password + "@127.0.0.1:1/v1", Key: key}, Config{})
	for _, c := range []*Caller{withKey, withPassword, refused} {
		_, err := c.Chat(context.Background(), hello, Observer{})
		for _, text := range []string{err.Error(), c.Endpoint(), fmt.Sprintf("%v %+v %#v", c.endpoint, c.endpoint, c.endpoint.Key), show(c.endpoint)} {
			for _, secret := range []string{key, password, "c29tZW9uZTpodW50ZXIyMi1odW50ZXIyMg=="} {
				if strings.Contains(text, secret) {
					t.Errorf("%q stands in %s", secret, text)
				}
			}
		}
	}
	if got := s.headers[0].Get("Authorization"); got != "Bearer "+key {
		t.Errorf("the key was not sent: %q", got)
	}
	if got := s.headers[1].Get("Authorization"); got != "Basic c29tZW9uZTpodW50ZXIyMi1odW50ZXIyMg==" {
		t.Errorf("name and password were not sent: %q", got)
	}
}

func TestModels(t *testing.T) {
	s := play(t, status(200, `{"object":"list","data":[{"id":"a"},{"id":"b"}]}`, "Content-Type", "application/json"), status(401, `{"error":{"message":"bad key"}}`))
	if got, err := s.client().Models(context.Background()); err != nil || !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("%v, %v", got, err)
	}
	var e *Error
	if _, err := s.client().Models(context.Background()); !errors.As(err, &e) || e.Status != 401 || e.Hint() == "" {
		t.Error(err)
	}
}

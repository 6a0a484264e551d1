package llm

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// raw streams frames of server-sent events as they are.
func raw(frames ...string) http.HandlerFunc {
	return status(200, strings.Join(frames, "\n\n")+"\n\n", "Content-Type", "text/event-stream")
}

// turn asks, answers the calls of what comes, and asks again. It returns the
// first answer and the second request.
func turn(t *testing.T, p Protocol, first, second http.HandlerFunc, change func(*Message)) (Response, map[string]any) {
	s := play(t, first, second)
	c := s.client(func(e *Endpoint) { e.Protocol, e.Key = p, "k" })
	req := Request{Model: "m", Tools: []Tool{{Name: "f", Description: "d", Parameters: json.RawMessage(`{"type":"object"}`)}},
		Messages: []Message{{Role: System, Content: "be good"}, {Role: User, Content: "q"}}, Temperature: ptr(0.0), MaxTokens: 9, Seed: ptr(3)}
	got, err := c.Chat(context.Background(), req, Observer{})
	if err != nil {
		t.Fatal(err)
	}
	change(&got.Message)
	req.Messages = append(req.Messages, got.Message)
	for _, call := range got.Message.ToolCalls {
		req.Messages = append(req.Messages, Message{Role: ToolRole, ToolCallID: call.ID, Name: call.Name, Content: "r" + call.ID})
	}
	req.Tools = nil
	if _, err := c.Chat(context.Background(), req, Observer{}); err != nil {
		t.Fatal(err)
	}
	return got, s.body(1)
}

func same(*Message) {}

// edit changes what a message says, so that its signed form is not its own any
// more.
func edit(m *Message) { m.Content = "in short" }

var thoughts = raw(
	`data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":5,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}}}`,
	`data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
	`data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm, "}}`,
	`data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"yes"}}`,
	`data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`,
	`data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}}`,
	`data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}`,
	`data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"let me see"}}`,
	`data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}`,
	`data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}`,
	`data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":":1}"}}`,
	`data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"f","input":{}}}`,
	`data: {"type":"an_event_to_come"}`,
	`data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":40,"output_tokens_details":{"thinking_tokens":25}}}`,
	`data: {"type":"message_stop"}`)

func TestAnthropicTurn(t *testing.T) {
	got, sent := turn(t, Messages, thoughts, thoughts, same)
	want := Response{FinishReason: "tool_calls", Attempts: 1,
		Message: Message{Role: Assistant, Content: "let me see", Reasoning: "hm, yes", ToolCalls: []ToolCall{{"toolu_1", "f", `{"x":1}`}, {"toolu_2", "f", ""}}},
		Usage:   Usage{InputTokens: ptr[int64](10), OutputTokens: ptr[int64](40), CachedTokens: ptr[int64](2), CacheWriteTokens: ptr[int64](3), ReasoningTokens: ptr[int64](25)}}
	got.Message.native = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
	// The signed thoughts stand where they stood, the results together in one
	// message; tools that were called are defined, and may not be called.
	const rest = `{"content":[{"content":"rtoolu_1","tool_use_id":"toolu_1","type":"tool_result"},{"content":"rtoolu_2","tool_use_id":"toolu_2","type":"tool_result"}],"role":"user"}],` +
		`"model":"m","stream":true,"system":"be good","temperature":0,"tool_choice":{"type":"none"},"tools":[{"input_schema":{"type":"object"},"name":"f"}]}`
	const calls = `{"id":"toolu_1","input":{"x":1},"name":"f","type":"tool_use"},{"id":"toolu_2","input":{},"name":"f","type":"tool_use"}],"role":"assistant"},`
	const begin = `{"max_tokens":9,"messages":[{"content":[{"text":"q","type":"text"}],"role":"user"},{"content":[`
	if got, want := show(sent), begin+`{"signature":"c2ln","thinking":"hm, yes","type":"thinking"},{"data":"ZGF0YQ==","type":"redacted_thinking"},{"text":"let me see","type":"text"},`+calls+rest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, sent = turn(t, Messages, thoughts, thoughts, edit)
	if got, want := show(sent), begin+`{"text":"in short","type":"text"},`+calls+rest; got != want {
		t.Errorf("an edited message\ngot  %s\nwant %s", got, want)
	}
}

// TestAnthropicRequest: the first request of a conversation is kept in the
// cache, and has the key under the protocol's own name.
func TestAnthropicRequest(t *testing.T) {
	s := play(t, thoughts)
	c := s.client(func(e *Endpoint) { e.Protocol, e.Key = Messages, "secret-key" })
	req := Request{Model: "m", Messages: []Message{{Role: User, Content: "q"}, {Role: Assistant}, {Role: System, Content: "mind"}}, Tools: []Tool{{Name: "f"}}}
	if _, err := c.Chat(context.Background(), req, Observer{}); err != nil {
		t.Fatal(err)
	}
	want := `{"cache_control":{"type":"ephemeral"},"max_tokens":16384,"messages":[{"content":[{"text":"q","type":"text"},{"text":"mind","type":"text"}],"role":"user"}],` +
		`"model":"m","stream":true,"tools":[{"input_schema":{"properties":{},"type":"object"},"name":"f"}]}`
	if got := show(s.body(0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if h := s.headers[0]; h.Get("X-Api-Key") != "secret-key" || h.Get("Anthropic-Version") == "" || h.Get("Authorization") != "" {
		t.Errorf("headers %v", h)
	}
}

var signed = raw(
	`data: {"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"}}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}`,
	`data: {"candidates":[{"content":{"parts":[{"text":"let "}],"role":"model"}}]}`,
	`data: {"candidates":[{"content":{"parts":[{"text":"me see"},{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"c2ln"}],"role":"model"}}]}`,
	`data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":6,"thoughtsTokenCount":5,"toolUsePromptTokenCount":2,"totalTokenCount":22}}`)

func TestGeminiTurn(t *testing.T) {
	got, sent := turn(t, GenerateContent, signed, signed, same)
	want := Response{FinishReason: "tool_calls", Attempts: 1,
		Message: Message{Role: Assistant, Content: "let me see", Reasoning: "hm", ToolCalls: []ToolCall{{"call_2_0", "f", `{"x":1}`}, {"call_2_1", "f", "{}"}}},
		Usage:   Usage{InputTokens: ptr[int64](11), OutputTokens: ptr[int64](11), CachedTokens: ptr[int64](4), ReasoningTokens: ptr[int64](5)}}
	got.Message.native = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
	const rest = `{"parts":[{"functionResponse":{"name":"f","response":{"output":"rcall_2_0"}}},{"functionResponse":{"name":"f","response":{"output":"rcall_2_1"}}}],"role":"user"}],` +
		`"generationConfig":{"maxOutputTokens":9,"seed":3,"temperature":0},"systemInstruction":{"parts":[{"text":"be good"}]}}`
	const begin = `{"contents":[{"parts":[{"text":"q"}],"role":"user"},{"parts":[`
	if got, want := show(sent), begin+`{"text":"let me see"},{"functionCall":{"args":{"x":1},"name":"f"},"thoughtSignature":"c2ln"},{"functionCall":{"name":"f"}}],"role":"model"},`+rest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, sent = turn(t, GenerateContent, signed, signed, edit)
	if got, want := show(sent), begin+`{"text":"in short"},{"functionCall":{"args":{"x":1},"name":"f"}},{"functionCall":{"args":{},"name":"f"}}],"role":"model"},`+rest; got != want {
		t.Errorf("an edited message\ngot  %s\nwant %s", got, want)
	}
}

// TestGeminiIDs: a call that came with an id gets its result by it.
func TestGeminiIDs(t *testing.T) {
	answer := raw(`data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"fc1","name":"f","args":{}}}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":6}}`)
	_, sent := turn(t, GenerateContent, answer, answer, same)
	if got := show(sent); !strings.Contains(got, `{"functionCall":{"args":{},"id":"fc1","name":"f"}}`) || !strings.Contains(got, `{"functionResponse":{"id":"fc1","name":"f",`) {
		t.Error(got)
	}
}

// TestUsageShapes: a total that holds reasoning besides the
// completion says that the completion does not hold it.
func TestUsageShapes(t *testing.T) {
	for text, want := range map[string]Usage{
		`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":22,"completion_tokens_details":{"reasoning_tokens":7}}`:   {InputTokens: ptr[int64](10), OutputTokens: ptr[int64](12), ReasoningTokens: ptr[int64](7)},
		`{"prompt_tokens":10,"completion_tokens":12,"total_tokens":22,"completion_tokens_details":{"reasoning_tokens":7}}`:  {InputTokens: ptr[int64](10), OutputTokens: ptr[int64](12), ReasoningTokens: ptr[int64](7)},
		`{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}`:               {InputTokens: ptr[int64](10), OutputTokens: ptr[int64](1), CachedTokens: ptr[int64](6)},
		`{"prompt_tokens":10,"completion_tokens":1,"cost":0.5,"is_byok":true,"cost_details":{"upstream_inference_cost":9}}`: {InputTokens: ptr[int64](10), OutputTokens: ptr[int64](1), CostUSD: ptr(9.5)},
		`{"prompt_tokens":10,"completion_tokens":1,"cost":0.5,"cost_details":{"upstream_inference_cost":null}}`:             {InputTokens: ptr[int64](10), OutputTokens: ptr[int64](1), CostUSD: ptr(0.5)},
	} {
		if got, ok := parseUsage(json.RawMessage(text)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, want %s", text, show(got), show(want))
		}
	}
}

// TestServersOwnFigures: what a server says beside the usage.
func TestServersOwnFigures(t *testing.T) {
	got, err := play(t, status(200, `data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}`+"\n\n"+
		`data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1},"timings":{"cache_n":7,"prompt_n":2}}`+"\n\ndata: [DONE]\n\n", "X-Queue-Time", "250")).client().Chat(context.Background(), hello, Observer{})
	if err != nil || *got.Usage.CachedTokens != 7 || *got.Usage.QueueS != 0.25 {
		t.Errorf("%s, %v", show(got), err)
	}
}

package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkChat is what a call costs the client itself, in a conversation of
// some turns, whose answer comes in fifty pieces: the network is not there.
func BenchmarkChat(b *testing.B) {
	req := Request{Model: "m", Tools: []Tool{{Name: "f", Description: "It searches.", Parameters: json.RawMessage(`{"type":"object","properties":{"query":{"type":"string"}}}`)}}}
	for i := range 10 {
		id := fmt.Sprintf("call_%d", i)
		req.Messages = append(req.Messages, Message{Role: Assistant, Content: "let me see", ToolCalls: []ToolCall{{id, "f", `{"query":"x"}`}}},
			Message{Role: ToolRole, ToolCallID: id, Name: "f", Content: strings.Repeat("a result of the search, ", 80)})
	}
	for p, frames := range map[Protocol][]string{
		ChatCompletions: {`data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a word "},"finish_reason":null}]}`,
			`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":50}}`, `data: [DONE]`},
		Messages: {`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a word "}}`,
			`data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":9,"output_tokens":50}}`, `data: {"type":"message_stop"}`},
		GenerateContent: {`data: {"candidates":[{"content":{"parts":[{"text":"a word "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":50}}`,
			`data: {"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]}`, ``},
	} {
		name := string(p)
		if p == ChatCompletions {
			name = "chat"
		}
		b.Run(name, func(b *testing.B) {
			body := strings.Repeat(frames[0]+"\n\n", 50) + frames[1] + "\n\n" + frames[2] + "\n\n"
			c := caller(b, Endpoint{Protocol: p, BaseURL: "http://h/v1"}, Config{Transport: canned{"text/event-stream", body}})
			b.ReportAllocs()
			for b.Loop() {
				if got, err := c.Chat(context.Background(), req, Observer{}); err != nil || got.Usage.Estimated {
					b.Fatalf("%+v, %v", got, err)
				}
			}
		})
	}
}

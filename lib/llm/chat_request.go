package llm

import (
	"encoding/json"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai" // the protocol's words
)

// chatCompletions is OpenAI's protocol, as OpenAI and all who follow speak it.
type chatCompletions struct{}

func (chatCompletions) path(string) string { return "/chat/completions" }

func (chatCompletions) sign(h http.Header, key string) {
	if key != "" {
		h.Set("Authorization", "Bearer "+key)
	}
}

// chatRequest is go-openai's request, with fields of ours over those that it
// leaves out or refuses to send: a temperature of 0, empty contents, which
// servers require.
type chatRequest struct {
	openai.ChatCompletionRequest
	Messages    []chatMessage `json:"messages"`
	Temperature *float64      `json:"temperature,omitempty"`
	TopP        *float64      `json:"top_p,omitempty"`
	MaxTokens   int           `json:"max_tokens,omitempty"` // the name that all but OpenAI know
	Usage       *usageWish    `json:"usage,omitempty"`
}

// usageWish asks OpenRouter for the cost.
type usageWish struct {
	Include bool `json:"include"`
}

type chatMessage struct {
	Role       string            `json:"role"`
	Content    *string           `json:"content"` // null beside tool calls
	ToolCalls  []openai.ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string            `json:"tool_call_id,omitempty"`
	Name       string            `json:"name,omitempty"`
}

// body writes a request. Reasoning is not sent back: most servers refuse it or
// throw it away.
func (chatCompletions) body(req Request, provider string) ([]byte, error) {
	out := chatRequest{Temperature: req.Temperature, TopP: req.TopP, Messages: make([]chatMessage, len(req.Messages))}
	out.Model, out.Seed, out.Stream = req.Model, req.Seed, true
	out.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	if provider == "openai" {
		out.MaxCompletionTokens = req.MaxTokens // the only name its newer models take
	} else {
		out.MaxTokens = req.MaxTokens
	}
	if provider == "openrouter" {
		out.Usage = &usageWish{Include: true}
	}
	if req.JSON {
		out.ResponseFormat = &openai.ChatCompletionResponseFormat{Type: openai.ChatCompletionResponseFormatTypeJSONObject}
	}
	for i, m := range req.Messages {
		out.Messages[i] = chatMessageOf(m, provider)
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, openai.Tool{
			Type:     openai.ToolTypeFunction,
			Function: &openai.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: parameters(t)},
		})
	}
	return json.Marshal(out)
}

func chatMessageOf(m Message, provider string) chatMessage {
	out := chatMessage{Role: m.Role, Content: &m.Content, ToolCallID: m.ToolCallID, Name: m.Name}
	if m.Content == "" && len(m.ToolCalls) > 0 {
		out.Content = nil
	}
	for _, c := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, openai.ToolCall{
			ID: c.ID, Type: openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: c.Name, Arguments: sent(c.Arguments, provider)},
		})
	}
	return out
}

// sent is what a history says of a call's arguments. OpenAI takes its model's
// own words as they were; other servers parse them, and fail over what is no
// JSON.
func sent(arguments, provider string) string {
	switch {
	case strings.TrimSpace(arguments) == "":
		return "{}"
	case provider == "openai" || json.Valid([]byte(arguments)):
		return arguments
	}
	return string(invalid(arguments))
}

// object is what a history says of a call's arguments to a server that takes
// an object, and nothing else.
func object(arguments string) json.RawMessage {
	text := strings.TrimSpace(arguments)
	switch {
	case text == "":
		return json.RawMessage("{}")
	case text[0] == '{' && json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	return invalid(arguments)
}

func invalid(arguments string) json.RawMessage {
	b, _ := json.Marshal(map[string]string{"invalid_json": arguments}) // of strings: cannot fail
	return b
}

// parameters is a tool's schema: one without any takes an empty object.
func parameters(t Tool) json.RawMessage {
	if len(t.Parameters) == 0 {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return t.Parameters
}

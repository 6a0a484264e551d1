package llm

import (
	"encoding/json"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// request is a Request in go-openai's terms, as far as those go; the rest is
// the work of complete. Reasoning is not sent back: most servers refuse it or
// throw it away.
func request(req Request, provider string) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{
		Model:         req.Model,
		Seed:          req.Seed,
		StreamOptions: &openai.StreamOptions{IncludeUsage: true},
	}
	if req.JSON {
		out.ResponseFormat = &openai.ChatCompletionResponseFormat{Type: openai.ChatCompletionResponseFormatTypeJSONObject}
	}
	for _, m := range req.Messages {
		out.Messages = append(out.Messages, message(m, provider))
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, openai.Tool{
			Type:     openai.ToolTypeFunction,
			Function: &openai.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: parameters(t)},
		})
	}
	return out
}

func message(m Message, provider string) openai.ChatCompletionMessage {
	out := openai.ChatCompletionMessage{Role: m.Role, Content: m.Content, ToolCallID: m.ToolCallID, Name: m.Name}
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
	b, _ := json.Marshal(map[string]string{"invalid_json": arguments}) // of strings: cannot fail
	return string(b)
}

// parameters is a tool's schema: one without any takes an empty object.
func parameters(t Tool) json.RawMessage {
	if len(t.Parameters) == 0 {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return t.Parameters
}

// complete puts into a request body what go-openai leaves out or refuses to
// send: a temperature of 0, a limit of tokens under the name that the server
// takes, empty contents, which servers require.
func complete(body []byte, req Request, provider string) ([]byte, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, err
	}
	extra := make(map[string]any)
	if req.Temperature != nil {
		extra["temperature"] = *req.Temperature
	}
	if req.TopP != nil {
		extra["top_p"] = *req.TopP
	}
	switch {
	case req.MaxTokens > 0 && provider == "openai":
		extra["max_completion_tokens"] = req.MaxTokens // the only name its newer models take
	case req.MaxTokens > 0:
		extra["max_tokens"] = req.MaxTokens
	}
	if provider == "openrouter" {
		extra["usage"] = map[string]bool{"include": true} // and so the cost
	}
	messages, err := withContents(o["messages"])
	if err != nil {
		return nil, err
	}
	extra["messages"] = messages
	for key, v := range extra {
		if o[key], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(o)
}

// withContents gives every message a content: null beside tool calls, else "".
func withContents(raw json.RawMessage) ([]map[string]json.RawMessage, error) {
	var messages []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &messages); err != nil {
		return nil, err
	}
	for _, m := range messages {
		switch {
		case m["content"] != nil:
		case m["tool_calls"] != nil:
			m["content"] = json.RawMessage(`null`)
		default:
			m["content"] = json.RawMessage(`""`)
		}
	}
	return messages, nil
}

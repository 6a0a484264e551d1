package llm

import (
	"encoding/json"
	"net/http"
	"slices"
)

// anthropic is the Messages API, by plain HTTP: the official Go SDK would
// double a command's size.
type anthropic struct{}

const (
	anthropicVersion = "2023-06-01"
	anthropicTokens  = 16384 // max_tokens has to be given; every model on offer takes this much
)

func (anthropic) path(string) string { return "/messages" }

func (anthropic) sign(h http.Header, key string) {
	h.Set("Anthropic-Version", anthropicVersion)
	if key != "" {
		h.Set("X-Api-Key", key)
	}
}

type anthropicRequest struct {
	Model        string             `json:"model"`
	MaxTokens    int                `json:"max_tokens"`
	Stream       bool               `json:"stream"`
	System       string             `json:"system,omitempty"`
	Messages     []anthropicMessage `json:"messages"`
	Tools        []anthropicTool    `json:"tools,omitempty"`
	ToolChoice   *anthropicType     `json:"tool_choice,omitempty"`
	Temperature  *float64           `json:"temperature,omitempty"`
	TopP         *float64           `json:"top_p,omitempty"`
	CacheControl *anthropicType     `json:"cache_control,omitempty"`
}

type anthropicType struct {
	Type string `json:"type"`
}

type anthropicTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema"`
}

// anthropicMessage holds blocks: ours, or a list that came from there.
type anthropicMessage struct {
	Role    string            `json:"role"`
	Content []json.RawMessage `json:"content"`
}

// anthropicBlock is one block of a message, in either direction.
type anthropicBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	Thinking  *string         `json:"thinking,omitempty"` // has to be there, be it empty
	Signature string          `json:"signature,omitempty"`
	Data      string          `json:"data,omitempty"` // of redacted_thinking
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	Content   string          `json:"content,omitempty"` // of a tool_result
}

// body writes a request. A conversation with tools goes on, so its beginning is
// kept in the provider's cache, which other providers do by themselves; a
// prompt too short for the cache costs nothing more. There is no seed, and no
// promise of JSON without a schema.
func (anthropic) body(req Request, _ string) ([]byte, error) {
	out := anthropicRequest{Model: req.Model, MaxTokens: req.MaxTokens, Stream: true, Temperature: req.Temperature, TopP: req.TopP}
	if out.MaxTokens <= 0 {
		out.MaxTokens = anthropicTokens
	}
	var rest []Message
	out.System, rest = cutSystem(req.Messages)
	for _, m := range rest {
		role, blocks := anthropicBlocks(m)
		if n := len(out.Messages); n > 0 && out.Messages[n-1].Role == role {
			out.Messages[n-1].Content = append(out.Messages[n-1].Content, blocks...) // all results of one answer's calls stand together
		} else if len(blocks) > 0 {
			out.Messages = append(out.Messages, anthropicMessage{role, blocks})
		}
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, anthropicTool{t.Name, t.Description, parameters(t)})
	}
	if len(out.Tools) > 0 {
		out.CacheControl = &anthropicType{"ephemeral"}
	} else if out.Tools = usedTools(rest); len(out.Tools) > 0 {
		out.ToolChoice = &anthropicType{"none"}
	}
	return json.Marshal(out)
}

// cutSystem takes the system messages off the beginning of a conversation.
func cutSystem(messages []Message) (system string, rest []Message) {
	for i, m := range messages {
		if m.Role != System {
			return system, messages[i:]
		}
		if system != "" {
			system += "\n\n"
		}
		system += m.Content
	}
	return system, nil
}

// usedTools are the tools that a conversation has called. The API refuses a
// conversation with calls of tools that are not defined, also where none may be
// called any more.
func usedTools(messages []Message) (tools []anthropicTool) {
	for _, m := range messages {
		for _, c := range m.ToolCalls {
			if !slices.ContainsFunc(tools, func(t anthropicTool) bool { return t.Name == c.Name }) {
				tools = append(tools, anthropicTool{Name: c.Name, InputSchema: json.RawMessage(`{"type":"object"}`)})
			}
		}
	}
	return tools
}

// anthropicBlocks are the blocks of a message. An empty text is none: the API
// refuses it.
func anthropicBlocks(m Message) (role string, blocks []json.RawMessage) {
	add := func(b anthropicBlock) {
		raw, _ := json.Marshal(b) // valid by construction
		blocks = append(blocks, raw)
	}
	switch {
	case m.Role == ToolRole:
		add(anthropicBlock{Type: "tool_result", ToolUseID: m.ToolCallID, Content: m.Content})
		return User, blocks
	case m.Role != Assistant:
		if m.Content != "" {
			add(anthropicBlock{Type: "text", Text: m.Content})
		}
		return User, blocks
	}
	if n := m.nativeTo(Messages); n != nil && json.Unmarshal(n.parts, &blocks) == nil {
		return Assistant, blocks
	}
	if m.Content != "" {
		add(anthropicBlock{Type: "text", Text: m.Content})
	}
	for _, c := range m.ToolCalls {
		add(anthropicBlock{Type: "tool_use", ID: c.ID, Name: c.Name, Input: object(c.Arguments)})
	}
	return Assistant, blocks
}

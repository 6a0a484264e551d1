package llm

import (
	"encoding/json"
	"net/http"
	"strings"
)

// gemini is the generateContent API, by plain HTTP: the official Go SDK brings
// gRPC and more than doubles a command's size.
type gemini struct{}

func (gemini) path(model string) string {
	return "/models/" + pathOf(trimModel(model)) + ":streamGenerateContent?alt=sse"
}

// trimModel is a model's name as flags have it: the API lists models/NAME.
func trimModel(name string) string { return strings.TrimPrefix(name, "models/") }

func (gemini) sign(h http.Header, key string) {
	if key != "" {
		h.Set("X-Goog-Api-Key", key)
	}
}

type geminiRequest struct {
	System   *geminiContent  `json:"systemInstruction,omitempty"`
	Contents []geminiContent `json:"contents"`
	Tools    []geminiTools   `json:"tools,omitempty"`
	Config   geminiConfig    `json:"generationConfig,omitzero"`
}

type geminiContent struct {
	Role  string       `json:"role,omitempty"`
	Parts []geminiPart `json:"parts"`
}

// geminiPart is one part of a message, in either direction.
type geminiPart struct {
	Text      *string       `json:"text,omitempty"`
	Thought   bool          `json:"thought,omitempty"`
	Signature string        `json:"thoughtSignature,omitempty"`
	Call      *geminiCall   `json:"functionCall,omitempty"`
	Result    *geminiResult `json:"functionResponse,omitempty"`
}

type geminiCall struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"`
}

type geminiResult struct {
	ID       string            `json:"id,omitempty"`
	Name     string            `json:"name"`
	Response map[string]string `json:"response"`
}

type geminiTools struct {
	Functions []geminiFunction `json:"functionDeclarations"`
}

type geminiFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"parametersJsonSchema,omitempty"` // parameters takes a part of OpenAPI only
}

type geminiConfig struct {
	Temperature *float64 `json:"temperature,omitempty"`
	TopP        *float64 `json:"topP,omitempty"`
	MaxTokens   int      `json:"maxOutputTokens,omitempty"`
	Seed        *int     `json:"seed,omitempty"`
	MIMEType    string   `json:"responseMimeType,omitempty"`
}

const geminiModel = "model" // the role of an assistant

func (gemini) body(req Request, _ string) ([]byte, error) {
	out := geminiRequest{Contents: []geminiContent{}, Config: geminiConfig{Temperature: req.Temperature, TopP: req.TopP, MaxTokens: req.MaxTokens, Seed: req.Seed}}
	if req.JSON {
		out.Config.MIMEType = "application/json"
	}
	system, rest := cutSystem(req.Messages)
	if system != "" {
		out.System = &geminiContent{Parts: []geminiPart{{Text: &system}}}
	}
	var w geminiWriter
	for _, m := range rest {
		role, parts := w.parts(m)
		if n := len(out.Contents); n > 0 && out.Contents[n-1].Role == role {
			out.Contents[n-1].Parts = append(out.Contents[n-1].Parts, parts...) // all results of one answer's calls stand together
		} else if len(parts) > 0 {
			out.Contents = append(out.Contents, geminiContent{role, parts})
		}
	}
	if len(req.Tools) > 0 {
		var t geminiTools
		for _, x := range req.Tools {
			t.Functions = append(t.Functions, geminiFunction{x.Name, x.Description, x.Parameters})
		}
		out.Tools = []geminiTools{t}
	}
	return json.Marshal(out)
}

// geminiWriter writes a conversation, and knows the calls that results belong
// to: a result names its function, and its id only if the call came with one.
type geminiWriter struct {
	calls []ToolCall
	ids   bool
}

func (w *geminiWriter) parts(m Message) (role string, parts []geminiPart) {
	switch {
	case m.Role == ToolRole:
		r := geminiResult{Name: m.Name, Response: map[string]string{"output": m.Content}}
		for _, c := range w.calls {
			if c.ID == m.ToolCallID {
				r.Name = c.Name
			}
		}
		if w.ids {
			r.ID = m.ToolCallID
		}
		return User, []geminiPart{{Result: &r}}
	case m.Role != Assistant:
		if m.Content != "" {
			parts = append(parts, geminiPart{Text: &m.Content})
		}
		return User, parts
	}
	w.calls, w.ids = m.ToolCalls, false
	if n := m.nativeTo(GenerateContent); n != nil && json.Unmarshal(n.parts, &parts) == nil {
		w.ids = n.ids
		return geminiModel, parts
	}
	if m.Content != "" {
		parts = append(parts, geminiPart{Text: &m.Content})
	}
	for _, c := range m.ToolCalls {
		parts = append(parts, geminiPart{Call: &geminiCall{Name: c.Name, Args: object(c.Arguments)}})
	}
	return geminiModel, parts
}

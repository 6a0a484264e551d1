package builtin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

const maxRequest = 64 << 20 // bytes

// server is the state of the scripted model: whom it has sent away already.
type server struct {
	pace Pace

	mu   sync.Mutex
	busy map[string]bool // problem → its last first request was refused
	ids  int
}

// NewHandler makes the server's routes: /v1/models and /v1/chat/completions.
func NewHandler(p Pace) http.Handler {
	s := &server{pace: p, busy: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", models)
	mux.HandleFunc("GET /v1/models/{model}", models)
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", fmt.Sprintf("no %s %s here: the scripted model has GET /v1/models and POST /v1/chat/completions", r.Method, r.URL.Path))
	})
	return mux
}

// request is what the scripted model reads of a request.
type request struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Tools    []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Stream        bool `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
}

type message struct {
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	ToolCalls []struct {
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// text is a message's content, of which there may be parts or none.
func (m message) text() string {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return s
	}
	var parts []struct {
		Text string `json:"text"`
	}
	json.Unmarshal(m.Content, &parts) // neither: no text
	for _, p := range parts {
		s += p.Text
	}
	return s
}

// offered lists the tools that may be called.
func (r *request) offered() []string {
	if string(r.ToolChoice) == `"none"` {
		return nil
	}
	var names []string
	for _, t := range r.Tools {
		names = append(names, t.Function.Name)
	}
	return names
}

func (s *server) chat(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "too_large", err.Error())
		return
	}
	var req request
	switch err := json.Unmarshal(body, &req); {
	case err != nil:
		refuse(w, http.StatusBadRequest, "invalid_request_error", "the request is not valid: "+err.Error())
	case req.Model != Model:
		refuse(w, http.StatusNotFound, "model_not_found", fmt.Sprintf("the model %q does not exist: this is the scripted model, called %q", req.Model, Model))
	case len(req.Messages) == 0:
		refuse(w, http.StatusBadRequest, "invalid_request_error", "messages must not be empty")
	case s.turnsAway(req.Messages):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "the scripted model plays being busy; try again in a second")
	default:
		s.answer(w, r, &req)
	}
}

// turnsAway tells whether a dialogue's first request is to be refused: every
// other one is, so that a second run of the same task sees it too.
func (s *server) turnsAway(messages []message) bool {
	d, _, spoken := lookUp(messages)
	if d == nil || !d.busy || spoken > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[d.problem] = !s.busy[d.problem]
	return s.busy[d.problem]
}

func models(w http.ResponseWriter, r *http.Request) {
	const about = "a scripted model for demonstrations, no language model: it knows the dialogues of the demo data set"
	entry := map[string]any{"id": Model, "object": "model", "created": 0, "owned_by": "ipw", "description": about}
	switch name := r.PathValue("model"); name {
	case "":
		write(w, http.StatusOK, map[string]any{"object": "list", "data": []any{entry}})
	case Model:
		write(w, http.StatusOK, entry)
	default:
		refuse(w, http.StatusNotFound, "model_not_found", fmt.Sprintf("the model %q does not exist", name))
	}
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	write(w, status, map[string]any{"error": map[string]any{"message": text, "type": code, "code": code}})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that went away is none of our business
}

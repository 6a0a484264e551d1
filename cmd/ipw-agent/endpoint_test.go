package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// endpoint is a scripted OpenAI-compatible server. The model's name says how
// it behaves.
type endpoint struct {
	*httptest.Server
	healed atomic.Bool // sick answers from then on
	calls  atomic.Int64
}

func newEndpoint() *endpoint {
	e := &endpoint{}
	e.Server = httptest.NewServer(e)
	return e
}

type chatRequest struct {
	Model    string
	Tools    []any
	Messages []struct{ Role, Content string }
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req chatRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.calls.Add(1)
	last := req.Messages[len(req.Messages)-1].Content
	switch {
	case req.Model == "broken", req.Model == "sick" && strings.Contains(last, "sick") && !e.healed.Load():
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":{"message":"no, %s","type":"invalid_request_error"}}`, r.Header.Get("Authorization"))
	case req.Model == "hang", req.Model == "sticky" && strings.Contains(last, "stick"):
		reply(w, map[string]any{"content": "half an "}, "")
		<-r.Context().Done()
	case strings.HasPrefix(req.Model, "call ") && req.Messages[len(req.Messages)-1].Role != "tool":
		name, args, _ := strings.Cut(strings.TrimPrefix(req.Model, "call "), " ")
		reply(w, calls(name, args), "tool_calls")
	case req.Model == "echo-key":
		reply(w, map[string]any{"content": "your key is " + r.Header.Get("Authorization")}, "stop")
	case req.Model == "tools" && len(req.Tools) > 0:
		reply(w, calls("calculator", `{"expression":"1+1"}`), "tool_calls")
	case req.Model == "no-tools" && len(req.Tools) > 0:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"message":"no-tools does not support tools"}}`)
	case req.Model == "no-tools" && len(req.Messages) == 2: // system and user
		reply(w, map[string]any{"content": "I compute.\n<tool_call>\n{\"name\": \"calculator\", \"arguments\": {\"expression\": \"1+1\"}}\n</tool_call>"}, "stop")
	case req.Model == "wrong" && len(req.Messages) < 4:
		reply(w, calls("nosuch", `{}`), "tool_calls")
	case req.Model == "wrong" && len(req.Messages) < 6:
		reply(w, calls("calculator", `{"expression":`), "tool_calls")
	default:
		reply(w, map[string]any{"content": "re: " + last}, "stop")
	}
}

func calls(name, args string) map[string]any {
	return map[string]any{"tool_calls": []any{map[string]any{"index": 0, "id": "c1", "type": "function",
		"function": map[string]string{"name": name, "arguments": args}}}}
}

// reply writes one delta and, if finish is not empty, the end.
func reply(w http.ResponseWriter, delta map[string]any, finish string) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(choices []any, usage any) {
		b, _ := json.Marshal(map[string]any{"id": "x", "object": "chat.completion.chunk", "choices": choices, "usage": usage})
		fmt.Fprintf(w, "data: %s\n\n", b)
		w.(http.Flusher).Flush()
	}
	send([]any{map[string]any{"index": 0, "delta": delta}}, nil)
	if finish == "" {
		return
	}
	send([]any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": finish}}, nil)
	send([]any{}, map[string]int{"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16})
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// Package hostile is a model endpoint that misbehaves on purpose, in each of
// the three protocols: what a client must live through, for tests.
//
//	s := hostile.Start()
//	defer s.Close()
//	// POST s.URL + "/v1/chat/completions" {"model":"reset-in-stream",…}
//
// The model's name, or "fault: NAME" in the first message, says what goes wrong.
// It does so in the first request of each conversation; asked again, the
// endpoint answers as it should: Answer, with Input and Output tokens.
package hostile

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
)

// What the endpoint says when nothing is wrong.
const (
	Answer = "All is well.\nFINAL ANSWER: fine"
	Input  = 70 // tokens
	Output = 30
)

// Outcome is what a fault should come to.
type Outcome int

const (
	Retried  Outcome = iota // a try fails, the next is good
	Fatal                   // the call fails at once
	Answered                // odd, and yet an answer
)

// Fault is something that goes wrong.
type Fault struct {
	Name    string
	Outcome Outcome
	Class   string // of the failed try, or call
	Begun   bool   // words of the answer came before it failed
	Calls   int    // tool calls in the answer
	Slow    bool   // seen by a client's patience only: it needs a short one
	play    func(*reply)
}

// Find finds a fault by its name.
func Find(name string) (Fault, bool) {
	for _, f := range Faults {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// Server is the endpoint.
type Server struct {
	*httptest.Server
	mu     sync.Mutex
	asked  map[string]bool // protocol, model and conversation of the first requests
	bodies [][]byte
	leave  chan struct{} // closed when it ends
}

// Start serves on a loopback port.
func Start() *Server {
	s := &Server{asked: make(map[string]bool), leave: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	return s
}

// Close ends it, and what hangs.
func (s *Server) Close() {
	close(s.leave)
	s.Server.Close()
}

// Bodies are the requests so far.
func (s *Server) Bodies() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte(nil), s.bodies...)
}

// reply is one answer on its way.
type reply struct {
	http.ResponseWriter
	speech
	r      *http.Request
	server *Server
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	sp, model := speechOf(r.URL.Path)
	if sp == nil {
		http.NotFound(w, r)
		return
	}
	var req struct {
		Model    string            `json:"model"`
		Messages []json.RawMessage `json:"messages"`
		Contents []json.RawMessage `json:"contents"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if model == "" {
		model = req.Model
	}
	// The first message of a user tells conversations apart.
	begun := opening(append(req.Messages, req.Contents...))
	if m := ordered.FindStringSubmatch(begun); m != nil {
		model = m[1]
	}
	key := fmt.Sprintf("%T %s %s", sp, model, begun)
	s.mu.Lock()
	s.bodies = append(s.bodies, body)
	again := s.asked[key]
	s.asked[key] = true
	s.mu.Unlock()
	out := &reply{w, sp, r, s}
	if f, ok := Find(model); ok && !again {
		f.play(out)
		return
	}
	out.stream(sp.text(Answer)...)
}

var ordered = regexp.MustCompile(`fault: ([a-z-]+)`)

// opening is the first message that is not the system's.
func opening(messages []json.RawMessage) string {
	for _, m := range messages {
		if !strings.Contains(string(m), `"role":"system"`) {
			return string(m)
		}
	}
	return ""
}

// stream sends frames as server-sent events, each at once.
func (w *reply) stream(frames ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, f := range frames {
		io.WriteString(w, f+"\n\n")
		http.NewResponseController(w.ResponseWriter).Flush()
	}
}

// fail sends an error as the protocol has it, which may be tried again at once.
func (w *reply) fail(status int, kind, text string, headers ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.soon()
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.WriteHeader(status)
	io.WriteString(w, w.errorBody(status, kind, text))
}

// soon lets a client come back without waiting, so that tests need not.
func (w *reply) soon() { w.Header().Set("Retry-After", "0") }

// begin sends the first part of an answer.
func (w *reply) begin() {
	w.soon()
	frames := w.text(Answer)
	w.stream(frames[:len(frames)/2]...)
}

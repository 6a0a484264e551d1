package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is an endpoint that answers each request as it is told; the last
// answer stays.
type script struct {
	*httptest.Server
	t       *testing.T
	mu      sync.Mutex
	answers []http.HandlerFunc
	bodies  []map[string]any
	headers []http.Header
}

func play(t *testing.T, answers ...http.HandlerFunc) *script {
	s := &script{t: t, answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var body map[string]any
		json.Unmarshal(raw, &body)
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.headers = append(s.headers, r.Header)
		answer := s.answers[min(len(s.bodies), len(s.answers))-1]
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *script) body(i int) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bodies[i]
}

func (s *script) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

// streamed sends lines of data, each after "data: ", as they are.
func streamed(lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, l := range lines {
			fmt.Fprintf(w, "data: %s\n\n", l)
			w.(http.Flusher).Flush()
		}
	}
}

// say streams an answer with usage.
func say(text string) http.HandlerFunc {
	return streamed(
		`{"choices":[{"index":0,"delta":{"role":"assistant"}}]}`,
		`{"choices":[{"index":0,"delta":{"content":`+quote(text)+`}}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
		`{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}`,
		`[DONE]`)
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// hangUp sends something and closes the connection in the middle.
func hangUp(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// diary notes what an observer hears.
type diary struct {
	first   int
	retries []string
	waits   []time.Duration
	errs    []error
}

func (d *diary) observer() Observer {
	return Observer{
		FirstToken: func() { d.first++ },
		Retry: func(class string, wait time.Duration, err error) {
			d.retries = append(d.retries, class)
			d.waits = append(d.waits, wait)
			d.errs = append(d.errs, err)
		},
	}
}

func (d *diary) classes() string { return strings.Join(d.retries, " ") }

// noWait is a retry policy that notes waits and does not wait.
func noWait() Retry {
	return Retry{
		Backoff: func(failed int) time.Duration { return time.Duration(failed) * time.Second },
		Sleep:   func(ctx context.Context, d time.Duration) error { return ctx.Err() },
	}
}

// at is an endpoint that needs no key.
func at(url string) Endpoint { return Endpoint{Provider: "openai-compatible", BaseURL: url} }

// caller makes a client that notes waits and does not wait.
func caller(t testing.TB, e Endpoint, cfg Config) *Caller {
	t.Helper()
	if cfg.Retry.Sleep == nil {
		cfg.Retry = noWait()
	}
	c, err := New(e, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *script) client(change ...func(*Endpoint)) *Caller {
	s.t.Helper()
	e := at(s.URL + "/v1")
	for _, c := range change {
		c(&e)
	}
	return caller(s.t, e, Config{})
}

var hello = Request{Model: "m", Messages: []Message{{Role: User, Content: "hello"}}}

func ptr[T any](v T) *T { return &v }

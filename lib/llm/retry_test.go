package llm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRetries(t *testing.T) {
	part := "data: {\"choices\":[{\"delta\":{\"content\":\"par\"}}]}\n\n"
	for _, test := range []struct {
		name  string
		bad   http.HandlerFunc
		class string
		wait  time.Duration
	}{
		{"529 that is overloaded", status(529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), ServerError, time.Second},
		{"429 with a delay in the body", status(429, `{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 3s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.Help"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}]}}`), RateLimit, 3500 * time.Millisecond},
		{"429", status(429, `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`), RateLimit, time.Second},
		{"429 with seconds", status(429, `{}`, "Retry-After", "7"), RateLimit, 7 * time.Second},
		{"429 with fractions", status(429, ``, "Retry-After", "0.5"), RateLimit, time.Second / 2},
		{"429 with milliseconds", status(429, ``, "Retry-After-Ms", "250", "Retry-After", "1"), RateLimit, time.Second / 4},
		{"429 with a date", status(429, ``, "Retry-After", "Sat, 01 Aug 2026 12:00:09 GMT"), RateLimit, 9 * time.Second},
		{"429 with a past date", status(429, ``, "Retry-After", "Sat, 01 Aug 2026 11:00:00 GMT"), RateLimit, 0},
		{"429 with nonsense", status(429, ``, "Retry-After", "soon"), RateLimit, time.Second},
		{"408", status(408, ``), Timeout, time.Second},
		{"409", status(409, ``), ServerError, time.Second},
		{"500", status(500, `oops`), ServerError, time.Second},
		{"503 with seconds", status(503, ``, "Retry-After", "2"), ServerError, 2 * time.Second},
		{"504", status(504, ``), Timeout, time.Second},
		{"529", status(529, ``), ServerError, time.Second},
		{"hung up before the answer", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, Connection, time.Second},
		{"hung up in the answer", hangUp(part), Truncated, time.Second},
		{"the answer just stops", status(200, part, "Content-Type", "text/event-stream"), Truncated, time.Second},
		{"the answer stops in a chunk", status(200, part+`data: {"choices":[{"del`, "Content-Type", "text/event-stream"), Truncated, time.Second},
		{"the answer speaks of its end and just stops", status(200, `data: {"choices":[{"delta":{"content":"data: [DONE]"}}],"error":null}`+"\n\n", "Content-Type", "text/event-stream"), Truncated, time.Second},
		{"nothing at all", status(200, ``), Truncated, time.Second},
		{"garbage", streamed(`{"choices":[{"delta":`, `[DONE]`), ServerError, time.Second},
		{"no choices", streamed(`[DONE]`), ServerError, time.Second},
		{"an error in the stream", streamed(`{"choices":[{"delta":{"content":"x"}}]}`, `{"error":{"message":"overloaded","code":503}}`), ServerError, time.Second},
		{"a rate limit in the stream", streamed(`{"error":{"message":"too fast","type":"rate_limit_error"}}`), RateLimit, time.Second},
		{"an error of an odd shape", streamed(`{"error":"it broke"}`, `[DONE]`), ServerError, time.Second},
		{"an error beside choices", streamed(`{"id":"x","choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"gone"}}`), ServerError, time.Second},
		{"an error as whole JSON", status(200, `{"error":{"message":"no","code":500}}`, "Content-Type", "application/json"), ServerError, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d diary
			s := play(t, test.bad, say("fine"))
			c := s.client()
			c.now = func() time.Time { return time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC) }
			got, err := c.Chat(context.Background(), hello, d.observer())
			if err != nil || got.Message.Content != "fine" || got.Attempts != 2 {
				t.Fatalf("%+v, %v", got, err)
			}
			if begun := d.first > 0 && strings.Contains(test.name, "in the answer") || strings.HasPrefix(test.name, "the answer") || test.name == "an error in the stream"; begun != got.Usage.Estimated || begun != (*got.Usage.InputTokens > 7) || begun != (*got.Usage.OutputTokens > 3) {
				t.Errorf("usage %s: what a failed try said is counted too, and by us", show(got.Usage))
			}
			if d.classes() != test.class || d.waits[0] != test.wait || d.first != 1 {
				t.Errorf("class %q wait %v first %d, want %q %v 1; %v", d.classes(), d.waits, d.first, test.class, test.wait, d.errs)
			}
		})
	}
}

func TestReset(t *testing.T) {
	s := play(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.(*net.TCPConn).SetLinger(0) // so that closing resets
		conn.Close()
	}, say("fine"))
	var d diary
	if _, err := s.client().Chat(context.Background(), hello, d.observer()); err != nil || d.classes() != Connection {
		t.Fatalf("%q, %v", d.classes(), err)
	}
}

func TestRejected(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		class  string
		text   string
	}{
		{"400", status(400, `{"error":{"message":"this model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}`), ContextOverflow, "400 Bad Request: this model's maximum context length is 8192 tokens (context_length_exceeded)"},
		{"401", status(401, `{"error":{"message":"bad key"}}`), Rejected, "401 Unauthorized: bad key"},
		{"404 without JSON", status(404, "<html>\n  nothing   here</html>"), Rejected, "404 Not Found: <html> nothing here</html>"},
		{"403 of a proxy", status(403, "<!DOCTYPE html>\n<html><head><meta charset=x><title>Access&nbsp;denied\n | gate</title></head><body>long</body></html>"), Rejected, "403 Forbidden: a web page, Access denied | gate"},
		{"400 of a filter", status(400, `{"error":{"message":"The response was filtered","code":"content_filter"}}`), ContentFilter, "filtered"},
		{"503 that no other try mends", status(503, `closed`, "X-Should-Retry", "false"), ServerError, "closed"},
		{"an answer that a filter held back", streamed(`{"choices":[{"delta":{},"finish_reason":"content_filter"}]}`, `[DONE]`), ContentFilter, "content filter"},
		{"a web page under another name", status(200, `  <html>`, "Content-Type", "text/event-stream"), Rejected, "web page"},
		{"404 with a detail", status(404, `{"detail":"Not Found"}`), Rejected, "404 Not Found: Not Found"},
		{"422 with a list", status(422, `{"detail":[{"loc":["body"],"msg":"x"}]}`), Rejected, `422 Unprocessable Entity: {"detail":[{"loc":["body"],"msg":"x"}]}`},
		{"501", status(501, ``), Rejected, "501 Not Implemented"},
		{"quota", status(429, `{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}`), Rejected, "429 Too Many Requests: You exceeded your current quota (insufficient_quota)"},
		{"a redirect", status(307, ``, "Location", "https://elsewhere.example/v1"), Rejected, `the endpoint redirects to "https://elsewhere.example/v1"`},
		{"a web page", status(200, `<html>`, "Content-Type", "text/html"), Rejected, "web page"},
		{"context length in the stream", streamed(`{"error":{"message":"the context length is exceeded"}}`), ContextOverflow, "the context length is exceeded"},
		{"an answer without end", func(w http.ResponseWriter, r *http.Request) {
			chunk := []byte("data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("x", 1<<20) + "\"}}]}\n\n")
			for {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, Rejected, "the answer is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d diary
			s := play(t, test.answer)
			c := s.client()
			c.limit = 4 << 20
			got, err := c.Chat(context.Background(), hello, d.observer())
			var e *Error
			if IsContextOverflow(err) != (test.class == ContextOverflow) {
				t.Errorf("context overflow or not: %v", err)
			}
			if !errors.As(err, &e) || e.Class != test.class || !strings.Contains(e.Error(), test.text) || !strings.HasPrefix(e.Error(), s.URL) {
				t.Errorf("error %v", err)
			}
			if s.requests() != 1 || d.classes() != "" || got.Attempts != 1 {
				t.Errorf("%d requests, retries %q, attempts %d", s.requests(), d.classes(), got.Attempts)
			}
		})
	}
}

// TestNeverSent: what cannot be sent is not tried again.
func TestNeverSent(t *testing.T) {
	s := play(t, say("x"))
	var d diary
	for _, req := range []Request{
		{Model: "m", Temperature: ptr(math.NaN())},
		{Model: "m", Tools: []Tool{{Name: "f", Parameters: json.RawMessage(`{`)}}},
	} {
		var e *Error
		if _, err := s.client().Chat(context.Background(), req, d.observer()); !errors.As(err, &e) || e.Class != Rejected {
			t.Errorf("%+v: %v", req, err)
		}
	}
	if s.requests() != 0 || d.classes() != "" {
		t.Errorf("%d requests, retries %q", s.requests(), d.classes())
	}
}

// TestWrongScheme: neither a certificate nobody knows nor the wrong scheme gets
// better with time.
func TestWrongScheme(t *testing.T) {
	secure := httptest.NewTLSServer(say("x"))
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	plain := play(t, say("x"))
	for _, url := range []string{secure.URL, strings.Replace(plain.URL, "http:", "https:", 1)} {
		var d diary
		var e *Error
		_, err := caller(t, at(url), Config{}).Chat(context.Background(), hello, d.observer())
		if !errors.As(err, &e) || e.Class != Rejected || d.classes() != "" {
			t.Errorf("%s: %v, retries %q", url, err, d.classes())
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	var d diary
	s := play(t, hangUp("data: {\"choices\":[{\"delta\":{\"content\":\"0123456789\"}}]}\n\n"))
	got, err := s.client().Chat(context.Background(), hello, d.observer())
	var e *Error
	if !errors.As(err, &e) || e.Class != Truncated || got.Attempts != 6 || s.requests() != 6 || len(d.retries) != 5 {
		t.Fatalf("%v, %+v, %d requests", err, got, s.requests())
	}
	if got.Message.Content != "0123456789" || !got.Usage.Estimated || *got.Usage.OutputTokens != 6*4 {
		t.Errorf("what had come is lost: %s", show(got))
	}
	if d.first != 1 {
		t.Errorf("first token told %d times", d.first)
	}

	s = play(t, status(429, ``, "Retry-After", "3600"))
	_, err = s.client().Chat(context.Background(), hello, Observer{})
	if err == nil || !strings.Contains(err.Error(), "asks to wait 1h0m0s") || s.requests() != 1 {
		t.Errorf("%v after %d requests", err, s.requests())
	}
}

func TestNobodyListens(t *testing.T) {
	s := play(t, say("x"))
	c := s.client()
	s.Close()
	var d diary
	got, err := c.Chat(context.Background(), hello, d.observer())
	var e *Error
	if !errors.As(err, &e) || e.Class != Connection || got.Attempts != 3 || !strings.Contains(e.Error(), "connection refused") || e.Hint() == "" {
		t.Fatalf("%v, attempts %d", err, got.Attempts)
	}
	if got.Usage.InputTokens != nil || got.Usage.OutputTokens != nil {
		t.Errorf("tokens of a call that never happened: %s", show(got.Usage))
	}
	if d.classes() != "connection connection" {
		t.Errorf("%q", d.classes())
	}
}

func TestSilence(t *testing.T) {
	release := make(chan struct{})
	s := play(t, func(w http.ResponseWriter, r *http.Request) { <-release }, say("fine"))
	defer close(release)
	var d diary
	c := caller(t, at(s.URL+"/v1"), Config{IdleTimeout: 200 * time.Millisecond})
	got, err := c.Chat(context.Background(), hello, d.observer())
	if err != nil || got.Message.Content != "fine" || !strings.HasPrefix(d.classes(), Timeout) {
		t.Fatalf("%+v, %v, %q %v", got, err, d.classes(), d.errs)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	defer close(release)
	s := play(t, func(w http.ResponseWriter, r *http.Request) {
		streamed(`{"choices":[{"delta":{"content":"half an"}}]}`)(w, r)
		<-release
	})
	got, err := s.client().Chat(ctx, hello, Observer{FirstToken: cancel})
	if !errors.Is(err, context.Canceled) || got.Message.Content != "half an" || s.requests() != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.Usage.Estimated || *got.Usage.OutputTokens != 2 {
		t.Errorf("usage %s", show(got.Usage))
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := play(t, status(429, ``, "Retry-After", "200"))
	c := caller(t, at(s.URL+"/v1"), Config{Retry: Retry{Sleep: Retry{}.sleep}}) // real time
	_, err := c.Chat(ctx, hello, Observer{Retry: func(string, time.Duration, error) { cancel() }})
	if !errors.Is(err, context.Canceled) || s.requests() != 1 {
		t.Fatalf("%v after %d requests", err, s.requests())
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	release := make(chan struct{})
	defer close(release)
	s := play(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	if _, err := s.client().Chat(ctx, hello, Observer{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestBackoff(t *testing.T) {
	for failed, want := range map[int]time.Duration{1: time.Second / 2, 2: time.Second, 3: 2 * time.Second, 7: 30 * time.Second, 1000: 30 * time.Second} {
		for range 100 {
			if d := Backoff(failed); d < want*3/4 || d > want*5/4 {
				t.Fatalf("after %d: %v, want about %v", failed, d, want)
			}
		}
	}
}

package llm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// canned answers every request with the same bytes.
type canned struct{ kind, body string }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

// FuzzBody: whatever a server sends, in whatever protocol, a call ends with an
// answer or an *Error, and an answer has its tokens.
func FuzzBody(f *testing.F) {
	f.Add("data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", false)
	f.Add("data: {\"error\":\"x\"}\n\n", false)
	f.Add("data: {\"error\":{\"message\":[\"a\"]}}\n\ndata: [DONE]\n", false)
	f.Add("event: error\ndata:\n\n: comment\r\ndata: {}\ndata: [DONE]", false)
	f.Add(`{"choices":[{"message":{"content":"x"}}]}`, true)
	f.Add(`{"error":null,"choices":null}`, true)
	f.Add("data: {\"type\":\"content_block_start\",\"index\":-1,\"content_block\":{\"type\":\"tool_use\",\"input\":[]}}\n\ndata: {\"type\":\"message_stop\"}\n\n", false)
	f.Add("data: {\"candidates\":[{\"content\":{\"parts\":[{},{\"functionCall\":{}},{\"thoughtSignature\":\"x\"}]},\"finishReason\":\"STOP\"}]}\n\n", false)
	f.Fuzz(func(t *testing.T, body string, whole bool) {
		kind := "text/event-stream"
		if whole {
			kind = "application/json"
		}
		for protocol, dialect := range dialects {
			c := caller(t, Endpoint{Protocol: protocol, BaseURL: "http://h/v1"}, Config{Transport: canned{kind, body}, Retry: Retry{MaxTries: 1}})
			got, err := c.Chat(context.Background(), hello, Observer{})
			var e *Error
			switch {
			case err != nil && (!errors.As(err, &e) || e.Class == "" || e.Text == ""):
				t.Errorf("%s %q: error %#v", protocol, body, err)
			case err == nil && (got.Usage.InputTokens == nil || got.Usage.OutputTokens == nil):
				t.Errorf("%s %q: usage %s", protocol, body, show(got.Usage))
			}
			again := hello
			again.Messages = append(again.Messages[:1:1], got.Message)
			if _, err := dialect.body(again, ""); err != nil {
				t.Errorf("%s %q: the answer cannot be sent back: %v", protocol, body, err)
			}
		}
	})
}

// FuzzRetryAfter: no header makes a wait negative or longer than a year.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"7", "-1", "1e300", "NaN", "Inf", "Sat, 01 Aug 2026 12:00:09 GMT", "Sat, 01 Aug 9999 12:00:09 GMT"} {
		f.Add(s)
	}
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		for _, key := range []string{"Retry-After", "Retry-After-Ms"} {
			h := http.Header{}
			h.Set(key, text)
			if d := retryAfter(h, now); d != nil && (*d < 0 || *d > 365*24*time.Hour) {
				t.Errorf("%s %q: %v", key, text, *d)
			}
		}
	})
}

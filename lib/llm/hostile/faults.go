package hostile

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Faults are all that can go wrong. Gemini gives no ids and no indexes, and
// Anthropic's indexes are its blocks', so that some faults are good manners
// there.
var Faults = []Fault{
	{Name: "rate-limit", Class: "rate_limit", play: func(w *reply) { w.fail(429, "rate_limit_error", "slow down") }},
	{Name: "rate-limit-date", Class: "rate_limit", play: func(w *reply) {
		w.fail(429, "rate_limit_error", "slow down", "Retry-After", time.Now().UTC().Format(http.TimeFormat))
	}},
	{Name: "server-error", Class: "server_error", play: func(w *reply) { w.fail(500, "api_error", "something broke") }},
	{Name: "unavailable", Class: "server_error", play: func(w *reply) { w.fail(503, "api_error", "come back", "Retry-After-Ms", "10") }},
	{Name: "overloaded", Class: "server_error", play: func(w *reply) { w.fail(529, "overloaded_error", "Overloaded") }},
	{Name: "gateway-page", Class: "server_error", play: func(w *reply) {
		w.soon()
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(502)
		io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>")
	}},
	{Name: "gateway-timeout", Class: "timeout", play: func(w *reply) { w.fail(504, "timeout_error", "too slow") }},
	{Name: "reset", Class: "connection", play: func(w *reply) { w.reset() }},
	{Name: "hang-up", Class: "connection", play: func(*reply) { panic(http.ErrAbortHandler) }},
	{Name: "reset-in-stream", Class: "connection", Begun: true, play: func(w *reply) {
		w.begin()
		w.reset()
	}},
	{Name: "hang-up-in-stream", Class: "truncated", Begun: true, play: func(w *reply) {
		w.begin()
		panic(http.ErrAbortHandler)
	}},
	{Name: "truncated", Class: "truncated", Begun: true, play: func(w *reply) { w.begin() }},
	{Name: "cut-in-a-chunk", Class: "truncated", Begun: true, play: func(w *reply) {
		w.begin()
		io.WriteString(w, `data: {"type":"content_bl`)
	}},
	{Name: "nothing", Class: "truncated", play: func(w *reply) {
		w.soon()
		w.stream()
	}},
	{Name: "garbage", Class: "server_error", Begun: true, play: func(w *reply) {
		w.begin()
		w.stream(`data: {"type":`)
	}},
	{Name: "error-in-stream", Class: "server_error", Begun: true, play: func(w *reply) {
		w.begin()
		w.stream("event: error\ndata: " + w.errorEvent(503, "overloaded_error", "Overloaded"))
	}},
	{Name: "empty", Class: "empty", play: func(w *reply) {
		w.soon()
		w.stream(w.text("")...)
	}},
	{Name: "silent", Class: "timeout", Slow: true, play: func(w *reply) { w.hang() }},
	{Name: "stalled", Class: "timeout", Begun: true, Slow: true, play: func(w *reply) {
		w.begin()
		w.hang()
	}},

	{Name: "overflow", Outcome: Fatal, Class: "context_overflow", play: func(w *reply) { w.fail(400, "invalid_request_error", w.tooLong()) }},
	{Name: "filtered", Outcome: Fatal, Class: "content_filter", play: func(w *reply) { w.stream(w.filtered()...) }},
	{Name: "bad-key", Outcome: Fatal, Class: "rejected", play: func(w *reply) { w.fail(401, "authentication_error", "who are you?") }},
	{Name: "web-page", Outcome: Fatal, Class: "rejected", play: func(w *reply) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><html><body>Welcome to the captive portal</body></html>")
	}},

	{Name: "keep-alive", Outcome: Answered, play: func(w *reply) {
		w.stream(strings.Repeat(": still here\n\n", 500))
		for _, f := range w.text(Answer) {
			w.stream(w.ping(), f)
		}
	}},
	{Name: "carriage-returns", Outcome: Answered, play: func(w *reply) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		io.WriteString(w, strings.ReplaceAll("\ufeff"+strings.Join(w.text(Answer), "\n\n")+"\n\n", "\n", "\r\n"))
	}},
	{Name: "not-streamed", Outcome: Answered, play: func(w *reply) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, w.whole(Answer))
	}},
	{Name: "gzip", Outcome: Answered, play: func(w *reply) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for _, f := range w.text(Answer) {
			io.WriteString(z, f+"\n\n")
			z.Flush()
		}
		z.Close()
	}},
	{Name: "no-usage", Outcome: Answered, play: func(w *reply) { w.stream(w.uncounted(Answer)...) }},

	{Name: "malformed-arguments", Outcome: Answered, Calls: 1, play: func(w *reply) { w.stream(w.calls(call{"calculator", `{"expression":`, 0, "a"})...) }},
	{Name: "unknown-tool", Outcome: Answered, Calls: 1, play: func(w *reply) { w.stream(w.calls(call{"teleport", `{"to":"the moon"}`, 0, "a"})...) }},
	{Name: "no-id", Outcome: Answered, Calls: 1, play: func(w *reply) { w.stream(w.calls(call{"calculator", `{"expression":"1+1"}`, 0, ""})...) }},
	{Name: "same-index", Outcome: Answered, Calls: 2, play: func(w *reply) {
		w.stream(w.calls(call{"calculator", `{"expression":"1+1"}`, 0, "a"}, call{"calculator", `{"expression":"2+2"}`, 0, "b"})...)
	}},
	{Name: "same-id", Outcome: Answered, Calls: 2, play: func(w *reply) {
		w.stream(w.calls(call{"calculator", `{"expression":"1+1"}`, 0, "a"}, call{"calculator", `{"expression":"2+2"}`, 1, "a"})...)
	}},
}

// call is a tool call that the model wants.
type call struct {
	tool, arguments string
	index           int
	id              string
}

// reset ends the connection so that the client sees a reset, not an end.
func (w *reply) reset() {
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		panic(fmt.Sprintf("hostile: %v", err))
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// hang waits until the client has lost its patience.
func (w *reply) hang() {
	http.NewResponseController(w.ResponseWriter).Flush()
	select {
	case <-w.r.Context().Done():
	case <-w.server.leave:
	}
}

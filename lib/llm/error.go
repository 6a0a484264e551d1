package llm

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"ipw/lib/stream"
)

// Classes of a failed try, as events and Error name them. Those of the second
// group are not tried again.
const (
	RateLimit   = "rate_limit"   // 429
	ServerError = "server_error" // 409, 5xx, an error in the stream
	Timeout     = "timeout"      // 408, 504, nothing came for too long
	Connection  = "connection"   // refused, reset, no answer
	Truncated   = "truncated"    // the stream ended before the answer did
	Empty       = "empty"        // a whole answer without a word or a call in it; the second one counts as the answer

	Rejected        = "rejected"         // the request itself is wrong: 400, 401, 404, …
	ContextOverflow = "context_overflow" // the request is longer than the model can read
	ContentFilter   = "content_filter"   // the provider refuses the request, or to say anything
)

// Error is a failed call. Its text holds no secret.
type Error struct {
	Class      string
	Status     int            // HTTP status, 0 if none came
	Text       string         // what went wrong, and what the server said
	RetryAfter *time.Duration // what the server asked to wait, nil for nothing

	refused bool // nobody listens at the address
	final   bool // the server says that it is no use to try again
	cause   error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.cause }

// Hint is what a user may look at next.
func (e *Error) Hint() string {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || strings.Contains(e.Text, "API_KEY_INVALID"):
		return "check the key in the environment"
	case e.Status == http.StatusNotFound:
		return "check --model and --base-url"
	case e.refused:
		return "check --base-url: is the server running?"
	}
	return ""
}

// maxServerText is how much of a server's own words an error carries.
const maxServerText = 2 << 10

// failedStatus makes the error of an HTTP status.
func failedStatus(status int, body []byte) *Error {
	said := serverText(body)
	e := &Error{Class: classOf(status, said), Status: status, RetryAfter: retryDelay(body)}
	e.Text = fmt.Sprintf("%d %s", status, http.StatusText(status))
	if said != "" {
		e.Text += ": " + said
	}
	return e
}

func classOf(status int, said string) string {
	switch {
	case status >= 400 && status < 500 && overflows(said):
		return ContextOverflow
	case strings.Contains(said, "(content_filter)"): // Azure
		return ContentFilter
	case strings.Contains(said, "insufficient_quota") || strings.Contains(said, "check your plan and billing") && !strings.Contains(said, "retry in"):
		return Rejected // waiting does not fill an account
	case status == http.StatusTooManyRequests:
		return RateLimit
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return Timeout
	case status == http.StatusConflict, status >= 500 && status != http.StatusNotImplemented:
		return ServerError
	}
	return Rejected
}

// failedStream makes the error of an error object within a stream of status
// 200: its code is a status, or a word.
func failedStream(raw []byte) *Error {
	var body struct {
		Code   json.RawMessage `json:"code"`
		Type   string          `json:"type"`
		Status json.RawMessage `json:"status"`
	}
	json.Unmarshal(raw, &body) // another shape leaves them empty
	said := serverText(raw)
	class := ServerError
	var code int
	words := strings.ToLower(string(body.Code) + " " + body.Type + " " + said)
	switch {
	case json.Unmarshal(body.Code, &code) == nil && code >= 400:
		class = classOf(code, said)
	case overflows(words):
		class = ContextOverflow
	case strings.Contains(words, "rate_limit"):
		class = RateLimit
	case slices.ContainsFunc(rejections, func(s string) bool { return strings.Contains(words, s) }):
		class = Rejected
	}
	return &Error{Class: class, Status: code, Text: "the server broke off with an error: " + said, RetryAfter: retryDelay(raw)}
}

// rejections are types of errors that another try does not mend.
var rejections = []string{"invalid_request", "authentication_error", "permission_error", "not_found_error", "billing_error", "request_too_large"}

// retryDelay finds how long Gemini asks to wait, which it says in the body.
func retryDelay(body []byte) *time.Duration {
	var o struct {
		Error   json.RawMessage `json:"error"`
		Details []struct {
			Delay string `json:"retryDelay"` // of a google.rpc.RetryInfo
		} `json:"details"`
	}
	if json.Unmarshal(body, &o) != nil {
		return nil
	}
	for _, d := range o.Details {
		if wait, err := time.ParseDuration(d.Delay); err == nil && wait >= 0 {
			return &wait
		}
	}
	if isSet(o.Error) {
		return retryDelay(o.Error)
	}
	return nil
}

// serverText finds the words in an error body, whatever its shape.
func serverText(body []byte) string {
	var o map[string]json.RawMessage
	if json.Unmarshal(body, &o) == nil {
		for _, key := range []string{"error", "message", "detail"} {
			var s string
			if json.Unmarshal(o[key], &s) == nil && s != "" {
				return stream.Clip(withCode(s, o["code"]), maxServerText)
			}
			if raw := o[key]; len(raw) > 0 && raw[0] == '{' {
				return serverText(raw)
			}
		}
	}
	if m := pageTitle.FindSubmatch(body); m != nil {
		body = []byte("a web page, " + html.UnescapeString(string(m[1])))
	}
	return stream.Clip(strings.Join(strings.Fields(string(body)), " "), maxServerText)
}

// pageTitle is what counts of the page that a proxy makes of an error.
var pageTitle = regexp.MustCompile(`(?is)^\s*<(?:!doctype|html|head).*?<title[^>]*>(.*?)</title>`)

// withCode appends an error's code word, if its text does not hold it.
func withCode(s string, raw json.RawMessage) string {
	var code string
	if json.Unmarshal(raw, &code) != nil || code == "" || strings.Contains(s, code) {
		return s
	}
	return s + " (" + code + ")"
}

// failedTransport makes the error of a connection. answered tells that the
// answer had begun.
func failedTransport(err error, answered bool) *Error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	e := &Error{Class: Connection, cause: err, Text: reason(err)}
	switch {
	case errors.Is(err, errIdle):
		e.Class, e.Text = Timeout, errIdle.Error()
	case errors.Is(err, errTooLong), errors.Is(err, errRedirect), errors.Is(err, errNoChat):
		e.Class, e.Text = Rejected, err.Error()
	case errors.As(err, &certificate), errors.As(err, &dns) && dns.IsNotFound, strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e.Class = Rejected
	case errors.Is(err, syscall.ECONNREFUSED):
		e.refused = true
	case errors.Is(err, io.ErrUnexpectedEOF) && answered:
		e.Class, e.Text = Truncated, errTruncated.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Text = "the server closed the connection without an answer"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Class = Timeout
	}
	return e
}

// reason is the innermost words of a transport error, without the URL, which
// the caller names.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Error()
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

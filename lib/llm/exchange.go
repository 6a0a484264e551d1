package llm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxAnswer    = 64 << 20 // bytes of one answer
	maxErrorBody = 64 << 10
	maxTail      = 8 << 10 // kept of the end of a stream
)

var (
	errIdle     = errors.New("the server sent nothing for too long")
	errTooLong  = errors.New("the answer is too long to be one")
	errRedirect = errors.New("the endpoint redirects")
	errNoChat   = errors.New("the endpoint answers with a web page, not with a completion")
)

// exchange is the HTTP side of one try: it mends the request that go-openai
// makes and sees of the answer what go-openai does not pass on.
type exchange struct {
	client *OpenAI
	req    Request
	idle   *time.Timer // ends the try when it fires

	sent   bool
	status int // 0: no answer yet
	header http.Header
	failed []byte // the body of a status of 400 and more
	body   io.ReadCloser
	read   int64
	tail   []byte // the last bytes read
}

func newExchange(c *OpenAI, req Request, cancel context.CancelCauseFunc) *exchange {
	return &exchange{client: c, req: req, idle: time.AfterFunc(c.idle, func() { cancel(errIdle) })}
}

// Do sends a request for go-openai.
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	if err := x.complete(r); err != nil {
		return nil, err
	}
	if u := x.client.endpoint.user; u != nil {
		password, _ := u.Password()
		r.SetBasicAuth(u.Username(), password)
	}
	x.sent = true
	resp, err := x.client.http.Do(r)
	if err != nil {
		return nil, err
	}
	x.status, x.header, x.body = resp.StatusCode, resp.Header, resp.Body
	resp.Body = x
	return resp, x.look(resp)
}

// complete mends the body of a request that has one.
func (x *exchange) complete(r *http.Request) error {
	if r.Body == nil || r.Method != http.MethodPost {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if body, err = complete(body, x.req, x.client.endpoint.Provider); err != nil {
		return err
	}
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, err = r.GetBody()
	return err
}

// look decides what an answer is by its head.
func (x *exchange) look(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode >= 400:
		x.failed, _ = io.ReadAll(io.LimitReader(x.body, maxErrorBody))
		resp.Body = readCloser{bytes.NewReader(x.failed), x.body}
	case resp.StatusCode >= 300:
		x.body.Close()
		return fmt.Errorf("%w to %q", errRedirect, resp.Header.Get("Location"))
	case kind == "text/html":
		x.body.Close()
		return errNoChat
	case kind == "application/json" && resp.Request.Method == http.MethodPost:
		return x.whole(resp)
	}
	return nil
}

// whole turns the answer of a server that does not stream into a stream. What
// is a stream under the wrong name stays one.
func (x *exchange) whole(resp *http.Response) error {
	br := bufio.NewReader(x)
	resp.Body = readCloser{br, x.body}
	if first, _ := br.Peek(1); len(first) == 0 || first[0] != '{' {
		return nil
	}
	body, err := io.ReadAll(br)
	if err != nil {
		x.body.Close()
		return err
	}
	x.tail = asStream(body)
	resp.Body = readCloser{bytes.NewReader(x.tail), x.body}
	return nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// asStream makes a stream of one chunk of a whole answer.
func asStream(whole []byte) []byte {
	line := bytes.ReplaceAll(whole, []byte("\n"), nil) // JSON holds none that matters
	return slices.Concat([]byte("data: "), line, []byte("\n\ndata: [DONE]\n\n"))
}

// Read passes the body on. Whatever comes winds the idle timer up again.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.body.Read(p)
	x.idle.Reset(x.client.idle)
	x.tail = append(x.tail, p[:n]...)
	if len(x.tail) > 2*maxTail {
		x.tail = append(x.tail[:0], x.tail[len(x.tail)-maxTail:]...)
	}
	if x.read += int64(n); x.read > x.client.limit {
		return 0, errTooLong
	}
	return n, err
}

// Close closes the body.
func (x *exchange) Close() error { return x.body.Close() }

var done = regexp.MustCompile(`(?m)^data:\s*\[DONE\]\s*$`)

// sawDone tells whether the stream came to its own end.
func (x *exchange) sawDone() bool { return done.Match(x.tail) }

// lastError returns the last error object of the stream, nil for none.
func (x *exchange) lastError() []byte {
	lines := bytes.Split(x.tail, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		data, isData := strings.CutPrefix(string(bytes.TrimSpace(lines[i])), "data:")
		var o map[string]json.RawMessage
		if isData && json.Unmarshal([]byte(data), &o) == nil && isSet(o["error"]) {
			return o["error"]
		}
	}
	return nil
}

func isSet(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// failure makes the error of a try.
func (x *exchange) failure(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
	case !x.sent: // go-openai would not, or the request cannot be written
		e = &Error{Class: Rejected, Text: err.Error(), cause: err}
	case errors.Is(err, errIdle):
		e = failedTransport(err, true)
	case x.status >= 400:
		e = failedStatus(x.status, x.failed)
	case errors.Is(err, errTruncated):
		e = &Error{Class: Truncated, Text: err.Error(), cause: err}
	case errors.Is(err, errGarbage), errors.Is(err, errEmpty):
		e = &Error{Class: ServerError, Text: err.Error(), cause: err}
	default:
		e = failedTransport(err, x.status != 0)
	}
	if x.header != nil {
		e.RetryAfter = retryAfter(x.header, x.client.now())
	}
	return e
}

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
	"time"
)

const (
	maxAnswer    = 64 << 20 // bytes of one answer
	maxErrorBody = 64 << 10
	lingering    = time.Second // how long the end of a connection's answer is waited for, to use it again
)

var (
	errIdle      = errors.New("the server sent nothing for too long")
	errTooLong   = errors.New("the answer is too long to be one")
	errRedirect  = errors.New("the endpoint redirects")
	errNoChat    = errors.New("the endpoint answers with a web page, not with a completion")
	errTruncated = errors.New("the stream ended before the answer did")
	errGarbage   = errors.New("the server sent something in the stream that is not JSON")
	errNoAnswer  = errors.New("the server sent an answer with nothing of one in it")
)

// exchange is the HTTP side of one try.
type exchange struct {
	client *Caller
	idle   *time.Timer // ends the try when it fires
	cancel context.CancelCauseFunc

	header http.Header // nil: no answer yet
	body   io.ReadCloser
	read   int64
}

// try makes one try. nil: the answer is whole.
func (c *Caller) try(ctx context.Context, req Request, body []byte, first func()) (Response, *Error) {
	a := newAnswer(req, first)
	if c.count != nil {
		a.count = c.count
	}
	e := c.exchange(ctx, http.MethodPost, c.dialect.path(req.Model), body, func(x *exchange, r io.Reader) error {
		return x.receive(r, c.dialect.reader(a), a)
	})
	if e == nil {
		e = a.lacking()
	}
	resp := a.response(e == nil || e.Class == Empty)
	if resp.Usage.QueueS == nil {
		resp.Usage.QueueS = a.queue
	}
	return resp, e
}

// exchange sends a request and hands the answer's body, if it is one, over.
func (c *Caller) exchange(ctx context.Context, method, path string, body []byte, receive func(*exchange, io.Reader) error) *Error {
	ctx, cancel := context.WithCancelCause(ctx)
	x := &exchange{client: c, cancel: cancel}
	x.idle = time.AfterFunc(c.idle, func() { cancel(errIdle) })
	err := x.send(ctx, method, path, body)
	if err == nil {
		err = receive(x, x)
	}
	x.close(err)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errIdle) {
		err = errIdle
	}
	return x.failure(err)
}

func (x *exchange) send(ctx context.Context, method, path string, body []byte) error {
	c := x.client
	r, err := http.NewRequestWithContext(ctx, method, c.endpoint.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return &Error{Class: Rejected, Text: err.Error(), cause: err}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "ipw")
	if u := c.endpoint.user; u != nil {
		password, _ := u.Password()
		r.SetBasicAuth(u.Username(), password)
	} else {
		c.dialect.sign(r.Header, string(c.endpoint.Key))
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	x.header, x.body = resp.Header, resp.Body
	switch {
	case resp.StatusCode >= 400:
		said, _ := io.ReadAll(io.LimitReader(x, maxErrorBody))
		return failedStatus(resp.StatusCode, said)
	case resp.StatusCode >= 300:
		return fmt.Errorf("%w to %q", errRedirect, resp.Header.Get("Location"))
	}
	return nil
}

// Read passes the body on. Whatever comes winds the idle timer up again.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.body.Read(p)
	x.idle.Reset(x.client.idle)
	if x.read += int64(n); x.read > x.client.limit {
		return 0, errTooLong
	}
	return n, err
}

// close ends the exchange. After a good answer the connection is kept for the
// next call: what may still come, the end of the body, is waited for aside.
func (x *exchange) close(err error) {
	switch {
	case x.body == nil:
		x.idle.Stop()
		x.cancel(nil)
	case err != nil:
		x.idle.Stop()
		x.cancel(nil)
		x.body.Close()
	default:
		x.idle.Reset(lingering)
		go func() {
			io.Copy(io.Discard, io.LimitReader(x.body, maxErrorBody))
			x.idle.Stop()
			x.cancel(nil)
			x.body.Close()
		}()
	}
}

// receive reads events until the answer is whole. A server that does not stream
// sends one.
func (x *exchange) receive(r io.Reader, reader reader, a *answer) error {
	if ms := queueTime(x.header); ms != nil {
		a.queue = ms
	}
	br := bufio.NewReader(r)
	kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type"))
	start, err := firstByte(br)
	next := (&events{lines: br}).next
	switch {
	case err != nil:
		return err
	case start == '<' || kind == "text/html":
		return errNoChat
	case start == '{' || start == '[':
		next = values(br)
	}
	for {
		data, err := next()
		switch {
		case err != nil && a.finish != "": // only the usage may be missing
			return nil
		case err == io.EOF && a.done, err == nil && isDone(data):
			return a.over()
		case err == io.EOF:
			return errTruncated
		case err != nil:
			return err
		}
		if err := reader.event(data); err != nil {
			return err
		}
		if a.done {
			return a.over()
		}
	}
}

// firstByte looks at the first byte that is no white space, behind a byte order
// mark.
func firstByte(br *bufio.Reader) (byte, error) {
	if mark, _ := br.Peek(3); string(mark) == "\ufeff" {
		br.Discard(3)
	}
	for {
		b, err := br.ReadByte()
		switch {
		case err == io.EOF:
			return 0, errTruncated
		case err != nil:
			return 0, err
		case b != ' ' && b != '\n' && b != '\r' && b != '\t':
			return b, br.UnreadByte()
		}
	}
}

// values reads an answer that is JSON, one value or several, or a list of them.
func values(br *bufio.Reader) func() ([]byte, error) {
	d := json.NewDecoder(br)
	var list []json.RawMessage
	read := false
	return func() ([]byte, error) {
		for len(list) == 0 {
			var v json.RawMessage
			if err := d.Decode(&v); err == io.EOF && read {
				return []byte("[DONE]"), nil // whole as it is
			} else if err != nil {
				return nil, notJSON(err)
			}
			read = true
			if v[0] != '[' {
				return v, nil
			}
			if err := json.Unmarshal(v, &list); err != nil {
				return nil, errGarbage
			}
		}
		v := list[0]
		list = list[1:]
		return v, nil
	}
}

// notJSON tells what is no JSON from what could not be read.
func notJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return errGarbage
	}
	return err
}

// failure makes the error of a try.
func (x *exchange) failure(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, errTruncated):
		e = &Error{Class: Truncated, Text: err.Error(), cause: err}
	case errors.Is(err, errGarbage), errors.Is(err, errNoAnswer):
		e = &Error{Class: ServerError, Text: err.Error(), cause: err}
	default:
		e = failedTransport(err, x.header != nil)
	}
	if x.header == nil {
		return e
	}
	if wait := retryAfter(x.header, x.client.now()); wait != nil {
		e.RetryAfter = wait
	}
	e.final = x.header.Get("X-Should-Retry") == "false" // OpenAI and Anthropic know when it is no use
	return e
}

// Models lists what the endpoint serves, in one try: a way to see before a run
// that it is there and takes the key. Not every server can tell.
func (c *Caller) Models(ctx context.Context) ([]string, error) {
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
		Models []struct {
			Name string `json:"name"`
		} `json:"models"` // Gemini's
	}
	e := c.exchange(ctx, http.MethodGet, "/models", nil, func(_ *exchange, r io.Reader) error {
		return json.NewDecoder(r).Decode(&list)
	})
	if e != nil {
		e.Text = c.redact(c.endpoint.BaseURL + ": " + e.Text)
		return nil, e
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	for _, m := range list.Models {
		if len(list.Data) == 0 { // llama.cpp lists them twice
			names = append(names, trimModel(m.Name))
		}
	}
	return names, nil
}

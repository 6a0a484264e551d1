package mcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/mark3labs/mcp-go/client/transport"
)

// site is a server over HTTP.
type site struct {
	http *http.Transport
	io   transport.Interface
}

func newSite(s Server) (*site, error) {
	u, err := parseURL(s.URL)
	if err != nil {
		return nil, err
	}
	w := &site{http: http.DefaultTransport.(*http.Transport).Clone()}
	client := &http.Client{Transport: headed{w.http, u.Host, s.Headers}}
	quiet := slog.New(slog.DiscardHandler)
	if s.SSE {
		w.io, err = transport.NewSSE(s.URL, transport.WithHTTPClient(client), transport.WithSSELogger(quiet))
	} else {
		w.io, err = transport.NewStreamableHTTP(s.URL, transport.WithHTTPBasicClient(client), transport.WithHTTPLogger(quiet))
	}
	return w, err
}

func (w *site) transport() transport.Interface { return w.io }
func (w *site) alive() bool                    { return true } // each request finds out for itself

// obituary leaves out the URL, which may hold a password.
func (w *site) obituary(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (w *site) kill(error) {}

func (w *site) close() error {
	w.http.CloseIdleConnections()
	return nil
}

// headed adds the server's own headers to each request, also to those that
// close a session, but not to one that was sent elsewhere; and it bounds what
// is read of an answer.
type headed struct {
	http.RoundTripper
	host    string
	headers map[string]string
}

func (h headed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == h.host && len(h.headers) > 0 {
		r = r.Clone(r.Context())
		for k, v := range h.headers {
			r.Header.Set(k, v)
		}
	}
	resp, err := h.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	events := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	resp.Body = &bounded{ReadCloser: resp.Body, events: events}
	return resp, nil
}

// bounded is a body of maxMessage bytes at most, or of events of that size.
type bounded struct {
	io.ReadCloser
	events bool
	n      int
	last   byte // of what was read, without CR
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += n
	if b.events {
		for _, c := range bytes.ReplaceAll(p[:n], []byte("\r"), nil) {
			if c == '\n' && b.last == '\n' {
				b.n = 0
			}
			b.last = c
		}
	}
	if b.n > maxMessage {
		return 0, fmt.Errorf("it sent a message of more than %d bytes", maxMessage)
	}
	return n, err
}

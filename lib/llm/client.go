package llm

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config is how a Caller behaves. The zero value is the default.
type Config struct {
	Retry       Retry
	IdleTimeout time.Duration     // a try during which nothing comes for so long has failed; 0 for 10 minutes
	Transport   http.RoundTripper // nil: one of its own

	// Count counts the tokens of a text for a server that does not; nil for
	// CountTokens. Package tokenizer has a better one.
	Count func(text string) int64
}

// defaultIdle is long: on a CPU, reading a long prompt takes minutes in which
// nothing comes.
const defaultIdle = 10 * time.Minute

// idleConns are kept for further calls: one for each query that can run at
// once.
const idleConns = 1024

// Caller is the Client of an endpoint: streamed, with native tool calls and
// usage. It may be used by several goroutines at once.
type Caller struct {
	endpoint Endpoint
	dialect  dialect
	retry    Retry
	idle     time.Duration
	limit    int64 // bytes of one answer
	http     *http.Client
	secrets  []string
	count    counter // nil: CountTokens
	now      func() time.Time
	local    func() bool
}

// New makes the client of an endpoint.
func New(e Endpoint, cfg Config) (*Caller, error) {
	u, err := url.Parse(e.BaseURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the endpoint of provider %q has no address", e.Provider)
	}
	if u.User != nil {
		e.user, u.User = u.User, nil
		e.BaseURL = u.String()
	}
	c := &Caller{endpoint: e, dialect: dialects[e.Protocol], retry: cfg.Retry, idle: cfg.IdleTimeout, limit: maxAnswer, count: cfg.Count,
		now: time.Now, local: sync.OnceValue(e.Local)}
	if c.dialect == nil {
		return nil, fmt.Errorf("unknown protocol %q", e.Protocol)
	}
	if c.idle <= 0 {
		c.idle = defaultIdle
	}
	c.secrets = secretsOf(e)
	c.http = &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a POST that is redirected loses its body
	}}
	if cfg.Transport == nil {
		c.http.Transport = transport()
	}
	return c, nil
}

// transport keeps as many connections as calls are in flight. What the standard
// one bounds stays bounded: 30 s to connect, 10 s for TLS.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.MaxConnsPerHost = 0, idleConns, 0
	return t
}

// Endpoint returns the base URL, without user name and password.
func (c *Caller) Endpoint() string { return c.endpoint.BaseURL }

// Provider returns who answers.
func (c *Caller) Provider() string { return c.endpoint.Provider }

// Local tells whether the endpoint runs on this host.
func (c *Caller) Local() bool { return c.local() }

// Chat makes one call and as many tries as it takes. The first token is told
// once, of whichever try it comes from; the usage is of all tries. An error is
// an *Error, or the context's; the Response then holds what the last try gave
// before it.
func (c *Caller) Chat(ctx context.Context, req Request, obs Observer) (Response, error) {
	body, err := c.dialect.body(req, c.endpoint.Provider)
	if err != nil {
		return Response{}, &Error{Class: Rejected, Text: err.Error(), cause: err}
	}
	first := func() {}
	if obs.FirstToken != nil {
		first = sync.OnceFunc(obs.FirstToken)
	}
	var used Usage
	for failed := 0; ; {
		resp, e := c.try(ctx, req, body, first)
		failed++
		used.add(resp.Usage)
		resp.Attempts, resp.Usage = failed, used
		if err := ctx.Err(); err != nil && e != nil {
			return resp, err
		}
		if e == nil {
			return resp, nil
		}
		e.Text = c.redact(c.endpoint.BaseURL + ": " + e.Text)
		wait, again := c.retry.after(e, failed)
		switch {
		case !again && e.Class == Empty: // as often as one asks: then it is the answer
			return resp, nil
		case !again && wait > 0:
			e.Text += "; the server asks to wait " + wait.Round(time.Second).String() + ", which is too long"
		}
		if !again {
			return resp, e
		}
		if obs.Retry != nil {
			obs.Retry(e.Class, wait, e)
		}
		if err := c.retry.sleep(ctx, wait); err != nil {
			return resp, err
		}
	}
}

// secretsOf lists what must not stand in an error text.
func secretsOf(e Endpoint) []string {
	secrets := []string{string(e.Key)}
	if e.user != nil {
		password, _ := e.user.Password()
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(e.user.Username()+":"+password)), password, e.user.Username())
	}
	return secrets
}

// redact takes the secrets out of a text that a server or library wrote.
func (c *Caller) redact(text string) string {
	for _, s := range c.secrets {
		if len(s) >= 4 { // less is no secret, and stands in many words
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	return text
}

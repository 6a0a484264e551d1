package llm

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// OpenAIConfig is how to reach an endpoint that speaks chat completions as
// OpenAI does.
type OpenAIConfig struct {
	Endpoint
	Retry       Retry
	IdleTimeout time.Duration     // a try during which nothing comes for so long has failed; 0 for 10 minutes
	Transport   http.RoundTripper // nil: one of its own
}

// defaultIdle is long: on a CPU, reading a long prompt takes minutes in which
// nothing comes.
const defaultIdle = 10 * time.Minute

// OpenAI is a client for chat completions: streamed, with native tool calls and
// usage. It may be used by several goroutines at once.
type OpenAI struct {
	endpoint Endpoint
	retry    Retry
	idle     time.Duration
	limit    int64 // bytes of one answer
	http     *http.Client
	secrets  []string
	local    func() bool
	now      func() time.Time
}

// NewOpenAI makes a client.
func NewOpenAI(cfg OpenAIConfig) *OpenAI {
	c := &OpenAI{endpoint: cfg.Endpoint, retry: cfg.Retry, idle: cfg.IdleTimeout, limit: maxAnswer, now: time.Now}
	if c.idle <= 0 {
		c.idle = defaultIdle
	}
	host := ""
	if u, err := url.Parse(cfg.BaseURL); err == nil {
		if u.User != nil {
			c.endpoint.user, u.User = u.User, nil
			c.endpoint.BaseURL = u.String()
		}
		host = u.Hostname()
	}
	c.local = sync.OnceValue(func() bool { return isLocal(host) })
	c.secrets = secretsOf(c.endpoint)
	transport := cfg.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 64 // one for each query that runs at once
		transport = t
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a POST that is redirected loses its body
	}}
	return c
}

// Endpoint returns the base URL, without user name and password.
func (c *OpenAI) Endpoint() string { return c.endpoint.BaseURL }

// Provider returns who answers.
func (c *OpenAI) Provider() string { return c.endpoint.Provider }

// Local tells whether the endpoint runs on this host: at a loopback address, or
// at one of its own.
func (c *OpenAI) Local() bool { return c.local() }

// Chat makes one call and as many tries as it takes. The first token is told
// once, of whichever try it comes from. An error is an *Error, or the
// context's; the Response then holds what the last try gave before it.
func (c *OpenAI) Chat(ctx context.Context, req Request, obs Observer) (Response, error) {
	var once sync.Once
	first := func() {
		if obs.FirstToken != nil {
			once.Do(obs.FirstToken)
		}
	}
	for failed := 0; ; {
		resp, e := c.try(ctx, req, first)
		failed++
		resp.Attempts = failed
		if err := ctx.Err(); err != nil && e != nil {
			return resp, err
		}
		if e == nil {
			return resp, nil
		}
		e.Text = c.redact(c.endpoint.BaseURL + ": " + e.Text)
		wait, again := c.retry.after(e, failed)
		if !again {
			if wait > 0 {
				e.Text += "; the server asks to wait " + wait.Round(time.Second).String() + ", which is too long"
			}
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
func (c *OpenAI) redact(text string) string {
	for _, s := range c.secrets {
		if len(s) >= 4 { // less is no secret, and stands in many words
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	return text
}

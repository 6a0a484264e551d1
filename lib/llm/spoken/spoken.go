// Package spoken lets a model call tools in plain text, for models and servers
// that know no tool calling.
//
//	client = spoken.New(client)                        // always
//	client = spoken.Auto(client, func(why error) { … }) // once the endpoint refuses tools
//
// The tools are described in the system prompt, and the model is told to write
//
//	<tool_call>
//	{"name": "calculator", "arguments": {"expression": "6*7"}}
//	</tool_call>
//
// the form that Hermes and Qwen models were trained on, and that others follow
// when they are shown it. Results come back as
//
//	<tool_response name="calculator">
//	42
//	</tool_response>
//
// in a user message. Whoever calls the client sees none of this: messages have
// their tool calls and results as ever. What models make of the form is read
// with patience, see hear.
package spoken

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"

	"ipw/lib/llm"
)

// Client is a model client whose tool calls go through the text.
type Client struct {
	llm.Client

	mu     sync.Mutex
	native bool        // the endpoint has not refused tools yet
	fallen func(error) // told of the first refusal
}

// New speaks from the first call on.
func New(c llm.Client) *Client { return &Client{Client: c} }

// Auto passes tools on to the endpoint until it refuses a request because of
// them, and speaks from then on. fallen is told why, once.
func Auto(c llm.Client, fallen func(why error)) *Client {
	return &Client{Client: c, native: true, fallen: fallen}
}

// Chat makes one call. A refused try is a retry without a wait.
func (c *Client) Chat(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
	if !c.isNative() {
		return c.speak(ctx, req, obs)
	}
	refused, err := c.Client.Chat(ctx, req, obs)
	if len(req.Tools) == 0 || !refusesTools(err) {
		return refused, err
	}
	c.fall(err)
	if obs.Retry != nil {
		obs.Retry(llm.Rejected, 0, err)
	}
	resp, err := c.speak(ctx, req, obs)
	resp.Attempts += refused.Attempts
	return resp, err
}

func (c *Client) speak(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
	resp, err := c.Client.Chat(ctx, request(req), obs)
	known := make(map[string]bool)
	for _, t := range req.Tools {
		known[t.Name] = true
	}
	resp.Message.Content, resp.Message.ToolCalls = hear(resp.Message.Content, known)
	if len(resp.Message.ToolCalls) > 0 {
		resp.FinishReason = "tool_calls"
	}
	return resp, err
}

func (c *Client) isNative() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.native
}

func (c *Client) fall(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.native && c.fallen != nil {
		c.fallen(why)
	}
	c.native = false
}

// aboutTools and refusing are what servers say of a request with tools when
// they, or the model, know none. Seen: "does not support tools" (Ollama),
// "\"auto\" tool choice requires --enable-auto-tool-choice" (vLLM), "tools param
// requires --jinja flag" (llama.cpp), "No endpoints found that support tool use"
// (OpenRouter), "Unsupported parameter: 'tools'" (OpenAI).
var (
	aboutTools = regexp.MustCompile(`(?i)\btools?\b|tool[_ -](use|call|choice)|function[_ -]call`)
	refusing   = regexp.MustCompile(`(?i)support|requires?\b|not available|not enabled|not permitted|not allowed|disabled|unknown|unrecognized|unexpected|extra (inputs|fields)`)
)

func refusesTools(err error) bool {
	var e *llm.Error
	if !errors.As(err, &e) || e.Status != 0 && e.Status < 400 || e.Status > http.StatusNotImplemented {
		return false
	}
	return aboutTools.MatchString(e.Text) && refusing.MatchString(e.Text)
}

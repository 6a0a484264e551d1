// Package llm is the model behind an agent: one chat call, streamed, with its
// usage, over whatever protocol the provider speaks.
//
// A Client makes one call at a time per goroutine and retries what is worth
// retrying; what happens on the way (first token, retries) is told to the
// call's Observer, so that the agent can write it into its event stream.
//
//	resp, err := client.Chat(ctx, llm.Request{Model: "m", Messages: msgs, Tools: tools}, obs)
package llm

import (
	"context"
	"encoding/json"
	"time"
)

// Roles of a Message.
const (
	System    = "system"
	User      = "user"
	Assistant = "assistant"
	ToolRole  = "tool"
)

// Message is one message of a conversation.
type Message struct {
	Role       string
	Content    string
	Reasoning  string     // of an assistant that thinks aloud
	ToolCalls  []ToolCall // of an assistant
	ToolCallID string     // of a tool's result
	Name       string     // of a tool's result: the tool

	native *native // of an assistant's answer: the provider's own form, which goes back to it with the message
}

// ToolCall is a model's wish to call a tool. Arguments is the string as the
// model sent it, JSON or not.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string
}

// Tool describes a tool to a model. Parameters is a JSON schema.
type Tool struct {
	Name        string
	Description string
	Parameters  json.RawMessage
}

// Request is one call. Tools nil: the model is offered none.
type Request struct {
	Model       string
	Messages    []Message
	Tools       []Tool
	Temperature *float64
	TopP        *float64
	MaxTokens   int // 0: the server's own
	Seed        *int
	JSON        bool // the reply is to be one JSON object (response_format json_object)
}

// Usage counts the tokens of one call, all its tries together; nil is not told.
type Usage struct {
	InputTokens      *int64 // cached ones included
	OutputTokens     *int64 // reasoning included
	CachedTokens     *int64
	CacheWriteTokens *int64
	ReasoningTokens  *int64
	CostUSD          *float64 // only if the provider said so
	QueueS           *float64 // seconds in the server's queue, if it said so
	Estimated        bool     // counted by us: the server did not tell
}

// Response is what a call gave. After an error it holds what had come by then.
type Response struct {
	Message      Message
	FinishReason string // stop, tool_calls, length, content_filter, …
	Usage        Usage
	Attempts     int // tries made, from 1
}

// Observer hears of a call while it runs. Either func may be nil.
type Observer struct {
	FirstToken func()                                               // the first token of any kind arrived
	Retry      func(errorClass string, wait time.Duration, e error) // a try failed; the next comes after wait
}

// Client is a model endpoint.
type Client interface {
	Chat(ctx context.Context, req Request, obs Observer) (Response, error)
	Endpoint() string // base URL
	Provider() string // openai, builtin, anthropic, …
	Local() bool      // the endpoint runs on this host: a loopback address, or one of this host's own
}

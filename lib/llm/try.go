package llm

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	openai "github.com/sashabaranov/go-openai" // the protocol: messages, tools, the reading of streams
)

var (
	errTruncated = errors.New("the stream ended before the answer did")
	errGarbage   = errors.New("the server sent something in the stream that is not JSON")
	errEmpty     = errors.New("the server sent an answer without a choice in it")
)

// try makes one try. nil: the answer is whole.
func (c *OpenAI) try(ctx context.Context, req Request, first func()) (Response, *Error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x := newExchange(c, req, cancel)
	defer x.idle.Stop()
	answer := newAnswer(req, first)
	s, err := c.over(x).CreateChatCompletionStream(ctx, request(req, c.endpoint.Provider))
	if err == nil {
		err = receive(s, x, answer)
		s.Close()
	}
	if err == nil {
		return answer.response(true), nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, errIdle) {
		err = errIdle
	}
	return answer.response(false), x.failure(err)
}

// over makes go-openai's client, which goes through the exchange.
func (c *OpenAI) over(x *exchange) *openai.Client {
	config := openai.DefaultConfig(string(c.endpoint.Key))
	config.BaseURL = c.endpoint.BaseURL
	config.HTTPClient = x
	config.EmptyMessagesLimit = 1 << 30 // of comments between two chunks, which servers send to keep a connection
	return openai.NewClientWithConfig(config)
}

// Models lists what the endpoint serves, in one try: a way to see before a run
// that it is there and takes the key. Not every server can tell.
func (c *OpenAI) Models(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x := newExchange(c, Request{}, cancel)
	defer x.idle.Stop()
	list, err := c.over(x).ListModels(ctx)
	if err != nil {
		e := x.failure(err)
		e.Text = c.redact(c.endpoint.BaseURL + ": " + e.Text)
		return nil, e
	}
	names := make([]string, len(list.Models))
	for i, m := range list.Models {
		names[i] = m.ID
	}
	return names, nil
}

// receive reads chunks until the answer is whole.
func receive(s *openai.ChatCompletionStream, x *exchange, a *answer) error {
	for {
		raw, err := s.RecvRaw()
		if err != nil || len(raw) == 0 {
			return ending(err, x, a)
		}
		var k chunk
		if json.Unmarshal(raw, &k) != nil {
			return errGarbage
		}
		if isSet(k.Error) {
			return failedStream(k.Error)
		}
		a.add(k)
	}
}

// ending decides what the end of a stream means. go-openai ends with io.EOF
// whether the stream said [DONE] or not, and without an error or a chunk where
// the server sent an error object of an odd shape.
func ending(err error, x *exchange, a *answer) error {
	said := x.lastError()
	switch {
	case a.finish != "" && err != nil: // only the usage may be missing
		return nil
	case said != nil:
		return failedStream(said)
	case err == io.EOF && x.sawDone() && a.choices > 0:
		return nil
	case err == io.EOF && x.sawDone():
		return errEmpty
	case err == io.EOF:
		return errTruncated
	case err == nil:
		return errGarbage
	}
	return err
}

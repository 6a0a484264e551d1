package score

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// Judge asks a model about every answer that does not match exactly. Client
// retries what is worth retrying.
type Judge struct {
	Client  llm.Client
	Model   string
	Timeout time.Duration // for one verdict, retries included; 0 for 10 minutes

	plain atomic.Bool // the endpoint takes no response_format, or not so many tokens
}

const (
	verdictTimeout = 10 * time.Minute
	verdictTokens  = 8192     // reasoning included; small models forced into JSON may never end
	maxText        = 16 << 10 // of explanations, replies and errors in a trace
)

// Name is judge.
func (j *Judge) Name() string { return "judge" }

// Score takes an exact match for right and asks about everything else.
func (j *Judge) Score(ctx context.Context, q *trace.QueryTrace) Result {
	match := Match(q.ResponseText, *q.Reference)
	r := Result{Metadata: Metadata{Scorer: j.Name(), ExactMatch: &match}}
	if match {
		r.Resolved = &match
		return r
	}
	id := newSecret()
	msgs, cut := messages(q, id)
	a := &Asked{JudgeModel: j.Model, JudgeEndpoint: j.Client.Endpoint(), ResponseCut: cut}
	r.Metadata.Asked = a
	resp, err := j.ask(ctx, msgs)
	a.InputTokens, a.OutputTokens, a.CostUSD = resp.Usage.InputTokens, resp.Usage.OutputTokens, resp.Usage.CostUSD
	a.Attempts = resp.Attempts
	if err != nil {
		a.fail(err)
		r.Reason = JudgeError
		return r
	}
	reply := resp.Message.Content
	v, err := ParseVerdict(reply, id, q.ResponseText)
	if err != nil {
		a.fail(err)
		reply = stream.Clip(reply, maxText)
		a.Reply = &reply
		r.Reason = Unreadable
		return r
	}
	r.Resolved = &v.Correct
	word := "incorrect"
	if v.Correct {
		word = "correct"
	}
	a.Verdict = &word
	if v.Explanation != "" {
		text := stream.Clip(v.Explanation, maxText)
		a.Explanation = &text
	}
	return r
}

func (a *Asked) fail(err error) {
	text := stream.Clip(err.Error(), maxText)
	a.Error = &text
}

// ask makes the call, without response_format and limit if a server refuses a
// request with them. Temperature stays the server's own: reasoning models
// refuse any other.
func (j *Judge) ask(ctx context.Context, msgs []llm.Message) (llm.Response, error) {
	limit := j.Timeout
	if limit <= 0 {
		limit = verdictTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req := llm.Request{Model: j.Model, Messages: msgs}
	if j.plain.Load() {
		return j.Client.Chat(ctx, req, llm.Observer{})
	}
	shaped := req
	shaped.JSON, shaped.MaxTokens = true, verdictTokens
	resp, err := j.Client.Chat(ctx, shaped, llm.Observer{})
	if !refused(err) {
		return resp, err
	}
	tries := resp.Attempts
	if resp, err = j.Client.Chat(ctx, req, llm.Observer{}); err == nil {
		j.plain.Store(true)
	}
	resp.Attempts += tries
	return resp, err
}

// refused tells that a server did not like the request itself.
func refused(err error) bool {
	var e *llm.Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity)
}

package agent

import (
	"time"

	"ipw/lib/event"
	"ipw/lib/llm"
)

// LM is one model call, its retries included.
type LM struct {
	*span
	rec   *Recorder
	model string
	begun bool // lm_first_token was written
	tries int  // seen so far, for a call that is abandoned
}

// LM opens a model call: lm_inference_start.
func (q *Query) LM(turn int, c llm.Client, model string) *LM {
	local := c.Local()
	l := &LM{rec: q.rec, model: model, tries: 1}
	l.span = q.start("lm", turn, event.Event{Type: event.LMStart, Model: model,
		Provider: c.Provider(), Endpoint: PublicURL(c.Endpoint()), Local: &local},
		func(err error) event.Event { return l.ending(llm.Response{}, err) })
	return l
}

// Observer writes the call's first token and its retries.
func (l *LM) Observer() llm.Observer {
	return llm.Observer{FirstToken: l.firstToken, Retry: l.retry}
}

// firstToken writes lm_first_token, once: a try that broke off after it does
// not make the next one's first token the call's first.
func (l *LM) firstToken() {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if !l.begun {
		l.begun = true
		l.write(event.Event{Type: event.LMFirstToken})
	}
}

func (l *LM) retry(class string, wait time.Duration, _ error) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	l.tries++
	s := max(wait, 0).Seconds()
	l.write(event.Event{Type: event.Retry, ErrorClass: class, WaitS: &s})
}

// End closes the call: lm_inference_end. A second End is without effect.
func (l *LM) End(r llm.Response, err error) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if !l.ended {
		l.q.spending.add(l.model, r.Usage)
	}
	l.finish(l.ending(r, err))
}

func (l *LM) ending(r llm.Response, err error) event.Event {
	u := r.Usage
	return event.Event{Type: event.LMEnd,
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens, CachedTokens: u.CachedTokens,
		CacheWriteTokens: u.CacheWriteTokens, ReasoningTokens: u.ReasoningTokens,
		CostUSD: u.CostUSD, QueueS: u.QueueS, TokensEstimated: u.Estimated,
		FinishReason: r.FinishReason, Attempts: max(r.Attempts, l.tries), Error: l.rec.errorText(err)}
}

package event

import (
	"encoding/json"
	"strconv"

	"ipw/lib/stream"
)

// Append appends an event as one line of JSON without its newline: what
// stream.AppendJSON would, at a fraction of its cost. A harness writes some five
// records a turn, thousands of turns a second, under one lock.
func Append(b []byte, e *Event) ([]byte, error) {
	a := appending{b: append(b, '{')}
	a.text("type", e.Type)
	a.whole("t_us", e.TUs)
	a.optWhole("m_us", e.MUs)
	a.word("query", e.Query)
	a.count("attempt", e.Attempt)
	a.word("span", e.Span)
	a.word("parent", e.Parent)
	if e.Turn != nil {
		a.whole("turn", int64(*e.Turn))
	}
	a.flag("time_derived", e.TimeDerived)

	a.word("workload_type", e.WorkloadType)
	a.optText("query_text", e.QueryText)
	a.optText("reference", e.Reference)
	a.object("metadata", e.Metadata)

	a.optText("response_text", e.ResponseText)
	a.optBool("completed", e.Completed)
	a.optBool("timed_out", e.TimedOut)
	a.word("reason", e.Reason)
	a.optText("error", e.Error)

	a.word("what", e.What)
	a.optBool("is_resolved", e.IsResolved)
	a.word("unscorable_reason", e.UnscorableReason)
	a.object("score_metadata", e.ScoreMetadata)

	a.word("model", e.Model)
	a.word("provider", e.Provider)
	a.word("endpoint", e.Endpoint)
	a.optBool("local", e.Local)

	a.optWhole("input_tokens", e.InputTokens)
	a.optWhole("output_tokens", e.OutputTokens)
	a.optWhole("cached_tokens", e.CachedTokens)
	a.optWhole("cache_write_tokens", e.CacheWriteTokens)
	a.optWhole("reasoning_tokens", e.ReasoningTokens)
	a.optFloat("cost_usd", e.CostUSD)
	a.optFloat("queue_s", e.QueueS)
	a.word("finish_reason", e.FinishReason)
	a.count("attempts", e.Attempts)
	a.flag("tokens_estimated", e.TokensEstimated)

	a.word("tool", e.Tool)
	a.word("call_id", e.CallID)
	a.optText("arguments", e.Arguments)
	a.optBool("ok", e.OK)
	a.optWhole("result_tokens", e.ResultTokens)
	a.optWhole("result_bytes", e.ResultBytes)

	a.word("error_class", e.ErrorClass)
	a.optFloat("wait_s", e.WaitS)
	return append(a.b, '}'), a.err
}

// appending is an object on its way.
type appending struct {
	b   []byte
	err error // the first
}

func (a *appending) key(key string) {
	if a.b[len(a.b)-1] != '{' {
		a.b = append(a.b, ',')
	}
	a.b = append(append(append(a.b, '"'), key...), `":`...)
}

// value appends what is rare as encoding/json has it.
func (a *appending) value(v any) {
	b, err := stream.AppendJSON(a.b, v)
	if a.b = b; a.err == nil {
		a.err = err
	}
}

func (a *appending) text(key, s string) {
	a.key(key)
	a.b = stream.AppendString(a.b, s)
}

// word leaves out an empty one.
func (a *appending) word(key, s string) {
	if s != "" {
		a.text(key, s)
	}
}

func (a *appending) optText(key string, s *string) {
	if s != nil {
		a.text(key, *s)
	}
}

func (a *appending) whole(key string, n int64) {
	a.key(key)
	a.b = strconv.AppendInt(a.b, n, 10)
}

func (a *appending) optWhole(key string, n *int64) {
	if n != nil {
		a.whole(key, *n)
	}
}

// count leaves out 0.
func (a *appending) count(key string, n int) {
	if n != 0 {
		a.whole(key, int64(n))
	}
}

func (a *appending) optFloat(key string, x *float64) {
	if x != nil {
		a.key(key)
		a.value(*x)
	}
}

func (a *appending) optBool(key string, yes *bool) {
	if yes != nil {
		a.key(key)
		a.b = strconv.AppendBool(a.b, *yes)
	}
}

// flag leaves out false.
func (a *appending) flag(key string, yes bool) {
	if yes {
		a.optBool(key, &yes)
	}
}

func (a *appending) object(key string, raw json.RawMessage) {
	if len(raw) > 0 {
		a.key(key)
		a.value(raw)
	}
}

package foreign

import "ipw/lib/event"

// kind is what a span is in an event stream.
type kind uint8

const (
	modelCall    kind = iota // lm_inference
	submodelCall             // a model call within a tool, or beside the turns
	toolCall
)

// started and ended are the types of a kind's records.
func (k kind) started() string {
	return [...]string{event.LMStart, event.SubmodelStart, event.ToolStart}[k]
}

func (k kind) ended() string {
	return [...]string{event.LMEnd, event.SubmodelEnd, event.ToolEnd}[k]
}

// span is one model or tool call. Times are Unix microseconds.
type span struct {
	kind       kind
	id, parent string
	turn       int
	depth      int   // of nesting, for the order of records of one instant
	start, end int64 // start ≤ end
	first      int64 // first token; 0: not known
	line       int

	startDerived, endDerived, firstDerived bool

	model, provider, endpoint string
	local                     *bool
	usage                     usage
	finish                    string
	err                       *string // what went wrong, nil for nothing

	tool, callID string
	arguments    *string
	resultBytes  *int64
}

// usage is what a model call used, as the design counts: cached tokens are part
// of the input, reasoning is part of the output. Nil is not known.
type usage struct {
	input, output, cached, cacheWrite, reasoning *int64
	cost                                         *float64
	estimated                                    bool
}

// inclusive adds cached tokens to an input that leaves them out, as
// Anthropic's own counts do.
func (u *usage) inclusive() {
	var cached int64
	for _, n := range []*int64{u.cached, u.cacheWrite} {
		if n != nil {
			cached += *n
		}
	}
	if u.input != nil && *u.input < cached {
		sum := *u.input + cached
		u.input = &sum
	}
}

// counted reports that there are tokens.
func (u *usage) counted() bool { return u.input != nil || u.output != nil }

// plus adds another call's usage, for calls seen as one.
func (u *usage) plus(o usage) {
	for _, x := range []struct{ a, b **int64 }{{&u.input, &o.input}, {&u.output, &o.output}, {&u.cached, &o.cached}, {&u.cacheWrite, &o.cacheWrite}, {&u.reasoning, &o.reasoning}} {
		if *x.b != nil {
			sum := **x.b
			if *x.a != nil {
				sum += **x.a
			}
			*x.a = &sum
		}
	}
	if o.cost != nil {
		sum := *o.cost
		if u.cost != nil {
			sum += *u.cost
		}
		u.cost = &sum
	}
	u.estimated = u.estimated || o.estimated
}

// startEvent, firstEvent and endEvent are a span's records, but for what all
// records have.
func (s *span) startEvent() event.Event {
	e := event.Event{Span: s.id, Parent: s.parent, Turn: &s.turn}
	if s.kind == toolCall {
		e.Tool, e.CallID, e.Arguments = s.tool, s.callID, s.arguments
	} else {
		e.Model, e.Provider, e.Endpoint, e.Local = s.model, s.provider, s.endpoint, s.local
	}
	return e
}

func (s *span) firstEvent() event.Event {
	return event.Event{Span: s.id, Turn: &s.turn}
}

func (s *span) endEvent() event.Event {
	e := event.Event{Span: s.id, Turn: &s.turn, Error: s.err}
	if s.kind == toolCall {
		ok := s.err == nil
		e.Tool, e.CallID, e.OK, e.ResultBytes = s.tool, s.callID, &ok, s.resultBytes
		return e
	}
	u := &s.usage
	e.InputTokens, e.OutputTokens, e.CachedTokens, e.CacheWriteTokens = u.input, u.output, u.cached, u.cacheWrite
	e.ReasoningTokens, e.CostUSD, e.TokensEstimated = u.reasoning, u.cost, u.estimated
	e.FinishReason = s.finish
	return e
}

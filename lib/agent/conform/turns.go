package conform

import (
	"strings"

	"ipw/lib/event"
)

// within checks a record between query_start and query_end.
func (c *checker) within(q *query, e *event.Event) {
	s := c.spans[e.Span]
	switch e.Type {
	case event.LMStart, event.ToolStart, event.SetupStart, event.ScoringStart:
		if s != nil {
			c.bad("span %s starts twice", e.Span)
		}
		s = &span{start: e, tries: 1}
		c.spans[e.Span] = s
		q.open++
	default:
		if s == nil || s.ended {
			c.bad("%s of span %q, which is not open", e.Type, e.Span)
			return
		}
		b := s.start
		if b.Query != e.Query || b.Attempt != e.Attempt || (e.Turn == nil) != (b.Turn == nil) || e.Turn != nil && *b.Turn != *e.Turn {
			c.bad("span %s changes its query, attempt or turn", e.Span)
		}
	}
	switch e.Type {
	case event.LMStart:
		c.call(q, s, e)
	case event.LMFirstToken:
		if s != q.lm || s.first {
			c.bad("first token of no model call, or its second")
		}
		s.first = true
	case event.Retry:
		if s != q.lm {
			c.bad("retry of no model call")
		}
		s.tries++
	case event.ToolStart:
		c.tool(q, e)
	case event.SetupStart, event.ScoringStart:
		if e.Turn != nil || e.What == "" {
			c.bad("%s of turn %v and what %q", e.Type, e.Turn, e.What)
		}
	default:
		c.over(q, s, e)
	}
}

// call checks that model calls come one after another, one to a turn. Other
// agents than react may make several, to condense their history, and may go on
// after an answer that calls no tool; react may after a call that failed, and
// once, for the answer may have been empty.
func (c *checker) call(q *query, s *span, e *event.Event) {
	if q.lm != nil || q.tools > 0 {
		c.bad("turn %d begins before the one before it is over", *e.Turn)
	}
	if again := *e.Turn == q.turns-1 && q.perTurn[*e.Turn] == 0; again && (!c.react || q.lastCall.Error != nil) {
		q.lm = s
		return
	}
	if *e.Turn != q.turns {
		c.bad("model call of turn %d, want %d", *e.Turn, q.turns)
	}
	if c.react && q.turns > 0 && q.perTurn[q.turns-1] == 0 {
		q.silent++
	}
	if q.silent > 1 {
		c.bad("turn %d follows an answer without tool calls", *e.Turn)
	}
	q.turns++
	if c.maxTurns > 0 && q.turns > c.maxTurns {
		c.bad("turn %d of at most %d", q.turns, c.maxTurns)
	}
	q.lm = s
}

func (c *checker) tool(q *query, e *event.Event) {
	if q.lm != nil || *e.Turn != q.turns-1 {
		c.bad("tool call of turn %d outside its turn", *e.Turn)
	}
	if q.lastCall != nil && q.lastCall.Error != nil {
		c.bad("tool call after a model call that failed")
	}
	if c.maxTurns > 0 && q.turns == c.maxTurns {
		c.bad("tool call in the last turn")
	}
	q.perTurn[*e.Turn]++
	q.tools++
}

// over checks the end of a span.
func (c *checker) over(q *query, s *span, e *event.Event) {
	if want := strings.TrimSuffix(s.start.Type, "start") + "end"; e.Type != want {
		c.bad("%s ends with %s", s.start.Type, e.Type)
	}
	s.ended = true
	q.open--
	switch e.Type {
	case event.LMEnd:
		q.lm, q.lastCall = nil, e
		if e.Attempts < 1 || e.Attempts < s.tries {
			c.bad("%d attempts, %d were seen", e.Attempts, s.tries)
		}
		if e.Error == nil && (e.InputTokens == nil || e.OutputTokens == nil) {
			c.bad("a call that went well without tokens")
		}
	case event.ToolEnd:
		q.tools--
		if s.start.Tool != e.Tool || *e.OK != (e.Error == nil) {
			c.bad("tool_call_end of %s: another tool, or ok and error disagree", e.Tool)
		}
	}
}

// finish checks a query's end against what it was made of.
func (c *checker) finish(q *query, e *event.Event) {
	q.ended = true
	if q.open > 0 {
		c.bad("query ends with %d open spans", q.open)
	}
	empty := strings.TrimSpace(*e.ResponseText) == ""
	if want := e.Reason == event.Finished || e.Reason == event.MaxTurns && !empty; *e.Completed != want {
		c.bad("completed %v with reason %s", *e.Completed, e.Reason)
	}
	if *e.TimedOut != (e.Reason == event.Timeout) {
		c.bad("timed_out %v with reason %s", *e.TimedOut, e.Reason)
	}
	if (e.Error != nil) != (e.Reason == event.Failed) {
		c.bad("error and reason %s disagree", e.Reason)
	}
	tools, failed := q.perTurn[q.turns-1], q.lastCall != nil && q.lastCall.Error != nil
	switch e.Reason {
	case event.Finished:
		if q.turns == 0 || c.react && tools > 0 || failed || c.maxTurns > 1 && q.turns == c.maxTurns {
			c.bad("finished after %d turns, %d tool calls in the last, failed %v", q.turns, tools, failed)
		}
	case event.MaxTurns:
		if c.maxTurns > 0 && q.turns != c.maxTurns || tools > 0 || failed {
			c.bad("max_turns after %d of %d turns, failed %v", q.turns, c.maxTurns, failed)
		}
	case event.Timeout, event.Failed, event.Interrupted, event.Budget:
	default:
		c.bad("reason %q", e.Reason)
	}
}

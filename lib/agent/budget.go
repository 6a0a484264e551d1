package agent

import (
	"context"
	"fmt"
	"sync"

	"ipw/lib/llm"
)

// Budget is what one query may use; a zero limit is none. The call that goes
// over it is the last: its answer counts if it calls no tool, and whatever still
// runs is cut. Joules are watched while the query runs, the others when a call
// has ended.
type Budget struct {
	Tokens  int64 // input and output of all its model calls, failed ones and a tool's own included
	CostUSD float64
	Joules  float64

	Cost  func(model string, u llm.Usage) float64 // USD of a call; with CostUSD
	Meter *Meter                                  // with Joules
}

// BudgetError is a query that has used what it may.
type BudgetError struct{ Spent, Of string }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("budget spent: %s of %s", e.Spent, e.Of)
}

// spending is what a query has used so far. A nil one counts nothing.
type spending struct {
	budget *Budget
	cut    context.CancelCauseFunc

	mu     sync.Mutex
	tokens int64
	usd    float64
}

// watch has the budget end the context of a query. done must be called when it
// is solved.
func (b *Budget) watch(ctx context.Context, q *Query) (_ context.Context, done func()) {
	if b == nil {
		return ctx, func() {}
	}
	ctx, cut := context.WithCancelCause(ctx)
	q.spending = &spending{budget: b, cut: cut}
	if b.Joules <= 0 {
		return ctx, func() { cut(nil) }
	}
	account := b.Meter.begin(b.Joules, func(joules float64) {
		cut(&BudgetError{fmt.Sprintf("%.3g J", joules), fmt.Sprintf("%g J", b.Joules)})
	})
	return ctx, func() {
		b.Meter.end(account)
		cut(nil)
	}
}

// add counts a call that has ended.
func (s *spending) add(model string, u llm.Usage) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.budget
	for _, n := range []*int64{u.InputTokens, u.OutputTokens} {
		if n != nil {
			s.tokens += *n
		}
	}
	if b.CostUSD > 0 {
		s.usd += b.Cost(model, u)
	}
	switch {
	case b.Tokens > 0 && s.tokens >= b.Tokens:
		s.cut(&BudgetError{fmt.Sprintf("%d tokens", s.tokens), fmt.Sprint(b.Tokens)})
	case b.CostUSD > 0 && s.usd >= b.CostUSD:
		s.cut(&BudgetError{fmt.Sprintf("$%.6g", s.usd), fmt.Sprintf("$%g", b.CostUSD)})
	}
}

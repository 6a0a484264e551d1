// Package agent runs agents over tasks and records what they do, moment by
// moment, as an event stream.
//
// An Agent is a loop of turns. A turn is one model call and the tool calls that
// follow it; turns count from 0, and retries of a call are not turns. React is
// such a loop. A Run takes the tasks of a data set, opens a Query for each
// (several at a time, if it is told to), hands it to the agent and closes it
// with the reason it ended: the model had its say (finished), the turns ran out
// (max_turns), the time did (timeout), a call could not be mended (error), or
// what it may use (budget), or the user stopped it (interrupted).
//
//	rec := agent.NewRecorder(events)
//	run := agent.Run{Agent: &agent.React{…}, Recorder: rec, Concurrency: 8}
//	totals, err := run.Tasks(ctx, set.Tasks(ctx, problems))
//
// All writing goes through the Recorder, and it keeps the stream's promise:
// every start gets its end, on every path, and nothing of a query comes after
// its query_end.
package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ipw/lib/dataset"
	"ipw/lib/event"
)

// Agent solves tasks. Solve is called by several goroutines at once and may
// share nothing between them but what never changes. When ctx ends it returns
// soon, with what it has.
type Agent interface {
	Solve(ctx context.Context, q *Query, t dataset.Task) Outcome
}

// TimeoutError is a query that took too long.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("query timeout of %s", e.After) }

// Cut is the outcome of a query that err ended. Where its context ended, that
// is the reason, whatever the interrupted call made of it.
func (q *Query) Cut(ctx context.Context, err error) Outcome {
	o := Outcome{Text: q.partial(), Reason: event.Failed, Err: err}
	if ctx.Err() == nil {
		return o
	}
	o.Reason, o.Err = event.Interrupted, nil
	var late *TimeoutError
	var spent *BudgetError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &late):
		o.Reason = event.Timeout
	case errors.As(cause, &spent):
		o.Reason = event.Budget
	}
	return o
}

// Why is the error of a call that failed: what ended the context, if that did.
func Why(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case err == nil || cause == nil:
		return err
	case errors.Is(cause, context.Canceled):
		return errInterrupted
	default:
		return cause
	}
}

var errInterrupted = errors.New("interrupted")

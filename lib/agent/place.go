package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ipw/lib/dataset"
	"ipw/lib/sandbox"
	"ipw/lib/tool"
)

// Place is where one query is solved: the files and the box that belong to it,
// the tools that work in them, and how its work is looked at afterwards. Zero
// fields are things that it has not. An agent finds it at Query.Place.
type Place struct {
	Tools     []tool.Tool   // beside the run's own
	Workspace string        // a directory of the host
	Box       sandbox.Box   // where commands run; the run seals it
	Timeout   time.Duration // the task's own limit for its agent; the shorter of it and the run's holds

	// Collect sees the outcome before anything is closed, on every path, and
	// returns what is to be told: the same, or one with the workspace's patch.
	Collect func(ctx context.Context, o Outcome) Outcome

	// Grade runs the task's own tests on what the agent left. It is called with
	// the box still open, unless the user has stopped the run.
	Grade func(ctx context.Context, o Outcome) (Grade, error)

	// Close removes everything. It is called once, on every path.
	Close func() error
}

// Grade is what a task's own tests say. Resolved nil is no verdict, and Reason
// says why there is none.
type Grade struct {
	Resolved *bool
	Reason   string
	Metadata json.RawMessage // an object, such as the tests by name; nil for none
}

// Opener makes the place of a query. What it does is setup, which the agent is
// not charged for. The error ends the query.
type Opener func(ctx context.Context, q *Query, t dataset.Task) (*Place, error)

// Preparer is an agent that needs something in its boxes. Prepare is part of
// setup, and so has the network still open.
type Preparer interface {
	Prepare(ctx context.Context, box sandbox.Box) error
}

// endTime is how long collecting, grading's clean-up and closing may take after
// the user has stopped the run.
const endTime = 30 * time.Second

// open makes the query's place, in a setup window, at whose end the box's
// network is cut.
func (r *Run) open(ctx context.Context, q *Query, t dataset.Task) error {
	if r.Open == nil {
		return nil
	}
	w := q.Setup("place")
	p, err := r.Open(ctx, q, t)
	if p != nil {
		q.Place = p
	}
	if err == nil && q.Place.Box != nil {
		err = r.seal(ctx, q.Place.Box)
	}
	if err != nil {
		err = fmt.Errorf("setup: %w", err)
	}
	w.End(Why(ctx, err))
	return err
}

func (r *Run) seal(ctx context.Context, box sandbox.Box) error {
	if p, ok := r.Agent.(Preparer); ok {
		if err := p.Prepare(ctx, box); err != nil {
			return err
		}
	}
	return box.Seal(ctx)
}

// finish collects and grades what the agent left.
func (r *Run) finish(ctx context.Context, q *Query, o Outcome) Outcome {
	p := q.Place
	if p.Collect != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		o = p.Collect(late, o)
		cancel()
	}
	if p.Grade != nil && ctx.Err() == nil {
		w := q.Scoring("tests")
		g, err := p.Grade(ctx, o)
		w.Grade(g, Why(ctx, err))
		o = o.lost(err)
	}
	return o
}

// leave closes the query's place.
func (q *Query) leave() error {
	if q.Place.Close == nil {
		return nil
	}
	if err := q.Place.Close(); err != nil {
		return fmt.Errorf("%s: %w", q.ID, err)
	}
	return nil
}

// limit is how long the agent has: the shorter of the run's time and the
// task's.
func (r *Run) limit(q *Query) time.Duration {
	if t := q.Place.Timeout; t > 0 && (r.Timeout == 0 || t < r.Timeout) {
		return t
	}
	return r.Timeout
}

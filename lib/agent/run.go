package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/sandbox"
)

// Run is one run of an agent over tasks.
type Run struct {
	Agent       Agent
	Recorder    *Recorder
	Concurrency int            // queries open at a time, at least 1
	Timeout     time.Duration  // of a query's solving; 0 for none
	Open        Opener         // makes each query's place; nil: the queries need none
	Budget      *Budget        // of each query's solving; nil for none
	MaxResult   int            // bytes of a tool's result that the model is given; the middle of a longer one is cut. 0 for any
	Warmup      []dataset.Task // run before the first query, if there is one to run, and not counted
	Earlier     *Earlier       // what ran before; nil for nothing
	Artifacts   string         // folder for whole messages; "" for none
	Progress    func(Totals)   // told of every change, one at a time; may be nil

	mu     sync.Mutex
	totals Totals
	failed error // of reading tasks
}

// Totals counts queries.
type Totals struct {
	Open    int            // running now, warm-up ones too
	Warm    int            // warm-up queries that ended
	Kept    int            // ended in an earlier part of the run, and not run again
	Reasons map[string]int // ended now, by reason
	Unkept  error          // the first artifact that could not be written; the run goes on
	Left    error          // the first place that could not be closed
}

// Ended is how many queries ended now.
func (t Totals) Ended() int {
	n := 0
	for _, k := range t.Reasons {
		n += k
	}
	return n
}

// job is one attempt to be made.
type job struct {
	task    dataset.Task
	attempt int
	warm    chan<- bool // of a warm-up query: told of its end
}

// Tasks runs the tasks and returns when the last query has ended. When ctx ends
// no further task is begun, and the open queries are cut. The error is one of
// reading tasks, after which the open queries go on to their ends, or of
// writing records, which cuts them; a query that fails is counted, no more.
func (r *Run) Tasks(ctx context.Context, tasks iter.Seq2[dataset.Task, error]) (Totals, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.Recorder.stopWith(stop)
	r.totals.Reasons = map[string]int{}
	jobs := make(chan job)
	go func() { // left behind if ctx ends while it waits for a pipe
		defer close(jobs)
		r.feed(ctx, tasks, jobs)
	}()
	var wg sync.WaitGroup
	for range max(r.Concurrency, 1) {
		wg.Go(func() { r.work(ctx, jobs) })
	}
	wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.Recorder.Err(); err != nil {
		return r.totals, err
	}
	return r.totals, r.failed
}

// feed hands out what is still to be run.
func (r *Run) feed(ctx context.Context, tasks iter.Seq2[dataset.Task, error], jobs chan<- job) {
	warm := false
	for t, err := range tasks {
		if err != nil {
			if ctx.Err() == nil {
				r.note(func() { r.failed = err })
			}
			return
		}
		attempt, again := r.Earlier.Attempt(t.ID)
		if !again {
			r.note(func() { r.totals.Kept++ })
			continue
		}
		if !warm {
			r.warmUp(ctx, jobs)
			warm = true
		}
		if !send(ctx, jobs, job{task: t, attempt: attempt}) {
			return
		}
	}
}

// warmUp runs the warm-up queries and waits for the last one's end.
func (r *Run) warmUp(ctx context.Context, jobs chan<- job) {
	over := make(chan bool, len(r.Warmup))
	for _, t := range r.Warmup {
		if !send(ctx, jobs, job{t, r.Earlier.next(t.ID), over}) {
			return
		}
	}
	for range r.Warmup {
		select {
		case <-over:
		case <-ctx.Done():
			return
		}
	}
}

func send(ctx context.Context, jobs chan<- job, j job) bool {
	select {
	case jobs <- j:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *Run) work(ctx context.Context, jobs <-chan job) {
	for {
		select {
		case j, ok := <-jobs:
			if !ok || ctx.Err() != nil {
				return
			}
			r.query(ctx, j)
			if j.warm != nil {
				j.warm <- true
			}
		case <-ctx.Done():
			return
		}
	}
}

// query makes one attempt, from query_start to query_end.
func (r *Run) query(ctx context.Context, j job) {
	r.note(func() { r.totals.Open++ })
	a, err := openArtifacts(r.Artifacts, j.task.ID, j.attempt)
	q := r.Recorder.Begin(j.task, j.attempt)
	q.artifacts, q.maxResult = a, r.MaxResult
	o := r.attempt(ctx, q, j.task)
	q.End(o)
	err = errors.Join(err, a.close(r.Recorder.strike(o.Text)))
	left := q.leave()
	r.note(func() {
		r.totals.Open--
		if j.warm == nil {
			r.totals.Reasons[o.Reason]++
		} else {
			r.totals.Warm++
		}
		r.totals.Unkept = cmp.Or(r.totals.Unkept, err)
		r.totals.Left = cmp.Or(r.totals.Left, left)
	})
}

// attempt makes the query's place, has the agent solve the task there, and
// looks at what it left. A box that breaks meanwhile ends it in error, whatever
// the agent or the tests made of that.
func (r *Run) attempt(ctx context.Context, q *Query, t dataset.Task) Outcome {
	if err := r.open(ctx, q, t); err != nil {
		return q.Cut(ctx, err)
	}
	if q.Place.Box != nil {
		var done func()
		ctx, done = q.Place.Box.While(ctx)
		defer done()
	}
	o := r.finish(ctx, q, r.solve(ctx, q, t))
	return o.lost(context.Cause(ctx))
}

// lost is the outcome if err says that a box broke.
func (o Outcome) lost(err error) Outcome {
	var lost *sandbox.LostError
	if errors.As(err, &lost) {
		o.Reason, o.Err = event.Failed, lost
	}
	return o
}

// solve runs the agent; its panic ends its own query only.
func (r *Run) solve(ctx context.Context, q *Query, t dataset.Task) (o Outcome) {
	if limit := r.limit(q); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, &TimeoutError{limit})
		defer cancel()
	}
	ctx, solved := r.Budget.watch(ctx, q)
	defer solved()
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Text: q.partial(), Reason: event.Failed, Err: fmt.Errorf("the agent broke: panic: %v", p)}
		}
	}()
	return r.Agent.Solve(ctx, q, t)
}

// note changes the totals and tells of it.
func (r *Run) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	if r.Progress != nil {
		t := r.totals
		t.Reasons = maps.Clone(t.Reasons)
		r.Progress(t)
	}
}

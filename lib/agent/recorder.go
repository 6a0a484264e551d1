package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/stream"
)

// Recorder writes the events of one run. Queries that run side by side share
// it; each writes through its own Query.
type Recorder struct {
	w       *event.Writer
	stop    context.CancelCauseFunc
	secrets []string

	mu  sync.Mutex
	err error
}

// NewRecorder writes to w. Secrets are keys that an endpoint might echo: they
// are struck out of whatever it sent. Strings of fewer than eight bytes are no
// secrets.
func NewRecorder(w *event.Writer, secrets ...string) *Recorder {
	r := &Recorder{w: w}
	for _, s := range secrets {
		if len(s) >= 8 {
			r.secrets = append(r.secrets, s)
		}
	}
	return r
}

// stopWith has the first failure to write end the run.
func (r *Recorder) stopWith(stop context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop = stop
}

// Err is the first failure to write: after it nothing more is written.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Recorder) emit(e event.Event) {
	if r.Err() != nil {
		return
	}
	err := r.w.Emit(e)
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		if r.stop != nil {
			r.stop(err)
		}
	}
}

// strike removes secrets from foreign text.
func (r *Recorder) strike(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, "[secret]")
	}
	return s
}

// clip is the form of arguments and error texts in the stream.
func (r *Recorder) clip(s string) string { return stream.Clip(r.strike(s), event.MaxText) }

func (r *Recorder) errorText(err error) *string {
	if err == nil {
		return nil
	}
	s := r.clip(err.Error())
	if s == "" {
		s = "failed without a word"
	}
	return &s
}

// mended is an error with what a user may type against it.
func mended(err error) error {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return fmt.Errorf("%w; hint: %s", err, h.Hint())
	}
	return err
}

// Query is one attempt at one task. Its methods may be called concurrently.
// After End it writes nothing more: whatever still runs then has been
// abandoned.
type Query struct {
	ID      string
	Attempt int
	Place   *Place // never nil

	rec       *Recorder
	artifacts *artifacts // nil: none are kept
	spending  *spending  // nil: there is no budget
	maxResult int        // bytes of a tool's result; 0 for any

	mu    sync.Mutex
	open  []*span // in the order of their starts
	names map[string]int
	text  string // the model's latest words, for a query that does not finish
	ended bool
}

// Begin opens a query: query_start.
func (r *Recorder) Begin(t dataset.Task, attempt int) *Query {
	q := &Query{ID: t.ID, Attempt: attempt, Place: new(Place), rec: r, names: map[string]int{}}
	e := event.Event{Type: event.QueryStart, WorkloadType: t.WorkloadType, QueryText: &t.Problem, Reference: t.Answer}
	if m := t.Metadata; len(m) > 0 && json.Valid(m) {
		e.Metadata = m
	}
	q.emit(e)
	return q
}

func (q *Query) emit(e event.Event) {
	e.Query, e.Attempt = q.ID, q.Attempt
	q.rec.emit(e)
}

// Partial keeps the words that a query answers with if it is cut short. Empty
// ones do not replace others.
func (q *Query) Partial(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if text != "" {
		q.text = text
	}
}

func (q *Query) partial() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.text
}

// Outcome is how a query ended.
type Outcome struct {
	Text   string // the answer; of a query cut short what there was of it
	Reason string // event.Finished, …
	Err    error  // of event.Failed
}

// Completed tells whether the agent came to an answer by its own rules.
func (o Outcome) Completed() bool {
	return o.Reason == event.Finished || o.Reason == event.MaxTurns && strings.TrimSpace(o.Text) != ""
}

// End closes the query: spans still open get their ends, with the error why,
// before query_end. A second End is without effect.
func (q *Query) End(o Outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	why := o.Err
	if why == nil {
		why = errAbandoned
	}
	for len(q.open) > 0 {
		s := q.open[len(q.open)-1]
		s.finish(s.last(why))
	}
	q.ended = true
	text := q.rec.strike(o.Text)
	completed, timedOut := o.Completed(), o.Reason == event.Timeout
	q.emit(event.Event{Type: event.QueryEnd, ResponseText: &text, Completed: &completed, TimedOut: &timedOut,
		Reason: o.Reason, Error: q.rec.errorText(mended(o.Err))})
}

// PublicURL is an endpoint as it may be written down: without the name and
// password, query and fragment that could hold a key.
func PublicURL(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

package agent

import "ipw/lib/event"

// Window is a stretch of setup or scoring, which the agent is not charged for.
type Window struct {
	*span
	rec *Recorder
	end string // the type of its last record
}

// Setup opens a setup window: container, clone, install.
func (q *Query) Setup(what string) *Window { return q.window(event.SetupStart, event.SetupEnd, what) }

// Scoring opens a scoring window.
func (q *Query) Scoring(what string) *Window {
	return q.window(event.ScoringStart, event.ScoringEnd, what)
}

func (q *Query) window(start, end, what string) *Window {
	w := &Window{rec: q.rec, end: end}
	w.span = q.start(what, noTurn, event.Event{Type: start, What: what},
		func(err error) event.Event { return w.ending(err) })
	return w
}

// End closes the window. A second End is without effect.
func (w *Window) End(err error) {
	w.q.mu.Lock()
	defer w.q.mu.Unlock()
	w.finish(w.ending(err))
}

func (w *Window) ending(err error) event.Event {
	return event.Event{Type: w.end, Error: w.rec.errorText(err)}
}

// Grade closes a scoring window with its verdict.
func (w *Window) Grade(g Grade, err error) {
	w.q.mu.Lock()
	defer w.q.mu.Unlock()
	e := w.ending(err)
	e.IsResolved, e.UnscorableReason, e.ScoreMetadata = g.Resolved, g.Reason, g.Metadata
	w.finish(e)
}

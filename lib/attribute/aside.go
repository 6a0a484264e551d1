package attribute

import (
	"slices"
	"sync"

	"ipw/lib/event"
)

// aside is where the traces of queries are made that everything has passed. With
// Options.Aside that is a goroutine of its own: it is a good part of the work, and
// a second processor's. What an account reads of the engine, and not of its query,
// changes only where the engine keeps still.
type aside struct {
	queries chan *query // nil: not begun
	making  sync.WaitGroup
	mu      sync.Mutex
	err     error // of the first trace that could not be emitted
}

// write has a query's trace made and emitted.
func (e *Engine) write(q *query) error {
	q.leave()
	if !e.opts.Aside || slices.ContainsFunc(e.domains, (*domain).boxcar) { // their past goes on
		e.still()
		e.finish(q)
		return e.aside.failed()
	}
	a := &e.aside
	if a.queries == nil {
		a.queries = make(chan *query, 16)
		go func() {
			for q := range a.queries {
				e.finish(q)
				a.making.Done()
			}
		}()
	}
	a.making.Add(1)
	a.queries <- q
	return a.failed()
}

// finish makes and emits a query's trace, unless one before it could not be.
func (e *Engine) finish(q *query) {
	if e.aside.failed() != nil {
		return
	}
	t := e.resolve(q)
	event.Release(q.events)
	e.reuse(q)
	if err := e.emit(t); err != nil {
		e.aside.mu.Lock()
		e.aside.err = err
		e.aside.mu.Unlock()
	}
}

func (a *aside) failed() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// still waits until no trace is being made.
func (e *Engine) still() { e.aside.making.Wait() }

// Stop waits for the traces that are being made. Nothing can be pushed after it.
func (e *Engine) Stop() {
	e.still()
	if q := e.aside.queries; q != nil {
		close(q)
		e.aside.queries = nil
	}
}

// brink is what was measured where a query ends, which is not of it.
type brink struct {
	peak int64 // microwatts of a sample there; negative: none
	doms []brinkDom
}

type brinkDom struct {
	start   onset
	covered bool
}

// leave takes along what the account needs of the slice behind a query.
func (q *query) leave() {
	q.brink = brink{peak: -1, doms: q.brink.doms[:0]}
	if s := q.after; s != nil {
		q.brink.peak = s.onPeak
		for i := range s.acc {
			q.brink.doms = append(q.brink.doms, brinkDom{s.acc[i].start, s.acc[i].covered})
		}
		s.kept--
	}
	q.after = nil
}

// at is a domain's part.
func (b *brink) at(d *domain) brinkDom {
	if d.index < len(b.doms) {
		return b.doms[d.index]
	}
	return brinkDom{}
}

package attribute

import (
	"math"
	"slices"

	"ipw/lib/event"
)

// Tokens shares a GPU among the calls in flight by their rate of work: until a
// call's first token PromptWeight × uncached input tokens a second, then output
// tokens a second, nothing while it is queued. It is a model, and labelled.
const Tokens = "tokens"

// rates are how fast a call worked.
type rates struct {
	start, first, end int64 // first is never without a first token
	queued            int64 // µs
	waitFirst, wait   int64 // µs in retries, before the first token and in all
	waits             int64 // until when it waits
	input, output     float64
	ended             bool
}

// spanKey names a span.
type spanKey struct {
	query queryKey
	span  string
}

// watchCalls keeps, for the tokens rule, what will be known of calls once they
// have ended: none is applied before that. Records of one instant are taken
// together, when a later one comes.
func (e *Engine) watchCalls(p *pushed) {
	if e.opts.Share != Tokens {
		return
	}
	if n := len(e.unwatched); n > 0 && e.unwatched[0].t != p.t {
		e.watchSet()
	}
	e.unwatched = append(e.unwatched, *p)
}

// watchSet watches the records of one instant in the order of sets.
func (e *Engine) watchSet() {
	slices.SortStableFunc(e.unwatched, bySet)
	for i := range e.unwatched {
		e.watchCall(&e.unwatched[i])
	}
	clear(e.unwatched)
	e.unwatched = e.unwatched[:0]
}

func (e *Engine) watchCall(p *pushed) {
	if p.ev == nil {
		e.endCalls(p.t, func(q queryKey) bool { return p.all || q.run == p.run })
		return
	}
	ev := p.ev
	key := spanKey{keyOf(p.head, ev), ev.Span}
	r := e.rates[key]
	switch ev.Type {
	case event.LMStart, event.SubmodelStart:
		if r == nil {
			e.rates[key] = &rates{start: p.t, first: never, waits: p.t}
		}
	case event.LMFirstToken:
		if r != nil && r.first == never {
			r.first, r.waitFirst = p.t, r.waited(p.t)
		}
	case event.Retry:
		if r != nil && !r.ended && ev.WaitS != nil && *ev.WaitS > 0 && *ev.WaitS < 1e9 {
			r.pause(p.t, int64(*ev.WaitS*1e6+0.5))
		}
	case event.LMEnd, event.SubmodelEnd:
		if r != nil && !r.ended {
			r.finish(p.t, ev, e.opts.PromptWeight)
			if r.queued > 0 {
				e.insert(pushed{t: r.start + r.queued, head: p.head, ev: &event.Event{Type: dequeued, TUs: ev.TUs, Query: ev.Query, Attempt: ev.Attempt, Span: ev.Span}})
			}
		}
	case event.QueryEnd:
		e.endCalls(p.t, func(q queryKey) bool { return q == key.query })
	}
}

// endCalls ends the calls in flight of some queries, which nothing else ends.
func (e *Engine) endCalls(t int64, of func(queryKey) bool) {
	for k, r := range e.rates {
		if !r.ended && of(k.query) {
			r.end, r.ended, r.wait = t, true, r.waited(t)
		}
	}
}

// pause lets a call wait from t on; waits that overlap are one.
func (r *rates) pause(t, us int64) {
	if until := t + us; until > r.waits {
		r.wait += until - max(t, r.waits)
		r.waits = until
	}
}

// waited is how long a call had waited by t.
func (r *rates) waited(t int64) int64 { return r.wait - max(0, r.waits-t) }

// dequeued is our own record: a call left the server's queue.
const dequeued = "\x00dequeued"

func (r *rates) finish(t int64, ev *event.Event, promptWeight float64) {
	r.end, r.ended, r.wait = t, true, r.waited(t)
	if ev.QueueS != nil && *ev.QueueS > 0 {
		r.queued = min(int64(*ev.QueueS*1e6+0.5), min(r.first, t)-r.start)
	}
	r.input = promptWeight * float64(max(0, deref(ev.InputTokens)-deref(ev.CachedTokens)))
	r.output = float64(deref(ev.OutputTokens))
}

// insert puts a record of our own at its place in the queue.
func (e *Engine) insert(p pushed) {
	i := e.head
	for i < len(e.queue) && e.queue[i].t <= p.t {
		i++
	}
	p.classify()
	e.queue = slices.Insert(e.queue, i, p)
}

// knownCalls is the time up to which every call that has begun has ended.
func (e *Engine) knownCalls() int64 {
	t := int64(never)
	if e.opts.Share == Tokens && !e.eventsOver {
		for _, r := range e.rates {
			if !r.ended {
				t = min(t, r.start-1)
			}
		}
		if len(e.unwatched) > 0 {
			t = min(t, e.unwatched[0].t-1)
		}
	}
	return t
}

// weigh tells whether a call counts as in flight at a moment within its span,
// and by how much.
func (s *span) weigh(t int64) (weight float64, inFlight bool) {
	r := s.rates
	if r == nil {
		return 1, true
	}
	rate := func(work float64, us int64) float64 {
		if us <= 0 {
			return 0
		}
		return work / (float64(us) / 1e6)
	}
	switch {
	case t < r.start+r.queued:
		return 0, false
	case r.first == never:
		return rate(r.input+r.output, r.end-r.start-r.queued-r.wait), true
	case t < r.first:
		return rate(r.input, r.first-r.start-r.queued-r.waitFirst), true
	}
	return rate(r.output, r.end-r.first-(r.wait-r.waitFirst)), true
}

// load is the model calls that share a domain: how many, and their weight.
type load struct {
	n      int
	weight float64
}

func (l *load) add(s *span, t int64) {
	if w, ok := s.weigh(t); ok {
		l.n++
		l.weight += w
	}
}

// part is what one load is of another that contains it. Calls without any known
// rate count alike.
func (l load) part(of load) float64 {
	switch {
	case of.weight > 0:
		return l.weight / of.weight
	case of.n > 0:
		return float64(l.n) / float64(of.n)
	}
	return 0
}

// weighted returns the part of nj between two running weights of a load.
func weighted(nj int64, from, to, whole float64) int64 {
	at := func(w float64) int64 {
		if w >= whole*(1-1e-15) {
			return nj
		}
		return int64(math.Round(float64(nj) * w / whole))
	}
	return at(to) - at(from)
}

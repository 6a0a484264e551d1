package attribute

import (
	"cmp"
	"slices"

	"ipw/lib/event"
)

// record applies one record.
func (e *Engine) record(t int64, p *pushed) {
	if p.ev == nil {
		e.closeRun(t, p)
		return
	}
	ev := p.ev
	if !e.dated {
		e.dated, e.firstUs = true, ev.TUs
	}
	e.lastUs = ev.TUs
	key := keyOf(p.head, ev)
	if p.isWindow() {
		if e.late[key]--; e.late[key] <= 0 {
			delete(e.late, key)
		}
	}
	q := e.openQuery(&key)
	switch {
	case p.class == startsQuery:
		q = e.startQuery(t, key, p, q)
		q.events = append(q.events, ev)
		return
	case q == nil && ev.Type == event.SetupStart && e.startAhead(key):
		e.warn("early setup", "query %q: setup begins before its start: it is taken to start there", ev.Query)
		q = e.newQuery(t, key, p)
	}
	if q == nil {
		if p.class != tells || ev.Type == event.LMFirstToken || ev.Type == event.Retry {
			e.warn("stray "+ev.Type, "%s of query %q, which is not open: ignored", ev.Type, ev.Query)
		}
		return
	}
	e.touch(q)
	q.lastUs = ev.TUs
	q.events = append(q.events, ev)
	switch p.class {
	case endsQuery:
		e.endQuery(t, q, ev)
	case startsSpan:
		e.startSpan(t, q, p)
	case endsSpan:
		e.endSpan(t, q, p)
	case tells:
		e.tell(t, q, ev)
	}
}

// tell applies a record that is a moment of a span.
func (e *Engine) tell(t int64, q *query, ev *event.Event) {
	switch ev.Type {
	case event.LMFirstToken:
		if s := q.span(ev.Span); s != nil && s.kind.isCall() && s.open() && s.firstToken == never {
			s.firstToken, s.token = t, ev
		}
	case event.Retry:
		e.retry(t, q, ev)
	}
}

// openQuery is the query of a key if it is open, else nil.
func (e *Engine) openQuery(key *queryKey) *query {
	i, found := slices.BinarySearchFunc(e.open, key, func(q *query, key *queryKey) int { return q.key.compare(key) })
	if !found {
		return nil
	}
	return e.open[i]
}

func (e *Engine) newQuery(t int64, key queryKey, p *pushed) *query {
	q := e.blankQuery()
	q.key, q.head, q.first = key, p.head, p.ev
	q.start, q.end, q.startUs, q.lastUs = t, never, p.ev.TUs, p.ev.TUs
	e.firstQuery = min(e.firstQuery, t)
	e.open = withQuery(e.open, q)
	e.touch(q)
	return q
}

// startQuery begins a query, unless it is q, which is open.
func (e *Engine) startQuery(t int64, key queryKey, p *pushed, q *query) *query {
	if q == nil {
		q = e.newQuery(t, key, p)
	} else if q.begin != nil {
		e.warn("duplicate "+key.id, "query %q starts again while it is open: ignored", key.id)
		return q
	}
	q.begin = p.ev
	for _, early := range q.early {
		e.startSpan(t, q, &early)
	}
	q.early = nil
	return q
}

// endQuery closes a query, unless a setup or scoring window extends it.
func (e *Engine) endQuery(t int64, q *query, ev *event.Event) {
	if q.finish != nil {
		return
	}
	q.finish, q.closed = ev, true
	e.maybeClose(t, q, ev)
}

// maybeClose closes a query that has ended and that nothing extends.
func (e *Engine) maybeClose(t int64, q *query, by *event.Event) {
	if !q.closed || q.end != never {
		return
	}
	if e.windowAhead(q) {
		e.warn("late window", "query %q: a setup or scoring window outlasts it: it is taken to end there", q.key.id)
		e.endSpans(t, q, false, by)
		return
	}
	e.endSpans(t, q, true, by)
	q.end, q.last = t, by
	e.open = withoutQuery(e.open, q)
	e.ended = append(e.ended, q)
}

// startAhead looks in the queue for the start of a query. Live, it is taken to
// be on its way.
func (e *Engine) startAhead(key queryKey) bool {
	return e.opts.Live && !e.eventsOver || slices.ContainsFunc(e.queue[e.head:], func(p pushed) bool {
		return p.ev != nil && p.ev.Type == event.QueryStart && keyOf(p.head, p.ev) == key
	})
}

// windowAhead looks in the queue for a setup or scoring window of a query that
// has ended, one that begins, or the end of one that is open, before the query
// starts again. A window without an end ends with its query.
func (e *Engine) windowAhead(q *query) bool {
	if e.late[q.key] == 0 {
		return false
	}
	for _, p := range e.queue[e.head:] {
		if p.ev == nil || p.ev.Query != q.key.id || keyOf(p.head, p.ev) != q.key {
			continue
		}
		switch p.ev.Type {
		case event.SetupStart, event.ScoringStart:
			return true
		case event.SetupEnd, event.ScoringEnd:
			if s := q.span(p.ev.Span); s != nil && s.open() {
				return true
			}
		case event.QueryStart:
			return false
		}
	}
	return false
}

// endSpans ends the spans still open when their query ends.
func (e *Engine) endSpans(t int64, q *query, windows bool, by *event.Event) {
	for _, s := range q.spans {
		if s.open() && (windows || s.kind < setupWindow) {
			if by != nil {
				e.warn("open span", "span %q of query %q is open when the query ends: it is taken to end there", s.id, q.key.id)
			}
			e.land(t, s, by)
		}
	}
}

func (e *Engine) startSpan(t int64, q *query, p *pushed) {
	ev := p.ev
	kind := p.kind
	if ev.Span == "" || q.span(ev.Span) != nil {
		e.warn("span", "%s of query %q: span %q is missing or not new: ignored", ev.Type, ev.Query, ev.Span)
		return
	}
	if q.begin == nil && kind < setupWindow {
		e.warn("span early", "%s of query %q before its start: it is taken to start there", ev.Type, ev.Query)
		q.early = append(q.early, *p)
		return
	}
	if q.closed && kind < setupWindow {
		e.warn("span late", "%s of query %q after its end: ignored", ev.Type, ev.Query)
		return
	}
	s := q.blankSpan()
	*s = span{kind: kind, id: ev.Span, q: q, turn: -1, start: t, end: never, firstToken: never, begin: ev, tool: -1}
	if ev.Turn != nil && *ev.Turn >= 0 {
		s.turn = *ev.Turn
	}
	q.add(s)
	switch kind {
	case setupWindow:
		q.setups++
	case scoringWindow:
		q.scorings++
	case toolCall:
		q.live = e.withSpan(q.live, s)
	default:
		s.place = e.placeOf(p.head, ev)
		if len(e.rates) > 0 {
			k := spanKey{q.key, ev.Span}
			s.rates = e.rates[k]
			delete(e.rates, k)
		}
		e.fly(s)
	}
}

func (e *Engine) endSpan(t int64, q *query, p *pushed) {
	ev := p.ev
	if q.begin == nil {
		q.early = slices.DeleteFunc(q.early, func(p pushed) bool { return p.ev.Span == ev.Span })
	}
	s := q.span(ev.Span)
	if s == nil || s.kind != p.kind || s.finish != nil {
		e.warn("end "+ev.Type, "%s of query %q: span %q was not started, or has ended: ignored", ev.Type, ev.Query, ev.Span)
		return
	}
	s.finish = ev
	if s.kind == scoringWindow && (ev.IsResolved != nil || ev.UnscorableReason != "" || ev.ScoreMetadata != nil) {
		q.scored = ev
	}
	if s.open() {
		e.land(t, s, ev)
	}
	e.maybeClose(t, q, ev)
}

// fly puts a model call in flight.
func (e *Engine) fly(s *span) {
	s.q.live = e.withSpan(s.q.live, s)
	e.calls = e.withSpan(e.calls, s)
	e.touch(s.q)
}

// ground takes a model call out of flight: it waits, or has ended.
func (e *Engine) ground(s *span) {
	s.q.live = e.withoutSpan(s.q.live, s)
	e.calls = e.withoutSpan(e.calls, s)
}

// land ends a span.
func (e *Engine) land(t int64, s *span, by *event.Event) {
	s.end, s.landed = t, by
	switch s.kind {
	case setupWindow:
		s.q.setups--
	case scoringWindow:
		s.q.scorings--
	default:
		e.ground(s)
	}
}

// retry grounds a model call for as long as it waits.
func (e *Engine) retry(t int64, q *query, ev *event.Event) {
	s := q.span(ev.Span)
	if s == nil || !s.kind.isCall() || !s.open() || ev.WaitS == nil || *ev.WaitS <= 0 || *ev.WaitS > 1e9 {
		return
	}
	s.waits++
	e.ground(s)
	w := wake{t + int64(*ev.WaitS*1e6+0.5), s}
	i, _ := slices.BinarySearchFunc(e.wakes, w, func(a, b wake) int { return cmp.Compare(a.t, b.t) })
	e.wakes = slices.Insert(e.wakes, i, w)
}

// closeRun ends the queries of a run that nothing will end.
func (e *Engine) closeRun(t int64, p *pushed) {
	for _, q := range slices.Clone(e.open) {
		if !p.all && q.key.run != p.run {
			continue
		}
		if !p.broken {
			e.warn("open query", "query %q has no end: it is taken to end with the last event of its run", q.key.id)
		}
		e.touch(q)
		q.closed = true
		delete(e.late, q.key)
		e.endSpans(t, q, true, nil)
		q.setups, q.scorings = 0, 0
		e.maybeClose(t, q, nil)
	}
}

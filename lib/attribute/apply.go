package attribute

import (
	"cmp"
	"slices"

	"ipw/lib/event"
)

// eventSegment is the state of the event stream's reading.
type eventSegment struct {
	head  *event.Header
	byM   bool
	now   int64
	any   bool
	back  int
	drift drift
	far   int64 // how far the wall clock has moved so far, in microseconds
}

// EventHeader begins a segment of events.
func (e *Engine) EventHeader(h *event.Header) {
	if old := e.events.head; old != nil && old.Run != h.Run && old.Run != "" {
		e.push(pushed{t: e.events.now, run: old.Run, head: old}) // another run: nothing of the old one goes on
	}
	e.events.head, e.events.byM = h, e.clocks.joined(h.BootID) || len(e.segments) == 0 && h.BootID != ""
	e.events.drift, e.events.far = drift{}, 0
	e.meet(h.Host)
}

// strayed refuses the join with another host if the events' wall clock moved by
// more than its error. How the events join their own host's power is no matter.
func (e *Engine) strayed(host string, by int64) {
	e.moved[host] = max(e.moved[host], by)
	for _, s := range e.segments {
		if s.foreign {
			e.refuse(s)
		}
	}
}

// refuse looks at one such join. Events are read ahead, so that the power's
// header may come after they moved.
func (e *Engine) refuse(s *segment) {
	for host, by := range e.moved {
		if e.err == nil && by > s.eps && !sameHost(host, s.header.Host) {
			e.err = &DriftError{host, by}
		}
	}
}

// Event takes one record. The engine keeps it, and releases it when the trace of
// its query is written.
func (e *Engine) Event(ev *event.Event) {
	s := &e.events
	m := int64(0)
	if ev.MUs != nil {
		m = *ev.MUs
	}
	t := e.clocks.time(s.byM, s.head.BootID, ev.TUs+e.opts.Offsets[s.head.Host].Us, m, ev.MUs != nil)
	if by := s.drift.moved(ev.TUs, m, ev.MUs != nil); by > s.far {
		s.far = by
		e.strayed(s.head.Host, by)
	}
	if s.any && t < s.now {
		s.back++
		t = s.now
		late := *ev
		late.MUs = nil // its place is another's
		ev = &late
	}
	s.now, s.any = t, true
	e.push(pushed{t: t, head: s.head, ev: ev})
}

// EventEOF ends the event stream: what is open ends with its last event.
func (e *Engine) EventEOF() error {
	if !e.eventsOver {
		e.eventsOver = true
		if n := e.events.back; n > 0 {
			e.warn("", "%d events stood before an earlier one: each was taken at its predecessor's time", n)
		}
		e.push(pushed{t: e.Last(), all: true})
	}
	return e.Known(never)
}

// EventEnd ends a segment: anything but ok closes what is open in its run.
func (e *Engine) EventEnd(status string) {
	if s := &e.events; status != "ok" && status != "open" && s.any {
		e.push(pushed{t: s.now, run: s.head.Run, head: s.head, broken: true})
	}
}

// push queues an event; one that comes after its time was taken for known (a
// live stream that stalled) is taken at the end of what is known.
func (e *Engine) push(p pushed) {
	if p.ev != nil && p.t <= e.horizon && e.horizon != never && e.opts.Live {
		p.t = e.horizon + 1
	}
	p.classify()
	if p.isWindow() {
		e.late[keyOf(p.head, p.ev)]++
	}
	e.queue = append(e.queue, p)
	e.watchCalls(&p)
}

func keyOf(h *event.Header, ev *event.Event) queryKey {
	return queryKey{h.Run, ev.Query, max(ev.Attempt, 1)}
}

// apply applies all sets of events, and ends of retry waits, up to t.
func (e *Engine) apply(t int64) {
	t = min(t, e.horizon)
	if e.nextChange() > t {
		return
	}
	for {
		at := e.nextChange()
		if at > t || at == never && e.head == len(e.queue) {
			break
		}
		end := e.head
		for end < len(e.queue) && e.queue[end].t == at {
			end++
		}
		set := e.queue[e.head:end]
		e.head = end
		if len(set) > 0 && set[0].ev == nil { // what nothing ended ends with the last event, known late or not
			at = max(at, e.last.t0)
		}
		e.applySet(at, set)
	}
	if e.head == len(e.queue) {
		e.queue, e.head = e.queue[:0], 0
	} else if e.head > 1024 && e.head*2 > len(e.queue) {
		e.queue = slices.Delete(e.queue, 0, e.head)
		e.head = 0
	}
}

// nextChange is when the next set of events, or end of a wait, is.
func (e *Engine) nextChange() int64 {
	t := int64(never)
	if e.head < len(e.queue) {
		t = e.queue[e.head].t
	}
	if len(e.wakes) > 0 {
		t = min(t, e.wakes[0].t)
	}
	return t
}

// class is what a record does; it orders the records of one instant.
type class int8

const (
	startsQuery class = iota
	startsSpan
	tells // and changes nothing that it does not name
	endsSpan
	endsQuery
	closes // what is open
)

// deed is what a record does, and to which kind of span.
type deed struct {
	class class
	kind  spanKind
}

// deeds are those of the records that begin or end something.
var deeds = map[string]deed{
	event.QueryStart:    {class: startsQuery},
	event.QueryEnd:      {class: endsQuery},
	event.LMStart:       {startsSpan, lmCall},
	event.LMEnd:         {endsSpan, lmCall},
	event.ToolStart:     {startsSpan, toolCall},
	event.ToolEnd:       {endsSpan, toolCall},
	event.SubmodelStart: {startsSpan, subCall},
	event.SubmodelEnd:   {endsSpan, subCall},
	event.SetupStart:    {startsSpan, setupWindow},
	event.SetupEnd:      {endsSpan, setupWindow},
	event.ScoringStart:  {startsSpan, scoringWindow},
	event.ScoringEnd:    {endsSpan, scoringWindow},
}

// classify sets what a record does.
func (p *pushed) classify() {
	p.deed = deed{class: closes}
	if p.ev == nil {
		return
	}
	var known bool
	if p.deed, known = deeds[p.ev.Type]; !known {
		p.class = tells
	}
}

// isWindow reports the records of setup and scoring windows.
func (p *pushed) isWindow() bool {
	return (p.class == startsSpan || p.class == endsSpan) && p.kind >= setupWindow
}

func bySet(a, b pushed) int {
	if c := cmp.Compare(a.class, b.class); c != 0 || a.ev == nil {
		return c
	}
	x, y := a.ev, b.ev
	return cmp.Or(cmp.Compare(x.Query, y.Query), cmp.Compare(x.Attempt, y.Attempt), cmp.Compare(x.Span, y.Span), cmp.Compare(x.Type, y.Type))
}

// applySet applies the records of one instant as one set.
func (e *Engine) applySet(t int64, set []pushed) {
	if len(set) > 1 {
		slices.SortStableFunc(set, bySet)
	}
	for i := range set {
		e.record(t, &set[i])
	}
	for len(e.wakes) > 0 && e.wakes[0].t <= t {
		s := e.wakes[0].s
		e.wakes = e.wakes[1:]
		if s.waits--; s.waits == 0 && s.open() {
			e.fly(s)
		}
	}
	if len(set) > 0 {
		e.started = true
		e.applied = t
	}
	e.edge(t, len(set) > 0)
}

// edge ends the open slice at t, and the epochs of the queries concerned.
// A record that concerns no query still is an event: the run goes on to it.
func (e *Engine) edge(t int64, record bool) {
	for _, q := range e.touched {
		q.touched = false
		if q.end == never {
			q.openEpoch(t)
		} else {
			q.closeEpochs(t)
		}
	}
	changed := len(e.touched) > 0 || record
	clear(e.touched) // or the past would hang on them
	e.touched = e.touched[:0]
	if !changed {
		return
	}
	old := e.last
	if old.t0 == t {
		old.queries, old.calls = e.open, e.calls
		old.unshare()
		e.markEnds(old)
		return
	}
	old.t1 = t
	old.inRun = e.opened
	e.opened = e.started
	e.last = e.newSlice(t)
	old.next = e.last
	e.markEnds(e.last)
}

// markEnds remembers the slice that begins where queries end.
func (e *Engine) markEnds(s *slice) {
	for _, q := range e.ended {
		if q.after == nil && q.end == s.t0 {
			q.after = s
			s.kept++
		}
	}
}

func (e *Engine) touch(q *query) {
	if !q.touched {
		q.touched = true
		e.touched = append(e.touched, q)
	}
}

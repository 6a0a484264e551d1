package foreign

import (
	"ipw/lib/event"
	"ipw/lib/stream"
)

// spansOf makes the query's spans: a turn for each model call in the order of
// their starts, tools in the turn of the call before them.
func (o *otlp) spansOf(q *query, g *group) {
	g.enclose()
	turns := make(map[*otelSpan]int) // of the calls that have turns
	n := 0
	var calls []*otelSpan
	for _, s := range g.works {
		if s.class == callSpan && s.tool == nil {
			turns[s] = n
			n++
			calls = append(calls, s)
		}
	}
	last := q.end
	for _, s := range g.works {
		last = max(last, s.start, s.end)
	}
	for _, s := range g.works {
		turn := 0
		switch {
		case s.call != nil: // within a model call
			turn = turns[s.call]
		case turns[s] > 0:
			turn = turns[s]
		case s.tool != nil:
			turn = turnBefore(calls, turns, s.outermost())
		case s.class != callSpan:
			turn = turnBefore(calls, turns, s)
		}
		w := s.work(turn, last)
		if host := s.servedOn(); w.kind != toolCall && w.endpoint == "" && host != "" && q.host != "" && host != q.host {
			w.endpoint = "http://" + host
		}
		q.spans = append(q.spans, w)
	}
}

// servedOn is the host of the server that wrote a span of the call, else of the
// process that made the call.
func (s *otelSpan) servedOn() string {
	for _, p := range s.inner {
		if p.attrs.queue != nil {
			return p.resource.host
		}
	}
	return s.resource.host
}

// enclose forgets tools that are round the query, not in it.
func (g *group) enclose() {
	in := make(map[*otelSpan]bool, len(g.works))
	for _, s := range g.works {
		in[s] = true
	}
	for _, s := range g.works {
		if !in[s.tool] {
			s.tool = nil
		}
	}
}

// outermost is the tool round a span that is in no other tool.
func (s *otelSpan) outermost() *otelSpan {
	for s.tool != nil {
		s = s.tool
	}
	return s
}

// turnBefore is the turn of the last model call that began before a span: of
// its own agent if there is one, else of any; the first turn if none did.
func turnBefore(calls []*otelSpan, turns map[*otelSpan]int, s *otelSpan) int {
	if s.call != nil {
		return turns[s.call]
	}
	turn, own := 0, false
	for _, c := range calls {
		if c.start > s.start {
			break
		}
		same := c.nearestAgent() == s.nearestAgent()
		if same || !own {
			turn, own = turns[c], own || same
		}
	}
	return turn
}

func (s *otelSpan) nearestAgent() *otelSpan {
	for s != nil && s.class != agentSpan {
		s = s.parent
	}
	return s
}

// work makes a span of the event stream. last is the query's last moment, at
// which spans end whose end is not known.
func (s *otelSpan) work(turn int, last int64) span {
	w := span{id: s.id, turn: turn, depth: s.depth, start: s.start, end: s.end, line: s.line, endDerived: s.bent}
	if s.end == 0 {
		w.end, w.endDerived = last, true
	}
	if s.failed || s.attrs.errorType != "" {
		w.err = s.problem()
	}
	if s.class == toolSpan {
		w.kind = toolCall
		s.asTool(&w)
	} else {
		w.kind = modelCall
		if s.class == helperSpan || s.tool != nil {
			w.kind = submodelCall
		}
		s.asCall(&w)
	}
	if s.tool != nil {
		w.parent = s.tool.id
	}
	return w
}

// problem is what a failed span says of its failure.
func (s *otelSpan) problem() *string {
	for _, text := range []string{s.status, s.thrown, s.attrs.errorType} {
		if text != "" {
			text = stream.Clip(text, event.MaxText)
			return &text
		}
	}
	text := "error"
	return &text
}

func (s *otelSpan) asTool(w *span) {
	c := &s.attrs
	w.tool, w.callID = c.tool, c.callID
	for _, name := range []string{afterFirst(s.name, "execute_tool "), s.name, "tool"} {
		if w.tool == "" {
			w.tool = name
		}
	}
	arguments, result := c.arguments, c.result
	if arguments == nil && c.input != "" {
		arguments = &c.input
	}
	if result == nil && c.output != "" {
		result = &c.output
	}
	if arguments != nil {
		w.arguments = pointer(stream.Clip(*arguments, event.MaxText))
	}
	if result != nil {
		n := int64(len(*result))
		w.resultBytes = &n
	}
}

func afterFirst(name, prefix string) string {
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):]
	}
	return ""
}

// asCall takes what the call's span says, and what its parts say better: a
// server knows when it began to work, and what it counted.
func (s *otelSpan) asCall(w *span) {
	c := &s.attrs
	w.model, w.provider, w.endpoint = c.model(), c.provider, c.endpoint()
	w.usage, w.finish = c.usage, c.finish
	w.first = s.first
	if c.firstToken != nil {
		w.first = s.start + *c.firstToken
	}
	if c.queue != nil {
		w.start = min(s.start+*c.queue, w.end)
	}
	s.parts(w)
	if elsewhere(w.provider) && w.endpoint == "" {
		no := false
		w.local = &no
	}
	w.usage.inclusive()
}

// parts adds the call's inner calls.
func (s *otelSpan) parts(w *span) {
	var used usage
	var served []*otelSpan
	for _, p := range s.inner {
		c := &p.attrs
		if !p.calls { // the innermost view: those round it count the same
			used.plus(c.usage)
		}
		if c.queue != nil {
			served = append(served, p)
		}
		for _, x := range []struct{ to, from *string }{{&w.model, pointer(c.model())}, {&w.provider, &c.provider}, {&w.endpoint, pointer(c.endpoint())}, {&w.finish, &c.finish}} {
			if *x.to == "" {
				*x.to = *x.from
			}
		}
		if w.first == 0 && c.firstToken != nil {
			w.first = p.start + *c.firstToken
		} else if w.first == 0 {
			w.first = p.first
		}
	}
	if !w.usage.counted() {
		used.cost, w.usage.cost = w.usage.cost, nil
		w.usage = used
	}
	s.served(w, served)
}

// served narrows a client's call to the time in which its server worked on it.
// If the two clocks disagree, so that the server's time is not inside the
// client's, only the length of its queue is taken.
func (s *otelSpan) served(w *span, served []*otelSpan) {
	if len(served) == 0 {
		return
	}
	start, end := served[0].start+*served[0].attrs.queue, served[0].end
	for _, p := range served {
		start, end = min(start, p.start+*p.attrs.queue), max(end, p.end)
	}
	if start >= s.start && start <= w.end && end <= w.end && end >= start {
		w.start, w.end = start, end
		return
	}
	w.start, w.startDerived = min(s.start+*served[0].attrs.queue, w.end), true
	w.first = 0
}

package foreign

import "slices"

// describe says what is known of a query beside its spans.
func (o *otlp) describe(q *query, g *group, order []*otelSpan) {
	own := g.span
	for i := range q.spans {
		if s := &q.spans[i]; s.kind == modelCall && q.model == "" {
			q.model = s.model
		}
	}
	if own == nil {
		own = &otelSpan{resource: g.works[0].resource, scope: g.works[0].scope}
	}
	c := &own.attrs
	q.agent = c.agentName
	if q.agent == "" {
		q.agent = own.resource.service
	}
	if q.model == "" {
		q.model = c.model()
	}
	q.asked, q.answered = firstText(c.asked, c.input), firstText(c.answered, c.output)
	o.say(q, g)
	o.workload(q, g, own, order)
	q.note("trace_id", g.trace(own))
	q.note("span_id", own.id)
	q.note("span_name", own.name)
	q.note("service.name", own.resource.service)
	if own.class == agentSpan || own.class == structure { // a call's own are no facts about a task
		q.noteMembers(own.other)
	}
	queue := int64(0)
	for _, s := range g.works {
		queue += s.queued()
	}
	if queue > 0 {
		q.note("queue_s", float64(queue)/1e6)
	}
}

func (g *group) trace(own *otelSpan) string {
	if own.trace == "" {
		return g.works[0].trace
	}
	return own.trace
}

// queued is how long a call waited in its server's queue.
func (s *otelSpan) queued() int64 {
	if s.attrs.queue != nil {
		return *s.attrs.queue
	}
	sum := int64(0)
	for _, p := range s.inner {
		if p.attrs.queue != nil {
			sum += *p.attrs.queue
		}
	}
	return sum
}

// firstText is the first text that is not empty, nil for none.
func firstText(texts ...string) *string {
	for _, t := range texts {
		if t != "" {
			return &t
		}
	}
	return nil
}

// say takes from the model calls what the query's own span does not say: the
// question from the first, the answer from the last.
func (o *otlp) say(q *query, g *group) {
	ask := func(s *otelSpan) *string { return firstText(s.attrs.asked, s.attrs.input) }
	tell := func(s *otelSpan) *string { return firstText(s.attrs.answered, s.attrs.output) }
	for _, s := range g.works {
		if q.asked == nil && s.class == callSpan && s.tool == nil {
			q.asked = ask(s)
		}
	}
	for _, s := range slices.Backward(g.works) {
		if q.answered == nil && s.class == callSpan && s.tool == nil {
			q.answered = tell(s)
		}
	}
}

// workload looks for the attribute of --type-from: on the query's span, on what
// is in it, on its process.
func (o *otlp) workload(q *query, g *group, own *otelSpan, order []*otelSpan) {
	if o.opts.TypeFrom == "" {
		return
	}
	found := own.typed
	inside := append(slices.Clone(g.works), order...)
	for i, s := range inside {
		if found == "" && (i < len(g.works) || g.span != nil && s.within(g.span)) {
			found = s.typed
		}
	}
	if found == "" {
		found = own.resource.typed
	}
	q.workload, q.typed = found, found != ""
}

func (s *otelSpan) within(q *otelSpan) bool {
	for s != nil && s != q {
		s = s.parent
	}
	return s == q
}

// noteMembers adds members that are JSON already.
func (q *query) noteMembers(members []byte) {
	if len(members) == 0 {
		return
	}
	if q.metadata == nil {
		q.metadata = append(q.metadata, '{')
	} else {
		q.metadata = append(q.metadata, ',')
	}
	q.metadata = append(q.metadata, members...)
}

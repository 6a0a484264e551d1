package foreign

import (
	"cmp"
	"slices"

	"ipw/lib/event"
)

// group is what a query is made of.
type group struct {
	span  *otelSpan   // the query's own; nil if it is missing
	works []*otelSpan // model calls and tools, parts of calls left out
	flat  bool        // nothing is missing: the log has no parents
}

// queriesOf makes queries of a trace.
func (o *otlp) queriesOf(t *trace) []*query {
	order := t.grow()
	if o.dull(order) {
		return nil
	}
	var queries []*query
	groups := groupsOf(order)
	for i := range groups {
		q := o.queryOf(t, order, &groups[i], len(groups) == 1)
		queries = append(queries, q)
	}
	return queries
}

// dull reports a trace that has nothing to do with models, and counts it.
func (o *otlp) dull(order []*otelSpan) bool {
	if slices.ContainsFunc(order, func(s *otelSpan) bool { return s.class != structure }) {
		return false
	}
	for _, s := range order {
		o.tallies.plain.add(s.file, s.line)
	}
	return true
}

// groupsOf finds a trace's queries: each outermost agent, if everything is done
// by agents; else each root that something is done under; and for what hangs in
// the air, because its parents were not exported or there are none, the query
// that it falls into, or one of its own.
func groupsOf(order []*otelSpan) []group {
	by := make(map[*otelSpan]*group)
	var list []*otelSpan
	open := func(s *otelSpan) *group {
		if by[s] == nil {
			by[s] = &group{span: s}
			list = append(list, s)
		}
		return by[s]
	}
	agents := allByAgents(order)
	var loose []*otelSpan
	for _, s := range order {
		top := s.root
		if s.agent != nil && (agents || !s.root.whole()) {
			top = s.agent
		}
		switch {
		case s.alone():
			loose = append(loose, s)
		case s.class == agentSpan && top == s, s.class.works() && !s.part() && (top.whole() || top.class == agentSpan):
			g := open(top)
			if s.class.works() {
				g.works = append(g.works, s)
			}
		case s.class.works() && !s.part():
			loose = append(loose, s)
		}
	}
	var groups []group
	for _, s := range list {
		groups = append(groups, *by[s])
	}
	return append(groups, adopt(groups, loose)...)
}

// allByAgents reports that no call or tool with a known root is outside of all
// agents.
func allByAgents(order []*otelSpan) bool {
	any := false
	for _, s := range order {
		any = any || s.class == agentSpan
		if s.class.works() && s.agent == nil && s.root.whole() {
			return false
		}
	}
	return any
}

// adopt gives each loose span to the shortest query it begins in, and makes
// queries of the others: one of all, if there are tools among them, since then
// an agent was at work; else one of each.
func adopt(groups []group, loose []*otelSpan) (more []group) {
	var rest []*otelSpan
	for _, s := range loose {
		var best *group
		for i := range groups {
			q := groups[i].span
			if q.holds(s.start) && (best == nil || best.span.end == 0 || q.end != 0 && q.end-q.start < best.span.end-best.span.start) {
				best = &groups[i]
			}
		}
		if best != nil {
			best.works = append(best.works, s)
		} else {
			rest = append(rest, s)
		}
	}
	if slices.ContainsFunc(rest, func(s *otelSpan) bool { return s.class != callSpan }) {
		return one(rest)
	}
	for _, s := range rest {
		more = append(more, group{span: s, works: []*otelSpan{s}})
	}
	return more
}

// one makes a single query of spans.
func one(spans []*otelSpan) []group {
	if len(spans) == 1 {
		return []group{{span: spans[0], works: spans}}
	}
	flat := !slices.ContainsFunc(spans, func(s *otelSpan) bool { return s.parentID != "" })
	return []group{{works: spans, flat: flat}}
}

// alone reports a call or tool that has neither a parent nor anything below it.
func (s *otelSpan) alone() bool {
	return s.class.works() && s.parentID == "" && !s.entry && !s.calls && !s.tools && !s.agents
}

// holds reports a moment within a span, which may have no known end.
func (s *otelSpan) holds(t int64) bool { return t >= s.start && (t < s.end || s.end == 0) }

// queryOf makes one query.
func (o *otlp) queryOf(t *trace, order []*otelSpan, g *group, only bool) *query {
	slices.SortFunc(g.works, func(a, b *otelSpan) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.depth, b.depth), cmp.Compare(a.id, b.id))
	})
	own := g.span
	first := own
	if first == nil {
		first = g.works[0]
	}
	q := &query{id: t.id, start: first.start, end: first.end, file: first.file, line: first.line,
		host: first.resource.host, tool: first.scope.String(), reason: event.Finished}
	if !only || own == nil && !g.flat {
		q.id += "-" + first.id
	}
	switch {
	case own == nil:
		q.end, q.endDerived, q.startDerived = first.start, true, true
		if !g.flat {
			q.reason = event.Interrupted
		}
	case own.end == 0:
		q.end, q.endDerived, q.reason = own.start, true, event.Interrupted
	case own.failed:
		q.reason, q.err = event.Failed, own.problem()
	}
	o.spansOf(q, g)
	o.describe(q, g, order)
	start, end := q.start, q.end
	q.arrange()
	if own != nil && own.end != 0 && (q.start < start || q.end > end) {
		o.tallies.outside.add(q.file, q.line)
	}
	return q
}

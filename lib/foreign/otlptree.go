package foreign

import (
	"cmp"
	"slices"
)

// works reports a span that is a query's work.
func (c class) works() bool { return c == callSpan || c == helperSpan || c == toolSpan }

// grow links the spans of a trace and tells each what it stands in. It returns
// them parents first.
func (t *trace) grow() []*otelSpan {
	slices.SortFunc(t.spans, func(a, b *otelSpan) int { // whatever order they came in
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.id, b.id))
	})
	children := make(map[*otelSpan][]*otelSpan)
	var order []*otelSpan
	for _, s := range t.spans {
		if s.parent = t.byID[s.parentID]; s.parent == nil || s.parent == s {
			s.parent = nil
			order = append(order, s)
		} else {
			children[s.parent] = append(children[s.parent], s)
		}
	}
	reached := make(map[*otelSpan]bool, len(t.spans))
	walk := func(from int) {
		for i := from; i < len(order); i++ {
			reached[order[i]] = true
			order = append(order, children[order[i]]...)
		}
	}
	walk(0)
	for _, s := range t.spans { // parents in a circle: the earliest is taken for the root
		if !reached[s] {
			up := children[s.parent]
			children[s.parent] = slices.Delete(slices.Clone(up), slices.Index(up, s), slices.Index(up, s)+1)
			s.parent = nil
			n := len(order)
			order = append(order, s)
			walk(n)
		}
	}
	for _, s := range slices.Backward(order) {
		s.below()
	}
	for _, s := range order {
		s.around()
	}
	return order
}

// below tells a span's parent what is in it; it is called for children first. A
// model call that holds model calls and tools, or agents, is no call but the
// loop round them.
func (s *otelSpan) below() {
	if s.class == callSpan && (s.agents || s.calls && s.tools) {
		s.class = structure
	}
	if p := s.parent; p != nil {
		p.agents = p.agents || s.agents || s.class == agentSpan
		p.calls = p.calls || s.calls || s.class == callSpan
		p.tools = p.tools || s.tools || s.class == toolSpan
	}
}

// around tells a span what it stands in; it is called for parents first.
func (s *otelSpan) around() {
	s.root = s
	p := s.parent
	if p != nil {
		s.root, s.agent, s.tool, s.depth = p.root, p.agent, p.tool, p.depth+1
		switch p.class {
		case toolSpan:
			s.tool = p
		case agentSpan:
		case callSpan:
			if s.call = p; p.call != nil {
				s.call = p.call
			}
		default:
			s.call = p.call
		}
	}
	if s.agent == nil && s.class == agentSpan {
		s.agent = s
	}
	if s.class == callSpan && s.call != nil {
		s.call.inner = append(s.call.inner, s)
	}
}

// part reports a model call that is only another layer's view of the one round
// it: a client library's and, with it, the server's.
func (s *otelSpan) part() bool { return s.class == callSpan && s.call != nil }

// whole reports a span that may be a query: its parent is not in another span
// of this process.
func (s *otelSpan) whole() bool { return s.parentID == "" || s.entry || s.parentID == s.id }

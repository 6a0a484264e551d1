package foreign

import (
	"cmp"
	"slices"

	"ipw/lib/event"
)

// finish completes a query: agents find the tools they run in, what is open
// ends, and how it all ended is judged by its last message.
func (d *claudeQuery) finish() {
	q := d.q
	for i := range q.spans {
		if s := &q.spans[i]; s.end < 0 {
			s.end, s.endDerived = max(q.end, s.start), true
		}
	}
	slices.SortStableFunc(d.sides, func(a, b *claudeChain) int { return cmp.Compare(a.start, b.start) })
	for _, c := range d.sides { // an agent before those that it starts
		d.place(c)
	}
	q.answered = firstText(d.answer)
	switch last := d.main.call; {
	case d.interrupted || d.open > 0 || d.main.stop == "tool_use":
		q.reason = event.Interrupted
	case last >= 0 && q.spans[last].err != nil:
		q.reason, q.err = event.Failed, q.spans[last].err
	}
	q.arrange()
}

// place puts the spans of an agent into the tool call that started it: the one
// whose result names it, else the one with its prompt, else the last one open
// when it began.
func (d *claudeQuery) place(c *claudeChain) {
	in := -1
	if n, ok := d.spawn[c.agent]; ok && c.agent != "" {
		in = n
	}
	for _, by := range []func(*span) bool{
		func(s *span) bool { return c.first != "" && promptOf(s.arguments) == c.first },
		func(s *span) bool { return s.end >= c.start && (s.tool == "Task" || s.tool == "Agent") },
	} {
		for n := len(d.q.spans) - 1; n >= 0 && in < 0; n-- {
			s := &d.q.spans[n]
			if s.kind == toolCall && s.start <= c.start && !slices.Contains(c.spans, n) && by(s) {
				in = n
			}
		}
	}
	turn, depth, parent := 0, 0, ""
	if in >= 0 {
		s := &d.q.spans[in]
		turn, depth, parent = s.turn, s.depth+1, s.id
	}
	for _, n := range c.spans {
		s := &d.q.spans[n]
		s.turn, s.depth, s.parent = turn, depth, parent
	}
}

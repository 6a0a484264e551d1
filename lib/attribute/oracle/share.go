package oracle

import (
	"math/big"
	"slices"
)

// figure is one number of a trace that joules are charged to.
type figure struct {
	query *query // nil: idle
	turn  *turn  // nil: a number of the query
	tool  *span  // nil: not a tool's
	name  string // query overhead setup scoring, turn lm prefill decode tool, idle
}

var idle = figure{name: "idle"}

// charges is what becomes of one domain's power in one slice: each figure's
// share of it. Figures contain one another (query ⊃ turns ⊃ lm), so the shares
// of all do not add up; those of setup, scoring, overhead, turns and idle do.
type charges struct {
	to      map[figure]*big.Rat
	sharers int // of step one
}

func (c charges) add(f figure, share *big.Rat) {
	if share.Sign() == 0 {
		return
	}
	if c.to[f] == nil {
		c.to[f] = new(big.Rat)
	}
	c.to[f].Add(c.to[f], share)
}

// of returns a figure's share.
func (c charges) of(f figure) *big.Rat {
	if s := c.to[f]; s != nil {
		return s
	}
	return new(big.Rat)
}

var one = big.NewRat(1, 1)

// over divides a share equally.
func over(share *big.Rat, n int) *big.Rat {
	return new(big.Rat).Quo(share, big.NewRat(int64(n), 1))
}

// moment is who is there all through one slice.
type moment struct {
	window
	queries []*query // open
}

// charge takes a domain down the three steps. "Each instant of each counted
// domain goes down three steps."
func (a *attribution) charge(d *domain, m moment) charges {
	c := charges{to: make(map[figure]*big.Rat)}
	if len(m.queries) == 0 || a.serves.nobodys(d) {
		c.add(idle, one) // "nobody open: idle"
		return c
	}
	if a.rule == "whole" {
		c.sharers = len(m.queries)
		for _, q := range m.queries {
			m.whole(c, d, q)
		}
		return c
	}
	// Query: "a gpu domain equally to the model calls in flight on it, if
	// there are none equally to the open queries; the other kinds equally to
	// the open queries". Rule equal: "step one always among the open queries".
	var calls []*span
	if d.Kind == "gpu" && a.rule == "active" {
		calls = m.callsOn(d)
	}
	own := make(map[*span]*big.Rat) // a call's joules
	general := new(big.Rat)         // every open query's
	if c.sharers = len(calls); c.sharers > 0 {
		for _, s := range calls {
			own[s] = over(one, c.sharers)
		}
	} else {
		c.sharers = len(m.queries)
		general = over(one, c.sharers)
	}
	for _, q := range m.queries {
		m.part(c, d, q, general, own)
	}
	return c
}

// callsOn lists the model calls in flight on a GPU.
func (m moment) callsOn(d *domain) []*span {
	var calls []*span
	for _, q := range m.queries {
		for _, s := range q.spans {
			if s.on != nil && s.on(d) && s.inFlight(m.from, m.to) {
				calls = append(calls, s)
			}
		}
	}
	return calls
}

// part is step two. "setup while a setup span of the query is open, else
// scoring, else turns, else overhead."
func (m moment) part(c charges, d *domain, q *query, general *big.Rat, own map[*span]*big.Rat) {
	all := new(big.Rat).Set(general)
	for _, s := range q.spans {
		if own[s] != nil {
			all.Add(all, own[s])
		}
	}
	if q.during("setup", m.from, m.to) {
		c.add(figure{query: q, name: "setup"}, all)
		return
	}
	if q.during("scoring", m.from, m.to) {
		c.add(figure{query: q, name: "scoring"}, all)
		return
	}
	c.add(figure{query: q, name: "query"}, all) // "the whole query less setup and scoring"
	turns := m.turns(q)
	if len(turns) == 0 {
		c.add(figure{query: q, name: "overhead"}, all)
		return
	}
	for _, s := range q.spans {
		if own[s] != nil && s.turn == nil { // a call without a turn
			c.add(figure{query: q, name: "overhead"}, own[s])
		}
	}
	// "A call's joules go to its turn, all others equally to the open turns."
	for _, t := range turns {
		rest := over(general, len(turns))
		c.add(figure{query: q, turn: t, name: "turn"}, rest)
		for _, s := range t.spans {
			if own[s] != nil {
				c.add(figure{query: q, turn: t, name: "turn"}, own[s])
			}
		}
		m.span(c, d, t, rest, own)
	}
}

func (m moment) turns(q *query) []*turn {
	var open []*turn
	for _, t := range q.turns {
		if t.open(m.from, m.to) {
			open = append(open, t)
		}
	}
	return open
}

// span is step three. "a call's joules to the call; the rest of a gpu domain
// equally to the turn's tools in flight, of other domains equally to its calls
// and tools in flight; where there is none the turn keeps it."
func (m moment) span(c charges, d *domain, t *turn, rest *big.Rat, own map[*span]*big.Rat) {
	for _, s := range t.spans {
		if own[s] == nil {
			continue
		}
		path := m.ancestors(t, s)
		m.give(c, d, t, s, own[s], path)
	}
	var takers []*span
	for _, s := range t.spans {
		top := m.parent(t, s) == nil
		if s.inFlight(m.from, m.to) && top && (s.kind == "tool" || d.Kind != "gpu") {
			takers = append(takers, s)
		}
	}
	for _, s := range takers {
		m.give(c, d, t, s, over(rest, len(takers)), nil)
	}
}

// give charges a span and all that contain it. "A span hands its part on to
// its children in flight, and contains theirs." Each figure counts a joule once,
// whichever of its spans it passes through.
func (m moment) give(c charges, d *domain, t *turn, s *span, share *big.Rat, above []*span) {
	path := append(slices.Clone(above), s)
	children := m.children(t, s)
	children = slices.DeleteFunc(children, func(k *span) bool { return slices.Contains(path, k) })
	if len(children) == 0 {
		m.book(c, d, t, path, share)
		return
	}
	for _, k := range children {
		m.give(c, d, t, k, over(share, len(children)), path)
	}
}

// book charges a share that ends in the last span of path and so is contained
// in all of path.
func (m moment) book(c charges, d *domain, t *turn, path []*span, share *big.Rat) {
	booked := make(map[figure]bool)
	for _, s := range path {
		for _, f := range m.figures(d, t, s) {
			if !booked[f] {
				booked[f] = true
				c.add(f, share)
			}
		}
	}
}

// figures lists the figures a span belongs to. "lm_* = the turn's lm_inference
// calls, tools[i] = the tool's span." "Prefill is what was charged from a
// call's start to its first token of any kind, decode from there."
func (m moment) figures(d *domain, t *turn, s *span) []figure {
	if s.kind == "tool" {
		return []figure{{query: t.query, turn: t, tool: s, name: "tool"}}
	}
	if s.kind != "lm" || d.Kind == "gpu" && s.on == nil {
		return nil // of a remote call the GPU's joules are null
	}
	fs := []figure{{query: t.query, turn: t, name: "lm"}}
	switch {
	case s.firstToken == nil:
	case m.to <= *s.firstToken:
		fs = append(fs, figure{query: t.query, turn: t, name: "prefill"})
	default:
		fs = append(fs, figure{query: t.query, turn: t, name: "decode"})
	}
	return fs
}

// parent is the span in flight of the same turn that s names, nil if none.
func (m moment) parent(t *turn, s *span) *span {
	for _, p := range t.spans {
		if p != s && s.parent != "" && p.id == s.parent && p.inFlight(m.from, m.to) {
			return p
		}
	}
	return nil
}

// ancestors lists what contains s, outermost first.
func (m moment) ancestors(t *turn, s *span) []*span {
	var up []*span
	for p := m.parent(t, s); p != nil && p != s && !slices.Contains(up, p); p = m.parent(t, p) {
		up = append([]*span{p}, up...)
	}
	return up
}

func (m moment) children(t *turn, s *span) []*span {
	var down []*span
	for _, k := range t.spans {
		if k.inFlight(m.from, m.to) && m.parent(t, k) == s {
			down = append(down, k)
		}
	}
	return down
}

// whole: "everyone is charged everything".
func (m moment) whole(c charges, d *domain, q *query) {
	if q.during("setup", m.from, m.to) {
		c.add(figure{query: q, name: "setup"}, one)
		return
	}
	if q.during("scoring", m.from, m.to) {
		c.add(figure{query: q, name: "scoring"}, one)
		return
	}
	c.add(figure{query: q, name: "query"}, one)
	turns := m.turns(q)
	if len(turns) == 0 {
		c.add(figure{query: q, name: "overhead"}, one)
	}
	for _, t := range turns {
		c.add(figure{query: q, turn: t, name: "turn"}, one)
		for _, s := range t.spans {
			elsewhere := s.call() && d.Kind == "gpu" && (s.on == nil || !s.on(d))
			if !s.inFlight(m.from, m.to) || elsewhere {
				continue
			}
			for _, f := range m.figures(d, t, s) {
				c.add(f, one)
			}
		}
	}
}

package attribute

import (
	"cmp"
	"slices"

	"ipw/lib/event"
)

// A query's numbers: itself less setup and scoring, its overhead, its setup,
// its scoring; then four for each turn, one for each tool.
const (
	numQuery = iota
	numOverhead
	numSetup
	numScoring
	numTurns
)

// What of a turn.
const (
	turnAll     = iota
	turnLM      // its lm_inference calls, on GPUs
	turnPrefill // until their first tokens
	turnDecode  // from there
	turnLMCPU   // on other domains, remote calls included
	perTurn
)

// number is one value of a trace in the making.
type number struct {
	from   int64 // where its window begins …
	to     int64 // … and ends; setup and scoring in between are not of it
	length int64 // of its window, µs
	doms   []numDom
}

// numDom is one domain's part of a number.
type numDom struct {
	nj      int64
	lo, hi  float64 // nanojoules: what it is at least and at most
	us      int64   // measured
	shareUs float64 // ∫ of its share over the measured time, µs
	cells   int64   // cells wholly inside
	sq      float64 // Σ o²
	weight  float64 // Σ nanojoules × sharers
	split   bool    // had a share that was neither 0 nor 1
	box     float64 // of averaged watts, nanojoules
}

// turn is what a query's spans make of one turn index.
type turn struct {
	index      int
	start, end int64
	first      *event.Event // what it begins with
	last       *event.Event // what it ends with, if a record
	spans      []*span
	number     int // its first number
}

// account works out the numbers of one query that has ended.
type account struct {
	e       *Engine
	q       *query
	domains []*domain // charged ones of its hosts, in order
	turns   []*turn
	tools   []*span
	numbers []number
	active  [][]int      // by epoch: the numbers whose window it is in
	open    [][]*turn    // by epoch
	parts   [][]numShare // by epoch and what domains have in common
}

func (a *account) build() {
	a.link()
	a.findTurns()
	m := &a.e.scratch
	m.reset()
	m.numbers = zeroed(m.numbers, numTurns+perTurn*len(a.turns)+len(a.tools))
	a.numbers = m.numbers
	n := len(a.e.domains)
	m.doms = zeroed(m.doms, n*len(a.numbers))
	for i := range a.numbers {
		a.numbers[i].doms = m.doms[i*n : (i+1)*n : (i+1)*n]
	}
	m.parts = zeroed(m.parts, len(a.q.epochs)*(n+commonClasses))
	a.parts = m.parts
	a.intervals()
	a.windows()
	for i := range a.q.epochs {
		a.values(i)
	}
	a.crossings()
}

// intervals sets where each number's window begins and ends.
func (a *account) intervals() {
	for i := range a.numbers {
		a.numbers[i].from, a.numbers[i].to = never, 0
	}
	a.span(numQuery, a.q.start, a.q.end)
	a.span(numOverhead, a.q.start, a.q.end)
	for _, s := range a.q.spans {
		t := s.of
		switch {
		case s.kind == setupWindow:
			a.span(numSetup, s.start, s.end)
		case s.kind == scoringWindow:
			a.span(numScoring, s.start, s.end)
		case t == nil:
		case s.kind == toolCall:
			a.span(a.toolNumber(s.tool), s.start, s.end)
		case s.kind == lmCall:
			a.callInterval(t, s)
		}
	}
	for _, t := range a.turns {
		a.span(t.number, t.start, t.end)
	}
}

func (a *account) callInterval(t *turn, s *span) {
	a.span(t.number+turnLMCPU, s.start, s.end)
	if !s.place.sampled() {
		return
	}
	a.span(t.number+turnLM, s.start, s.end)
	if s.firstToken != never {
		a.span(t.number+turnPrefill, s.start, s.firstToken)
		a.span(t.number+turnDecode, s.firstToken, s.end)
	}
}

// span widens a number's window.
func (a *account) span(num int, from, to int64) {
	n := &a.numbers[num]
	n.from, n.to = min(n.from, from), max(n.to, to)
}

func (a *account) toolNumber(i int) int { return numTurns + perTurn*len(a.turns) + i }

// link finds each span's parent; one without a turn is of its parent's. A span
// that would contain itself has none.
func (a *account) link() {
	for _, s := range a.q.spans {
		p := a.q.span(s.begin.Parent)
		for up := p; up != nil; up = up.parent {
			if up == s {
				p = nil
				break
			}
		}
		s.parent = p
		if p != nil && (s.start < p.start || s.end > p.end) {
			a.e.warn("crossing", "span %q of query %q is not within its parent %q: it counts as contained while both are in flight", s.id, a.q.key.id, p.id)
		}
	}
	for _, s := range a.q.spans {
		for p := s.parent; p != nil && s.turn < 0; p = p.parent {
			s.turn = p.turn
		}
	}
}

// findTurns groups spans by the turn they carry.
func (a *account) findTurns() {
	for _, s := range a.q.spans {
		if s.kind >= setupWindow || s.turn < 0 {
			continue
		}
		t := a.turn(s)
		if s.start < t.start {
			t.start, t.first = s.start, s.begin
		}
		if s.end > t.end {
			t.end, t.last = s.end, s.landed
		}
		t.spans = append(t.spans, s)
		s.of = t
	}
	for i, t := range a.turns {
		t.number = numTurns + perTurn*i
		for _, s := range t.spans {
			if s.kind == toolCall {
				s.tool = len(a.tools)
				a.tools = append(a.tools, s)
			}
		}
	}
}

// turn is the turn that a span carries, a new one if it is the first of it.
func (a *account) turn(s *span) *turn {
	i, found := slices.BinarySearchFunc(a.turns, s.turn, func(t *turn, index int) int { return t.index - index })
	if !found {
		t := a.e.scratch.turn(len(a.turns))
		*t = turn{index: s.turn, start: s.start, end: s.end, first: s.begin, last: s.landed, spans: t.spans[:0]}
		a.turns = slices.Insert(a.turns, i, t)
	}
	return a.turns[i]
}

// windows finds, for each epoch, the open turns and the numbers it counts for,
// and adds up what is measured in them.
func (a *account) windows() {
	m := &a.e.scratch
	m.active, m.open = zeroed(m.active, len(a.q.epochs)), zeroed(m.open, len(a.q.epochs))
	a.active, a.open = m.active, m.open
	a.openTurns()
	for i := range a.q.epochs {
		ep := &a.q.epochs[i]
		a.active[i] = a.activeIn(i, ep)
		for _, num := range a.active[i] {
			a.numbers[num].length += ep.t1 - ep.t0
		}
	}
	for i := range a.q.epochs {
		a.measured(i)
	}
}

// openTurns finds the open turns of each epoch, in their order; setup and scoring
// have none. Epochs go on in time, so a turn is looked at when it begins, and until
// it ends.
func (a *account) openTurns() {
	byStart := append(a.e.scratch.byStart[:0], a.turns...)
	a.e.scratch.byStart = byStart
	slices.SortStableFunc(byStart, func(x, y *turn) int { return cmp.Compare(x.start, y.start) })
	now, turns := a.e.scratch.now[:0], &a.e.scratch.turns
	for i := range a.q.epochs {
		ep := &a.q.epochs[i]
		for ; len(byStart) > 0 && byStart[0].start <= ep.t0; byStart = byStart[1:] {
			at, _ := slices.BinarySearchFunc(now, byStart[0].index, func(t *turn, index int) int { return t.index - index })
			now = slices.Insert(now, at, byStart[0])
		}
		now = slices.DeleteFunc(now, func(t *turn) bool { return t.end < ep.t1 })
		if !ep.setup && !ep.score {
			from := turns.begin()
			for _, t := range now {
				turns.add(t)
			}
			a.open[i] = turns.end(from)
		}
	}
	a.e.scratch.now = now
}

func (a *account) activeIn(i int, ep *epoch) []int {
	nums := &a.e.scratch.nums
	from := nums.begin()
	switch {
	case ep.setup:
		nums.add(numSetup)
		return nums.end(from)
	case ep.score:
		nums.add(numScoring)
		return nums.end(from)
	}
	nums.add(numQuery)
	for _, t := range a.open[i] {
		nums.add(t.number)
	}
	if len(a.open[i]) == 0 {
		nums.add(numOverhead)
	}
	for _, t := range a.open[i] {
		for _, s := range t.spans {
			if s.start > ep.t0 || ep.t1 > s.end {
				continue
			}
			list, n := a.ofSpan(s, ep)
			for _, num := range list[:n] {
				away := s.kind == lmCall && num != t.number+turnLMCPU && !s.place.sampled()
				if !away && !slices.Contains(nums.all[from:], num) {
					nums.add(num)
				}
			}
		}
	}
	return nums.end(from)
}

// ofSpan lists the n numbers that a span's joules go to, besides its turn's and
// its query's.
func (a *account) ofSpan(s *span, ep *epoch) (nums [3]int, n int) {
	t := s.of
	switch {
	case t == nil || s.kind == subCall:
		return nums, 0
	case s.kind == toolCall:
		return [3]int{a.toolNumber(s.tool)}, 1
	case s.firstToken == never:
		return [3]int{t.number + turnLM, t.number + turnLMCPU}, 2
	case ep.t0 < s.firstToken:
		return [3]int{t.number + turnLM, t.number + turnLMCPU, t.number + turnPrefill}, 3
	}
	return [3]int{t.number + turnLM, t.number + turnLMCPU, t.number + turnDecode}, 3
}

// measured adds an epoch's measured time and whole cells to its numbers.
func (a *account) measured(i int) {
	ep := &a.q.epochs[i]
	for _, d := range a.domains {
		ed := ep.look(d)
		for _, num := range a.active[i] {
			nd := &a.numbers[num].doms[d.index]
			nd.us += ed.us
			nd.cells += int64(ed.cells)
		}
	}
}

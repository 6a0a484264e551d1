package attribute

import (
	"math"
	"slices"

	"ipw/lib/event"
	"ipw/lib/power"
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
	active  [][]int   // by epoch: the numbers whose window it is in
	open    [][]*turn // by epoch
}

func (a *account) build() {
	a.link()
	a.findTurns()
	a.numbers = make([]number, numTurns+perTurn*len(a.turns)+len(a.tools))
	n := len(a.e.domains)
	all := make([]numDom, n*len(a.numbers))
	for i := range a.numbers {
		a.numbers[i].doms = all[i*n : (i+1)*n : (i+1)*n]
	}
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
		t := a.turnOf(s)
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
	if !s.place.sampled(a.e.domains) {
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
		p := a.q.byID[s.begin.Parent]
		for up := p; up != nil; up = up.parent {
			if up == s {
				p = nil
				break
			}
		}
		s.parent = p
	}
	for _, s := range a.q.spans {
		for p := s.parent; p != nil && s.turn < 0; p = p.parent {
			s.turn = p.turn
		}
	}
}

// findTurns groups spans by the turn they carry.
func (a *account) findTurns() {
	byIndex := make(map[int]*turn)
	for _, s := range a.q.spans {
		if s.kind >= setupWindow || s.turn < 0 {
			continue
		}
		t := byIndex[s.turn]
		if t == nil {
			t = &turn{index: s.turn, start: s.start, end: s.end, first: s.begin, last: s.landed}
			byIndex[s.turn] = t
			a.turns = append(a.turns, t)
		}
		if s.start < t.start {
			t.start, t.first = s.start, s.begin
		}
		if s.end > t.end {
			t.end, t.last = s.end, s.landed
		}
		t.spans = append(t.spans, s)
	}
	slices.SortFunc(a.turns, func(x, y *turn) int { return x.index - y.index })
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

func (a *account) turnOf(s *span) *turn {
	i, ok := slices.BinarySearchFunc(a.turns, s.turn, func(t *turn, index int) int { return t.index - index })
	if !ok {
		return nil
	}
	return a.turns[i]
}

// windows finds, for each epoch, the open turns and the numbers it counts for,
// and adds up what is measured in them.
func (a *account) windows() {
	a.active = make([][]int, len(a.q.epochs))
	a.open = make([][]*turn, len(a.q.epochs))
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

func (a *account) activeIn(i int, ep *epoch) []int {
	switch {
	case ep.setup:
		return []int{numSetup}
	case ep.score:
		return []int{numScoring}
	}
	nums := []int{numQuery}
	for _, t := range a.turns {
		if t.start <= ep.t0 && ep.t1 <= t.end {
			a.open[i] = append(a.open[i], t)
			nums = append(nums, t.number)
		}
	}
	if len(a.open[i]) == 0 {
		nums = append(nums, numOverhead)
	}
	for _, t := range a.open[i] {
		for _, s := range t.spans {
			if s.start > ep.t0 || ep.t1 > s.end {
				continue
			}
			for _, num := range a.ofSpan(s, ep) {
				away := s.kind == lmCall && num != t.number+turnLMCPU && !s.place.sampled(a.e.domains)
				if !away && !slices.Contains(nums, num) {
					nums = append(nums, num)
				}
			}
		}
	}
	return nums
}

// ofSpan lists the numbers that a span's joules go to, besides its turn's and
// its query's.
func (a *account) ofSpan(s *span, ep *epoch) []int {
	t := a.turnOf(s)
	switch {
	case t == nil || s.kind == subCall:
		return nil
	case s.kind == toolCall:
		return []int{a.toolNumber(s.tool)}
	case s.firstToken == never:
		return []int{t.number + turnLM, t.number + turnLMCPU}
	case ep.t0 < s.firstToken:
		return []int{t.number + turnLM, t.number + turnLMCPU, t.number + turnPrefill}
	}
	return []int{t.number + turnLM, t.number + turnLMCPU, t.number + turnDecode}
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

// handler takes nj nanojoules and the share f for a number.
type handler func(num int, nj int64, f float64)

// values hands the joules of one epoch down steps two and three.
func (a *account) values(i int) {
	ep := &a.q.epochs[i]
	for _, d := range a.domains {
		ed := ep.look(d)
		mean := 0.0
		if ed.total != 0 {
			mean = ed.weight / float64(ed.total)
		}
		give := func(num int, nj int64, _ float64) {
			nd := &a.numbers[num].doms[d.index]
			nd.nj += nj
			nd.weight += float64(nj) * mean
		}
		if ed.general != 0 {
			a.general(i, d, ed.general, 0, give)
		}
		for _, c := range ep.calls {
			if c.d == d {
				a.call(i, c.s, c.nj, 0, give)
			}
		}
		a.shares(i, d, func(num int, _ int64, f float64) {
			nd := &a.numbers[num].doms[d.index]
			nd.lo += f * ed.lo
			nd.hi += f * ed.hi
			nd.sq += f * f * ed.sq
			nd.shareUs += f * ed.shareUs
		})
		a.splits(i, d)
	}
}

// splits notes which numbers had a share that is neither 0 nor 1 while no other
// query was open.
func (a *account) splits(i int, d *domain) {
	ep := &a.q.epochs[i]
	if !a.e.served(d) || ep.look(d).us == 0 {
		return
	}
	a.shares(i, d, func(num int, _ int64, f float64) {
		if math.Abs(f-1) > 1e-9 {
			a.numbers[num].doms[d.index].split = true
		}
	})
}

// shares tells what part of the query's share in a domain each number has in
// an epoch, each number once. Where calls share the domain, the query's share
// is that of its calls.
func (a *account) shares(i int, d *domain, give handler) {
	ep := &a.q.epochs[i]
	var sum []float64
	add := func(num int, _ int64, f float64) {
		for num >= len(sum) {
			sum = append(sum, 0)
		}
		sum[num] += f
	}
	if own := ep.load(d); a.e.byCalls(d) && own.n > 0 {
		for _, s := range ep.live {
			if !s.kind.isCall() || !s.on(d) {
				continue
			}
			var one load
			if one.add(s, ep.t0); one.n > 0 {
				a.call(i, s, 0, one.part(own), add)
			}
		}
	} else {
		a.general(i, d, 0, 1, add)
	}
	for num, f := range sum {
		if f != 0 {
			give(num, 0, f)
		}
	}
}

// general hands down what the query got as such: setup, scoring, turns or
// overhead; then the spans of each turn.
func (a *account) general(i int, d *domain, nj int64, f float64, give handler) {
	ep := &a.q.epochs[i]
	switch {
	case ep.setup:
		give(numSetup, nj, f)
		return
	case ep.score:
		give(numScoring, nj, f)
		return
	}
	give(numQuery, nj, f)
	turns := a.open[i]
	if len(turns) == 0 {
		give(numOverhead, nj, f)
		return
	}
	gpu := a.e.isGPU(d)
	for k, t := range turns {
		tnj, tf := nj, f
		if a.e.opts.Share != Whole {
			tnj, tf = share(nj, k, len(turns)), f/float64(len(turns))
		}
		give(t.number, tnj, tf)
		if a.e.opts.Share == Whole {
			a.wholeSpans(ep, t, d, tnj, tf, give)
			continue
		}
		a.hand(ep, a.rootsOf(ep, t, gpu), tnj, tf, give)
	}
}

// wholeSpans charges every span in flight with everything; of a GPU, no call
// that is not on it.
func (a *account) wholeSpans(ep *epoch, t *turn, d *domain, nj int64, f float64, give handler) {
	for _, s := range ep.live {
		if a.turnOf(s) == t && (s.kind == toolCall || !a.e.isGPU(d) || s.on(d)) {
			for _, num := range a.ofSpan(s, ep) {
				give(num, nj, f)
			}
		}
	}
}

// hand shares nj among spans, and each one's part among its children in
// flight.
func (a *account) hand(ep *epoch, spans []*span, nj int64, f float64, give handler) {
	for k, s := range spans {
		part, pf := share(nj, k, len(spans)), f/float64(len(spans))
		for _, num := range a.ofSpan(s, ep) {
			give(num, part, pf)
		}
		if kids := a.children(ep, s); len(kids) > 0 {
			a.hand(ep, kids, part, pf, give)
		}
	}
}

// call hands down what a model call got: to its turn, itself, the spans that
// contain it, and those it contains.
func (a *account) call(i int, s *span, nj int64, f float64, give handler) {
	ep := &a.q.epochs[i]
	switch {
	case ep.setup:
		give(numSetup, nj, f)
		return
	case ep.score:
		give(numScoring, nj, f)
		return
	}
	give(numQuery, nj, f)
	t := a.turnOf(s)
	if t == nil {
		give(numOverhead, nj, f)
		return
	}
	give(t.number, nj, f)
	a.hand(ep, a.children(ep, s), nj, f, give)
	for ; s != nil; s = liveParent(ep, s) {
		for _, num := range a.ofSpan(s, ep) {
			give(num, nj, f)
		}
	}
}

// liveParent is the span that contains s now: its parent, if that is in flight
// in the same turn.
func liveParent(ep *epoch, s *span) *span {
	if p := s.parent; p != nil && p.turn == s.turn && slices.Contains(ep.live, p) {
		return p
	}
	return nil
}

func (a *account) children(ep *epoch, p *span) []*span {
	var kids []*span
	for _, s := range ep.live {
		if s.parent == p && s.turn == p.turn {
			kids = append(kids, s)
		}
	}
	return kids
}

// rootsOf lists the spans of a turn among which its joules are shared: of a GPU
// the tools, of other domains the calls and the tools; none that another span
// in flight contains.
func (a *account) rootsOf(ep *epoch, t *turn, gpu bool) []*span {
	var out []*span
	for _, s := range ep.live {
		if s.turn == t.index && liveParent(ep, s) == nil && (s.kind == toolCall || !gpu) {
			out = append(out, s)
		}
	}
	return out
}

// crossings adds the cells and intervals that the query's own events cut.
func (a *account) crossings() {
	lo := make([]float64, len(a.numbers))
	hi := make([]float64, len(a.numbers))
	sec := make([]float64, len(a.numbers))
	seen := make([]int, len(a.numbers))
	var nums []int
	for i := range a.q.crossed {
		x := &a.q.crossed[i]
		nums = nums[:0]
		for _, p := range x.parts {
			a.shares(p.epoch, x.d, func(num int, _ int64, f float64) {
				if seen[num] == 0 {
					nums = append(nums, num)
					lo[num], hi[num], sec[num] = f*p.min, 0, 0
				}
				seen[num]++
				lo[num] = min(lo[num], f*p.min)
				hi[num] = max(hi[num], f*p.max)
				sec[num] += f * p.seconds
			})
		}
		for _, num := range nums {
			nd := &a.numbers[num].doms[x.d.index]
			if x.cell {
				if seen[num] < len(x.parts) || x.outside {
					lo[num] = 0
				}
				nd.lo += lo[num] * x.nj
				nd.hi += hi[num] * x.nj
			} else {
				nd.sq += sec[num] * sec[num]
			}
			seen[num] = 0
		}
		if x.cell {
			a.wholeCell(x)
		}
	}
}

// wholeCell counts a cell for the numbers in whose window it lies wholly.
func (a *account) wholeCell(x *crossing) {
	if x.outside || len(x.parts) == 0 {
		return
	}
next:
	for _, num := range a.active[x.parts[0].epoch] {
		for _, p := range x.parts[1:] {
			if !slices.Contains(a.active[p.epoch], num) {
				continue next
			}
		}
		a.numbers[num].doms[x.d.index].cells++
	}
}

// isGPU reports whether a domain follows the rule of GPUs.
func (e *Engine) isGPU(d *domain) bool { return d.spec.Kind == power.GPU || e.serving(d) }

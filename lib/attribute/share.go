package attribute

import (
	"math"
	"slices"

	"ipw/lib/power"
)

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
		for _, x := range a.shares(i, d) {
			nd := &a.numbers[x.num].doms[d.index]
			nd.lo += x.f * ed.lo
			nd.hi += x.f * ed.hi
			nd.sq += x.f * x.f * ed.sq
			nd.shareUs += x.f * ed.shareUs
		}
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
	for _, x := range a.shares(i, d) {
		if math.Abs(x.f-1) > 1e-9 {
			a.numbers[x.num].doms[d.index].split = true
		}
	}
}

// numShare is the part of a query's share in a domain that one number has.
type numShare struct {
	num int
	f   float64
}

// commonClasses is how many sorts of domains share alike: others, and GPUs
// without calls.
const commonClasses = 2

// shares lists what part of the query's share in a domain each number has in
// an epoch, each number once. Where calls share the domain, the query's share
// is that of its calls.
func (a *account) shares(i int, d *domain) []numShare {
	ep := &a.q.epochs[i]
	own := load{}
	if a.e.byCalls(d) {
		own = ep.load(d)
	}
	class := 0 // what domains have in common
	switch {
	case own.n > 0:
		class = commonClasses + d.index
	case a.e.isGPU(d) && a.e.opts.Share == Whole:
		class = commonClasses + d.index
	case a.e.isGPU(d):
		class = 1
	}
	known := &a.parts[i*(commonClasses+len(a.e.domains))+class]
	if *known != nil {
		return *known
	}
	list := &a.e.scratch.shares
	from := list.begin()
	add := func(num int, _ int64, f float64) {
		if f == 0 {
			return
		}
		mine := list.all[from:]
		for k := range mine {
			if mine[k].num == num {
				mine[k].f += f
				return
			}
		}
		list.add(numShare{num, f})
	}
	if own.n == 0 {
		a.general(i, d, 0, 1, add)
	} else {
		a.callShares(ep, i, d, own, add)
	}
	*known = list.end(from)
	return *known
}

// callShares lists what part of its calls' share each number has.
func (a *account) callShares(ep *epoch, i int, d *domain, own load, add handler) {
	for _, s := range ep.live {
		if !s.kind.isCall() || !s.on(d) {
			continue
		}
		var one load
		if one.add(s, ep.t0); one.n > 0 {
			a.call(i, s, 0, one.part(own), add)
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
		if s.of == t && (s.kind == toolCall || !a.e.isGPU(d) || s.on(d)) {
			nums, n := a.ofSpan(s, ep)
			for _, num := range nums[:n] {
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
		nums, n := a.ofSpan(s, ep)
		for _, num := range nums[:n] {
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
	t := s.of
	if t == nil {
		give(numOverhead, nj, f)
		return
	}
	give(t.number, nj, f)
	a.hand(ep, a.children(ep, s), nj, f, give)
	for ; s != nil; s = liveParent(ep, s) {
		nums, n := a.ofSpan(s, ep)
		for _, num := range nums[:n] {
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
	kids := &a.e.scratch.spans
	from := kids.begin()
	for _, s := range ep.live {
		if s.parent == p && s.turn == p.turn {
			kids.add(s)
		}
	}
	return kids.end(from)
}

// rootsOf lists the spans of a turn among which its joules are shared: of a GPU
// the tools, of other domains the calls and the tools; none that another span
// in flight contains.
func (a *account) rootsOf(ep *epoch, t *turn, gpu bool) []*span {
	roots := &a.e.scratch.spans
	from := roots.begin()
	for _, s := range ep.live {
		if s.turn == t.index && liveParent(ep, s) == nil && (s.kind == toolCall || !gpu) {
			roots.add(s)
		}
	}
	return roots.end(from)
}

// isGPU reports whether a domain follows the rule of GPUs.
func (e *Engine) isGPU(d *domain) bool { return d.spec.Kind == power.GPU || d.serving }

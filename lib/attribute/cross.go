package attribute

import (
	"math"
	"slices"
)

// sharing is how a domain is shared in a slice: by everyone wholly, by the
// model calls in flight on it, or by the open queries.
type sharing struct {
	nobody, whole bool
	calls         load    // n is 0 where open queries share
	each          float64 // the part of an open query then
}

func (e *Engine) sharingOf(s *slice, d *domain) (x sharing) {
	switch {
	case !e.served(d):
		x.nobody = true
		return x
	case e.opts.Share == Whole:
		x.whole = true
		return x
	case e.byCalls(d):
		x.calls = s.loadOn(d)
	}
	if x.calls.n == 0 {
		if n := e.openOn(s, d); n > 0 {
			x.each = 1 / float64(n)
		}
	}
	return x
}

// shareOf is the share of a domain that a query has where it is shared like
// this: that of its calls in flight on it where calls share, else its own.
func (e *Engine) shareOf(x *sharing, d *domain, q *query, ep *epoch) float64 {
	switch {
	case x.nobody:
		return 0
	case x.calls.n > 0:
		return ep.load(d).part(x.calls)
	case !e.matches(q, d):
		return 0
	case x.whole:
		return 1
	}
	return x.each
}

// sharesOf is the share of a domain that each query open in a slice has there.
// All cells that touch the slice need it, so it is worked out once.
func (e *Engine) sharesOf(s *slice, d *domain) []float64 {
	n := len(s.queries)
	from := d.index * n
	if from+n > len(s.shares) {
		s.shares = lengthened(s.shares, from+n)
	}
	shares := s.shares[from : from+n]
	if a := s.at(d); !a.shared {
		a.shared = true
		x, epochs := e.sharingOf(s, d), s.epochsOf()
		for i, q := range s.queries {
			shares[i] = e.shareOf(&x, d, q, &q.epochs[epochs[i]])
		}
	}
	return shares
}

// epochsOf is the epoch that each query open in a slice is in there.
func (s *slice) epochsOf() []int {
	if len(s.epochs) == 0 {
		for _, q := range s.queries {
			s.epochs = append(s.epochs, q.epochAt(s.t0))
		}
	}
	return s.epochs
}

// unshare forgets what was worked out of a slice: something has changed.
func (s *slice) unshare() {
	s.epochs, s.shares = s.epochs[:0], s.shares[:0]
	for i := range s.acc {
		a := &s.acc[i]
		a.shared, a.loaded, a.load = false, false, load{}
	}
}

// unshare does so with every slice: other queries may be charged now.
func (e *Engine) unshare() {
	for s := e.first; s != nil; s = s.next {
		s.unshare()
	}
}

// crossCells hands cells that events cut alike to the queries open in any of
// their parts.
func (e *Engine) crossCells(d *domain, nj int64, cells int) {
	e.eachQuery(d, func(q *query, outside bool) {
		if len(e.cut) == 1 && !outside { // none of the query's own events
			ed := q.epochs[e.cut[0].epoch].at(d)
			ed.lo += e.cut[0].min * float64(nj)
			ed.hi += e.cut[0].max * float64(nj)
			ed.cells += int32(cells)
			return
		}
		q.keep(crossing{d: d, cells: int64(cells), nj: float64(nj), outside: outside}, e.cut)
	})
}

// crossInterval is crossCells for an interval of watts: ∫ share dt counts.
func (e *Engine) crossInterval(d *domain) {
	if d.rank != statistical {
		return
	}
	e.eachQuery(d, func(q *query, outside bool) {
		if len(e.cut) == 1 {
			o := e.cut[0].seconds
			q.epochs[e.cut[0].epoch].at(d).sq += o * o
			return
		}
		q.keep(crossing{d: d, outside: outside}, e.cut)
	})
}

// eachQuery calls f for each query open in any of the parts, with its shares of
// them in e.cut; outside tells that some of them lie outside the query.
func (e *Engine) eachQuery(d *domain, f func(q *query, outside bool)) {
	e.stamp++
	for i := range e.parts {
		p := &e.parts[i]
		p.epochs, p.shares = p.s.epochsOf(), e.sharesOf(p.s, d)
		p.silent = e.opts.Live && p.s == e.last && e.horizon > e.Last()
	}
	for i, p := range e.parts {
		if i > 0 && sameList(p.s.queries, e.parts[i-1].s.queries) {
			continue
		}
		for at, q := range p.s.queries {
			if q.stamp != e.stamp {
				q.stamp = e.stamp
				f(q, e.partsOf(q, i, at) || i > 0)
			}
		}
	}
}

// sameList reports that two lists are one: lists of open queries are shared.
func sameList(a, b []*query) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// partsOf works out a query's shares in the parts from the first one, in which it
// is at a place of the list, joined by epoch, and whether some lie behind the
// query. A part that only silence is known of stays by itself: the query may turn
// out to have ended before it.
func (e *Engine) partsOf(q *query, first, at int) (outside bool) {
	e.cut = e.cut[:0]
	for k := first; k < len(e.parts); k++ {
		p := &e.parts[k]
		if k > first && !sameList(p.s.queries, e.parts[k-1].s.queries) {
			if at = slices.Index(p.s.queries, q); at < 0 {
				return true
			}
		}
		g, epoch, from := p.shares[at], p.epochs[at], int64(math.MinInt64)
		if p.silent {
			from = p.s.t0
		} else if n := len(e.cut); n > 0 && e.cut[n-1].epoch == epoch {
			last := &e.cut[n-1]
			last.min, last.max = min(last.min, g), max(last.max, g)
			last.seconds += g * p.seconds
			continue
		}
		e.cut = append(e.cut, crossPart{epoch: epoch, silentFrom: from, min: g, max: g, seconds: g * p.seconds})
	}
	return false
}

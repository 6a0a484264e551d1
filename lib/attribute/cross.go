package attribute

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

// crossCell hands a cell that events cut to the queries open in any part of it.
func (e *Engine) crossCell(d *domain, c *cell, parts []part) {
	e.share(d, parts)
	e.eachQuery(parts, func(q *query) {
		outside := e.cross(q, d, parts)
		if len(e.cut) == 1 && !outside { // none of the query's own events
			ed := q.epochs[e.cut[0].epoch].at(d)
			ed.lo += e.cut[0].min * float64(c.nj)
			ed.hi += e.cut[0].max * float64(c.nj)
			ed.cells++
			return
		}
		q.keep(crossing{d: d, cell: true, nj: float64(c.nj), outside: outside}, e.cut)
	})
}

// crossInterval is crossCell for an interval of watts: ∫ share dt counts.
func (e *Engine) crossInterval(d *domain, parts []part) {
	if d.rank != statistical {
		return
	}
	e.share(d, parts)
	e.eachQuery(parts, func(q *query) {
		outside := e.cross(q, d, parts)
		if len(e.cut) == 1 {
			o := e.cut[0].seconds
			q.epochs[e.cut[0].epoch].at(d).sq += o * o
			return
		}
		q.keep(crossing{d: d, outside: outside}, e.cut)
	})
}

// share finds out what is the same for all queries in each part.
func (e *Engine) share(d *domain, parts []part) {
	for i := range parts {
		p := &parts[i]
		p.sharing = e.sharingOf(p.s, d)
		p.silent = e.opts.Live && p.s == e.last && e.horizon > e.Last()
	}
}

// eachQuery calls f for each query open in any of the parts.
func (e *Engine) eachQuery(parts []part, f func(*query)) {
	e.stamp++
	for i := range parts {
		open := parts[i].s.queries
		if i > 0 && sameList(open, parts[i-1].s.queries) {
			continue
		}
		for _, q := range open {
			if q.stamp != e.stamp {
				q.stamp = e.stamp
				f(q)
			}
		}
	}
}

// sameList reports that two lists are one: lists of open queries are shared.
func sameList(a, b []*query) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// cross works out a query's shares in the parts, joined by epoch, and whether
// some lie outside the query. A part that only silence is known of stays by
// itself: the query may turn out to have ended before it.
func (e *Engine) cross(q *query, d *domain, parts []part) (outside bool) {
	e.cut = e.cut[:0]
	at := -1
	for k := range parts {
		p := &parts[k]
		if !q.isOpenAt(p.s.t0) {
			outside = true
			continue
		}
		if at < 0 {
			at = q.epochAt(p.s.t0)
		}
		for at+1 < len(q.epochs) && q.epochs[at+1].t0 <= p.s.t0 {
			at++
		}
		g := e.shareOf(&p.sharing, d, q, &q.epochs[at])
		if n := len(e.cut); n > 0 && e.cut[n-1].epoch == at && !p.silent {
			last := &e.cut[n-1]
			last.min, last.max = min(last.min, g), max(last.max, g)
			last.seconds += g * p.seconds
			continue
		}
		e.cut = append(e.cut, crossPart{epoch: at, from: p.s.t0, min: g, max: g, seconds: g * p.seconds})
	}
	return outside
}

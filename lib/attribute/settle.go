package attribute

import (
	"ipw/lib/power"
)

// settle shares out the slices that every domain has passed.
func (e *Engine) settle() {
	done := int64(never)
	for _, d := range e.domains {
		if d.charged() {
			done = min(done, d.settled())
		}
	}
	if len(e.segments) == 0 {
		done = e.horizon
	}
	for _, s := range e.segments {
		if !s.over {
			done = min(done, max(s.now, s.coming)) // domains may still come
		}
	}
	e.spreadPeaks(min(done, e.horizon))
	for e.first != e.last && e.first.t1 <= done {
		s := e.first
		e.settleSlice(s)
		e.first = s.next
	}
	for _, d := range e.domains {
		d.value, d.cell, d.reads = e.catchUp(d.value), e.catchUp(d.cell), e.catchUp(d.reads)
	}
	e.forget()
	if e.peakAt.t1 <= e.first.t0 {
		e.peakAt, e.peakBefore = e.first, nil
	}
}

// forget drops what no query open or waiting needs of the domains' past.
func (e *Engine) forget() {
	for _, d := range e.domains {
		if !d.boxcar() || len(d.past.points)+len(d.past.watts) < 4096 {
			continue
		}
		from := e.first.t0
		for _, q := range e.open {
			from = min(from, q.start)
		}
		for _, q := range e.ended {
			from = min(from, q.start)
		}
		d.past.forget(from - d.window)
	}
}

// catchUp lets go of slices that are settled.
func (e *Engine) catchUp(s *slice) *slice {
	if s.t1 <= e.first.t0 {
		return e.first
	}
	return s
}

// settleSlice hands the joules of one slice down step one.
func (e *Engine) settleSlice(s *slice) {
	for _, q := range s.queries {
		q.cursor = q.epochAt(s.t0)
		ep := &q.epochs[q.cursor]
		ep.others = ep.others || len(s.queries) > 1
		ep.peak = max(ep.peak, s.peak)
		if s.t0 == ep.t0 {
			ep.onPeak = s.onPeak
		}
	}
	for _, d := range e.domains {
		if d.charged() {
			e.settleDomain(s, d, s.at(d))
		}
	}
}

func (e *Engine) settleDomain(s *slice, d *domain, a *acc) {
	if s.inRun {
		e.totals.of(d).measuredUs += a.us
		e.totals.of(d).device.Add(toJoules(a.nj))
	}
	sharers := e.stepOne(s, d, a.nj)
	if sharers == 0 && s.inRun {
		e.totals.of(d).idle.Add(toJoules(a.nj))
	}
	for _, q := range s.queries {
		ep := &q.epochs[q.cursor]
		g := e.shareOf(s, d, q, ep)
		ed := ep.at(d)
		ed.us += a.us
		ed.shareUs += g * float64(a.us)
		ed.n += a.n
		if s.t0 == ep.t0 {
			ed.start, ed.covered = a.start, a.covered
		}
		ed.sq += g * g * a.sq
		ed.lo += g * float64(a.cellNJ)
		ed.hi += g * float64(a.cellNJ)
		ed.cells += a.cells
		ed.steps += a.steps
		ed.stepSum += a.stepSum
		if a.into.ok && a.into.s0 >= ep.t0 {
			ed.steps++
			ed.stepSum += a.into.w2
		} else if a.into.ok {
			ed.into = a.into
		}
		if ed.last20 = a.last20; !a.left {
			ed.last20 = d.steps.mean()
		}
		if d.boxcar() {
			ed.course = append(ed.course, shareFrom{s.t0, g})
		}
	}
}

// stepOne shares nj among model calls in flight on the domain, or open
// queries, and returns how many took part: none is idle.
func (e *Engine) stepOne(s *slice, d *domain, nj int64) int {
	if !e.served(d) {
		return 0
	}
	if e.byCalls(d) {
		if l := s.loadOn(d); l.n > 0 {
			e.amongCalls(s, d, nj, l)
			return l.n
		}
	}
	n := e.openOn(s, d)
	i := 0
	for _, q := range s.queries {
		if !e.matches(q, d) {
			continue
		}
		part := nj
		if e.opts.Share != Whole {
			part = share(nj, i, n)
		}
		i++
		q.epochs[q.cursor].give(d, part, part, n)
	}
	return n
}

// amongCalls shares nj among the model calls in flight on a domain.
func (e *Engine) amongCalls(s *slice, d *domain, nj int64, all load) {
	i, run := 0, 0.0
	for _, c := range s.calls {
		if !c.on(d) {
			continue
		}
		w, ok := c.weigh(s.t0)
		if !ok {
			continue
		}
		part := share(nj, i, all.n)
		if e.opts.Share == Tokens && all.weight > 0 {
			part = weighted(nj, run, run+w, all.weight)
		}
		i, run = i+1, run+w
		ep := &c.q.epochs[c.q.cursor]
		ep.addCall(c, d, part)
		ep.give(d, 0, part, all.n)
	}
}

// give adds to what a domain gave in an epoch.
func (p *epoch) give(d *domain, general, total int64, sharers int) {
	ed := p.at(d)
	ed.general += general
	ed.total += total
	ed.weight += float64(total) * float64(sharers)
}

// openOn counts the open queries that may be charged for a domain.
func (e *Engine) openOn(s *slice, d *domain) int {
	if len(e.hosts) <= 1 {
		return len(s.queries)
	}
	n := 0
	for _, q := range s.queries {
		if e.matches(q, d) {
			n++
		}
	}
	return n
}

// shareOf is the share of a domain that a query has in a slice: that of its
// calls in flight on it where calls share, else its own.
func (e *Engine) shareOf(s *slice, d *domain, q *query, ep *epoch) float64 {
	if !e.served(d) || !e.matches(q, d) && !e.byCalls(d) {
		return 0
	}
	if e.opts.Share == Whole {
		return 1
	}
	if e.byCalls(d) {
		if all := s.loadOn(d); all.n > 0 {
			return ep.load(d).part(all)
		}
	}
	if n := e.openOn(s, d); n > 0 && e.matches(q, d) {
		return 1 / float64(n)
	}
	return 0
}

// crossCell hands a cell that events cut to the queries open in any part of it.
func (e *Engine) crossCell(d *domain, c *cell, parts []part) {
	e.eachQuery(parts, func(q *query) {
		x := e.cross(q, d, parts)
		if len(x.parts) == 1 && !x.outside { // none of the query's own events
			ed := q.epochs[x.parts[0].epoch].at(d)
			ed.lo += x.parts[0].min * float64(c.nj)
			ed.hi += x.parts[0].max * float64(c.nj)
			ed.cells++
			return
		}
		x.cell, x.nj, x.c0, x.c1 = true, float64(c.nj), c.c0, c.c1
		q.crossed = append(q.crossed, x)
	})
}

// crossInterval is crossCell for an interval of watts: ∫ share dt counts.
func (e *Engine) crossInterval(d *domain, parts []part) {
	if d.rank != statistical {
		return
	}
	e.eachQuery(parts, func(q *query) {
		x := e.cross(q, d, parts)
		if len(x.parts) == 1 {
			o := x.parts[0].seconds
			q.epochs[x.parts[0].epoch].at(d).sq += o * o
			return
		}
		q.crossed = append(q.crossed, x)
	})
}

// eachQuery calls f for each query open in any of the parts.
func (e *Engine) eachQuery(parts []part, f func(*query)) {
	e.stamp++
	for _, p := range parts {
		for _, q := range p.s.queries {
			if q.stamp != e.stamp {
				q.stamp = e.stamp
				f(q)
			}
		}
	}
}

// cross works out a query's shares in the parts, joined by epoch. A part that
// only silence is known of stays by itself: the query may turn out to have
// ended before it.
func (e *Engine) cross(q *query, d *domain, parts []part) crossing {
	x := crossing{d: d}
	for _, p := range parts {
		if !q.isOpenAt(p.s.t0) {
			x.outside = true
			continue
		}
		i := q.epochAt(p.s.t0)
		g := e.shareOf(p.s, d, q, &q.epochs[i])
		silent := e.opts.Live && p.s == e.last && e.horizon > e.Last()
		if n := len(x.parts); n > 0 && x.parts[n-1].epoch == i && !silent {
			last := &x.parts[n-1]
			last.min, last.max = min(last.min, g), max(last.max, g)
			last.seconds += g * p.seconds
			continue
		}
		x.parts = append(x.parts, crossPart{epoch: i, from: p.s.t0, min: g, max: g, seconds: g * p.seconds})
	}
	return x
}

// counts reports whether a domain is in a query's sums: a board only where
// nothing else is.
func (e *Engine) counts(d *domain) bool {
	if d.spec.Kind != power.Board {
		return d.spec.Counts()
	}
	for _, o := range e.domains {
		if o.host == d.host && o.spec.Counts() {
			return false
		}
	}
	return true
}

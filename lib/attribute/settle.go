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
	come := int64(never)
	for _, s := range e.segments {
		if !s.over {
			come = min(come, max(s.now, s.coming)) // domains may still come
		}
	}
	done = min(done, come)
	e.spreadPeaks(min(come, e.horizon))
	if e.first.t1 > done {
		return
	}
	for _, d := range e.domains {
		e.cross(d)
	}
	from := e.first
	for e.first != e.last && e.first.t1 <= done {
		s := e.first
		e.settleSlice(s)
		e.first = s.next
	}
	for _, d := range e.domains {
		d.value, d.cell, d.reads = e.catchUp(d.value), e.catchUp(d.cell), e.catchUp(d.reads)
	}
	if e.peakAt.t1 <= e.first.t0 {
		e.peakAt, e.peakBefore = e.first, nil
	}
	if e.peakBefore != nil && e.peakBefore.t1 <= e.first.t0 {
		e.peakBefore = nil
	}
	e.forgetSlices(from, e.first)
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
	epochs := s.epochsOf()
	for i, q := range s.queries {
		q.cursor = epochs[i]
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
		d.sums.measuredUs += a.us
		d.sums.device.Add(toJoules(a.nj))
	}
	sharers := e.stepOne(s, d, a.nj)
	if sharers == 0 && s.inRun {
		d.sums.idle.Add(toJoules(a.nj))
	}
	if len(s.queries) == 0 {
		return
	}
	shares, last20 := e.sharesOf(s, d), a.last20
	if !a.left {
		last20 = d.steps.mean()
	}
	for i, q := range s.queries {
		ep, g := &q.epochs[q.cursor], shares[i]
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
		ed.last20 = last20
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
	if len(e.hosts) <= 1 && !e.windows {
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

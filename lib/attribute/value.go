package attribute

import (
	"slices"

	"ipw/lib/unit"
)

// verdict is what became of one domain's part of a number.
type verdict struct {
	ok       bool
	coverage float64
	reason   string
	partial  bool
}

// judge decides whether a domain was measured well enough in a number's window.
func (a *account) judge(num int, d *domain) verdict {
	nd, length := &a.numbers[num].doms[d.index], a.numbers[num].length
	if length == 0 {
		if a.covered(a.numbers[num].from, d) {
			return verdict{ok: true, coverage: 1}
		}
		return verdict{reason: noReading(d)}
	}
	if length < 2*d.eps {
		return verdict{reason: "clock"}
	}
	c := float64(nd.us) / float64(length)
	switch {
	case nd.us == 0:
		return verdict{reason: noReading(d)}
	case c < a.e.opts.MinCoverage:
		return verdict{coverage: c, reason: lowCoverage(d)}
	}
	return verdict{ok: true, coverage: c, partial: nd.us < length}
}

// covered reports whether a domain's line runs through one of the query's
// moments: what has no length has 0 J there, and nothing is known elsewhere.
func (a *account) covered(t int64, d *domain) bool {
	if t >= a.q.end {
		return a.q.brink.at(d).covered
	}
	if ep := a.q.beginsAt(t); ep != nil {
		return ep.look(d).covered
	}
	return false
}

func noReading(d *domain) string {
	switch {
	case d.denied:
		return "permission"
	case d.lost:
		return "sensor lost"
	}
	return "no samples"
}

func lowCoverage(d *domain) string {
	if d.lost {
		return "sensor lost"
	}
	return "low coverage"
}

// value is one kind's part of a number, ready to be written.
type value struct {
	joules      *unit.Joules
	watts       *float64
	uncertainty *float64
	rank        rank
	exists      bool // the query's hosts have such a domain
	has         bool
	partial     bool
	reason      string
}

// variance is ½·q·Σo², in joules squared, whose root is a standard error; q is
// the mean squared step of power in the window, of the last 20 if it has fewer. It
// is not known where no two readings are neighbours up to the window's end.
func (a *account) variance(num int, d *domain) (v float64, known bool) {
	from, to := a.numbers[num].from, a.numbers[num].to
	steps, sum, last := 0, 0.0, -1.0
	first, end := a.q.between(from, to)
	for i := first; i < end; i++ {
		ed := a.q.epochs[i].look(d)
		steps, sum, last = steps+int(ed.steps), sum+ed.stepSum, ed.last20
		if ed.into.ok && ed.into.s0 >= from {
			steps, sum = steps+1, sum+ed.into.w2
		}
	}
	if o := a.onset(to, d); o.at {
		last = o.last20
		if o.into.ok && o.into.s0 >= from {
			steps, sum = steps+1, sum+o.into.w2
		}
	}
	if steps >= 20 {
		last = sum / float64(steps)
	}
	sq := a.numbers[num].doms[d.index].sq
	if last < 0 {
		return 0, sq == 0
	}
	return last * sq / 2, true
}

// remote reports whether the query's model calls ran where nothing is sampled.
func (a *account) remote() bool { return a.remoteCalls(a.q.spans, false) }

// remoteCalls reports whether there are model calls among the spans and all are
// remote.
func (a *account) remoteCalls(spans []*span, lmOnly bool) bool {
	any := false
	for _, s := range spans {
		if !s.kind.isCall() || lmOnly && s.kind != lmCall {
			continue
		}
		any = true
		if s.place.sampled() {
			return false
		}
	}
	return any
}

// hasKind reports whether the query's hosts have a charged domain of a kind.
func (a *account) hasKind(kind string) bool {
	return slices.ContainsFunc(a.domains, func(d *domain) bool { return d.spec.Kind == kind })
}

// absent says why a kind has no domain at all.
func (a *account) absent(kind string) string {
	if !a.e.powered {
		return "no power stream"
	}
	for _, d := range a.e.domains {
		if d.spec.Kind == kind && d.silent && sameHost(a.q.head.Host, d.host) {
			if d.lost {
				return "sensor lost"
			}
			return "permission"
		}
	}
	return "no sensor"
}

// kindCounts reports whether a kind is in the sum of all.
func (a *account) kindCounts(kind string) bool {
	for _, d := range a.domains {
		if d.spec.Kind == kind && a.e.counts(d) {
			return true
		}
	}
	return false
}

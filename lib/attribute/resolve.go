package attribute

import (
	"math"
	"slices"

	"ipw/lib/power"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// kinds lists the kinds of domain in the order of reports.
var kinds = [...]string{gpuKind: power.GPU, cpuKind: power.CPU, dramKind: power.DRAM, power.SOC, power.ANE, power.Board}

const (
	gpuKind = iota
	cpuKind
	dramKind
)

// kindIndex is a kind's place in kinds, −1 for none that is summed.
func kindIndex(kind string) int { return slices.Index(kinds[:], kind) }

// values are a number's values by kind.
type values [len(kinds)]value

// put fills in the kinds that there are.
func (v *values) put(to *trace.ByKind) {
	for i := range v {
		if v[i].exists {
			to.Set(kinds[i], v[i].joules)
		}
	}
}

// resolveEnded writes the traces of queries that everything has passed.
func (e *Engine) resolveEnded() error {
	for i := 0; i < len(e.ended); i++ {
		q := e.ended[i]
		if e.first.t0 < q.end || !e.beyond(q.end) {
			return nil
		}
		if e.hasEarlier(q) {
			continue
		}
		e.ended = slices.Delete(e.ended, i, i+1)
		i = -1 // one that waited for this may go now
		if err := e.write(q); err != nil {
			e.err = err
			return err
		}
	}
	return nil
}

// hasEarlier reports whether an earlier attempt at a query is not written yet:
// a window outlasted it.
func (e *Engine) hasEarlier(q *query) bool {
	if q.key.attempt == 1 {
		return false
	}
	earlier := func(o *query) bool {
		return o.key.id == q.key.id && o.key.run == q.key.run && o.key.attempt < q.key.attempt
	}
	return slices.ContainsFunc(e.open, earlier) || slices.ContainsFunc(e.ended, earlier)
}

// beyond reports whether averaged watts have come one window past t, as their
// bound needs.
func (e *Engine) beyond(t int64) bool {
	for _, d := range e.domains {
		if d.charged() && d.boxcar() && d.progress() < t+d.window {
			return false
		}
	}
	return true
}

func (e *Engine) emit(q *trace.QueryTrace) error {
	if e.opts.Emit == nil {
		return nil
	}
	return e.opts.Emit(q)
}

// resolve makes the trace of a query.
func (e *Engine) resolve(q *query) *trace.QueryTrace {
	a := &account{e: e, q: q}
	for _, d := range e.domains {
		if e.concerns(q, d) {
			a.domains = append(a.domains, d)
		}
	}
	a.build()
	a.box()
	t := a.trace()
	a.addTotals()
	e.remember(q, t)
	return t
}

// concerns reports whether a domain may have been charged to a query.
func (e *Engine) concerns(q *query, d *domain) bool {
	if !d.charged() {
		return false
	}
	if sameHost(q.head.Host, d.host) || d.serving && !q.head.Windows {
		return true
	}
	for _, s := range q.spans {
		if s.kind.isCall() && s.place.on(d) {
			return true
		}
	}
	return false
}

// value sums the domains of a kind. remote: the field is null and what was
// charged to it withheld.
func (a *account) value(num int, kind string, remote bool) value {
	v := value{}
	known, best := true, 0.0
	var nj int64
	var lo, hi, boxes, variance, watts float64
	for _, d := range a.domains {
		if d.spec.Kind != kind {
			continue
		}
		j := a.judge(num, d)
		if !j.ok {
			v.partial = v.partial || v.has
			if v.reason == "" || j.coverage > best {
				v.reason, best = j.reason, j.coverage
			}
			continue
		}
		v.partial = v.partial || j.partial || v.reason != ""
		nd := &a.numbers[num].doms[d.index]
		v.has = true
		nj += nd.nj
		v.rank = max(v.rank, d.rank)
		switch {
		case d.counter:
			lo += float64(nd.nj) - nd.lo
			hi += nd.hi - float64(nd.nj)
		case d.rank == assumed:
			boxes += nd.box
		case d.rank == statistical:
			x, ok := a.variance(num, d)
			variance += x
			known = known && ok
		}
		if nd.us > 0 {
			watts += float64(nd.nj) / 1e3 / float64(nd.us)
		}
	}
	switch {
	case remote:
		return value{reason: "remote endpoint"}
	case !v.has:
		v.partial = false
		return v
	}
	v.reason = ""
	v.joules = a.joules(nj)
	if a.numbers[num].length > 0 {
		v.watts = a.float(watts)
	}
	if v.rank != unknown && known {
		// in whole nanojoules too: the digits beyond come from the order of adding
		v.uncertainty = a.float(math.Round(max(lo, hi, 0)+boxes+2e9*math.Sqrt(variance)) / 1e9)
	}
	return v
}

// energy fills the account of how a turn's or query's joules came about, and
// returns the values by kind and their sum.
func (a *account) energy(en *trace.Energy, num int, remote bool) (all values, sum *unit.Joules) {
	en.ShareRule, en.Method = a.e.opts.Share, "none"
	var nj int64
	any, missed := false, false
	for i, kind := range kinds {
		if !a.hasKind(kind) {
			if i <= dramKind {
				en.Missing[kind] = a.absent(kind)
			}
			if kind == power.GPU && remote && a.e.powered {
				en.Missing[kind] = "remote endpoint"
			}
			continue
		}
		v := a.value(num, kind, remote && kind == power.GPU)
		v.exists = true
		all[i] = v
		counts := a.kindCounts(kind)
		missed = missed || counts && v.joules == nil && v.reason != "remote endpoint"
		if v.joules == nil {
			en.Missing[kind] = v.reason
			continue
		}
		a.note(en, kind, v)
		if counts {
			en.Basis = append(en.Basis, kind)
			nj += int64(*v.joules)
			any = true
		}
	}
	a.describe(en, num, remote)
	if !any {
		return all, nil
	}
	if missed {
		en.Partial = append(en.Partial, "energy_joules")
	}
	return all, a.joules(nj)
}

// note puts a value's uncertainty under its key.
func (a *account) note(en *trace.Energy, key string, v value) {
	if v.joules == nil {
		return
	}
	en.UncertaintyJoules[key] = v.uncertainty
	en.UncertaintyKind[key] = v.rank.String()
	if v.partial {
		en.Partial = append(en.Partial, key)
	}
}

// describe fills what is said of all counted domains together.
func (a *account) describe(en *trace.Energy, num int, remote bool) {
	n := &a.numbers[num]
	method, first := "none", true
	var weights, charged [len(kinds)]float64
	split := a.othersOpen(num)
	below := false
	from, to := a.numbers[num].from, a.numbers[num].to
	for _, d := range a.domains {
		nd := &n.doms[d.index]
		j := a.judge(num, d)
		ok := j.ok && !(remote && d.spec.Kind == power.GPU)
		var given *unit.Joules
		if ok {
			given = a.joules(nd.nj)
			if k := kindIndex(d.spec.Kind); k >= 0 {
				weights[k] += nd.weight
				charged[k] += float64(nd.nj)
			}
		}
		en.ByDomain[a.e.label(d)] = given
		if !a.e.counts(d) {
			continue
		}
		if en.Coverage == nil || j.coverage < *en.Coverage {
			en.Coverage = a.float(j.coverage)
		}
		if n := a.samples(from, to, d); en.Samples == nil || n < *en.Samples {
			en.Samples = a.e.scratch.integers.of(n)
		}
		if nd.cells == 0 || n.length < d.spec.PowerWindowUs {
			below = true
		}
		split = split || nd.split
		if m := methodOf(d); ok && first {
			method, first = m, false
		} else if ok && m != method {
			method = "mixed"
		}
	}
	en.Method = method
	if en.Coverage == nil {
		return
	}
	m := &a.e.scratch
	en.BelowResolution, en.Share = m.flags.of(below), m.texts.of("alone")
	if split {
		*en.Share = "shared"
	}
	for i, c := range charged {
		if c > 0 {
			en.Sharers[kinds[i]] = weights[i] / c
		}
	}
}

// samples counts a domain's readings between two of the query's moments, both
// included.
func (a *account) samples(from, to int64, d *domain) int64 {
	n := int64(0)
	first, end := a.q.between(from, to)
	for i := first; i < end; i++ {
		n += int64(a.q.epochs[i].look(d).n)
	}
	if a.onset(to, d).at {
		n++
	}
	return n
}

// onset is the reading of a domain on one of the query's moments.
func (a *account) onset(t int64, d *domain) onset {
	if t == a.q.end {
		return a.q.brink.at(d).start
	}
	if ep := a.q.beginsAt(t); ep != nil {
		return ep.look(d).start
	}
	return onset{}
}

func methodOf(d *domain) string {
	switch {
	case d.spec.Estimated:
		return "estimate"
	case d.counter:
		return "counter"
	}
	return "integrated"
}

// othersOpen reports whether another query was open in a number's window.
func (a *account) othersOpen(num int) bool {
	first, end := a.q.between(a.numbers[num].from, a.numbers[num].to)
	for i := first; i < end; i++ {
		if a.q.epochs[i].others && slices.Contains(a.active[i], num) {
			return true
		}
	}
	return false
}

// peak is the largest power at one sample inside a number's window.
func (a *account) peak(num int) *float64 {
	from, to := a.numbers[num].from, a.numbers[num].to
	p := int64(-1)
	first, end := a.q.between(from, to)
	for i := first; i < end; i++ {
		p = max(p, a.q.epochs[i].peak)
	}
	if from == to {
		p = a.peakAt(from)
	}
	if p < 0 {
		return nil
	}
	return a.float(float64(p) / 1e6)
}

// peakAt is the microwatts of a sample on one of the query's moments.
func (a *account) peakAt(t int64) int64 {
	if t == a.q.end && a.q.brink.peak >= 0 {
		return a.q.brink.peak
	}
	if ep := a.q.beginsAt(t); ep != nil {
		return ep.onPeak
	}
	return -1
}

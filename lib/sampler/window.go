package sampler

import (
	"math"

	"ipw/lib/power"
)

// Window is what the domains used between two samples.
//
// A counter that refreshes more slowly than it is read repeats itself, so its
// value at the end is found between the two readings around it at which it
// moved, once the second one is there.
type Window struct {
	domains []power.Domain
	gaps    []int64 // over which a domain's joules do not go on, microseconds; 0: they always do
	spans   []span
	beginT  int64
	ended   bool
	endT    int64
}

// span is one domain's part of a window.
type span struct {
	start point // the first reading
	step  point // the first reading after it that differs
	p, q  point // the last two readings that differ; q is the newer
	last  point // the last reading
	end   float64
	slope float64 // µJ/µs at the end
	done  bool    // end is known
	read  int64   // longest read_us
	gap   int64
	told  int64 // microseconds between readings that belong together
}

type point struct {
	t, j int64
	set  bool
}

// see takes a sample. The first one opens the window.
func (w *Window) see(s *power.Sample) {
	if w.spans == nil {
		w.spans, w.beginT = make([]span, len(w.domains)), s.MUs
		for i, gap := range w.gaps {
			w.spans[i].gap = gap
		}
	}
	for i := range w.spans {
		if s.J[i] != power.Null {
			w.spans[i].see(point{s.MUs, s.J[i], true}, s.ReadUs, w)
		}
	}
}

func (s *span) see(n point, readUs int64, w *Window) {
	s.read = max(s.read, readUs)
	switch {
	case !s.start.set:
		s.start, s.q = n, n
	case n.j != s.q.j:
		if !s.step.set {
			s.step = n
		}
		s.p, s.q = s.q, n
	}
	if dt := n.t - s.last.t; s.last.set && (s.gap == 0 || dt <= s.gap) {
		if w.ended {
			dt = max(min(n.t, w.endT)-s.last.t, 0)
		}
		s.told += dt
	}
	s.last = n
	if w.ended && !s.done && n.t >= w.endT && s.q == n {
		s.finish(w.endT)
	}
}

// finish finds the energy at the time t between the last two points.
func (s *span) finish(t int64) {
	s.done = true
	s.end = float64(s.q.j)
	if !s.p.set {
		return
	}
	s.slope = float64(s.q.j-s.p.j) / float64(s.q.t-s.p.t)
	s.end -= s.slope * float64(max(s.q.t-t, 0))
}

// Close closes the window at the last sample. Later samples still tell what the
// counters held then.
func (w *Window) Close(at int64) {
	w.ended, w.endT = true, at
	for i := range w.spans {
		if s := &w.spans[i]; s.q.set && s.q.t == at {
			s.finish(at)
		}
	}
}

// Use is the energy of one kind of domains in a window.
type Use struct {
	Kind      string
	Joules    float64
	Uncertain float64 // joules; NaN: unknown
	Estimated bool
	Unknown   bool    // some domain of the kind gave no two readings that belong together
	Missing   float64 // share of the time for which some domain of the kind told no joules
	Untold    float64 // joules of that time, each domain going on at its mean power
}

// Uses sums what counts, by kind, in the order of the domains. A board counts
// where nothing else does.
func (w *Window) Uses() []Use {
	uses := w.uses(func(d *power.Domain) bool { return d.Counts() })
	if len(uses) == 0 {
		uses = w.uses(func(d *power.Domain) bool { return d.Kind == power.Board && d.PartOf == "" && !d.Silent() })
	}
	return uses
}

func (w *Window) uses(counts func(*power.Domain) bool) []Use {
	var uses []Use
	for i := range w.spans {
		d := &w.domains[i]
		if !counts(d) {
			continue
		}
		k := 0
		for k < len(uses) && uses[k].Kind != d.Kind {
			k++
		}
		if k == len(uses) {
			uses = append(uses, Use{Kind: d.Kind})
		}
		w.spans[i].add(&uses[k], d, w.length())
	}
	return uses
}

// length is the window's, in microseconds.
func (w *Window) length() int64 {
	end := w.endT
	for i := range w.spans {
		if !w.ended {
			end = max(end, w.spans[i].last.t)
		}
	}
	return end - w.beginT
}

// add adds one domain. What a counter says about either end of the window is as
// old as its refresh: the power there, times that, is uncertain.
func (s *span) add(u *Use, d *power.Domain, length int64) {
	u.Estimated = u.Estimated || d.Estimated
	if !s.start.set || s.last.t == s.start.t || length > 0 && s.told == 0 {
		u.Unknown = true
		return
	}
	if !s.done { // the counter has not moved since: its last reading counts
		s.finish(s.last.t)
	}
	joules := (s.end - float64(s.start.j)) / 1e6
	u.Joules += joules
	if length > 0 {
		told := float64(s.told) / float64(length)
		u.Missing = max(u.Missing, 1-told)
		u.Untold += joules * (1/told - 1)
	}
	if d.Energy != power.Counter || d.UpdateUs == nil || d.Estimated {
		u.Uncertain = math.NaN()
		return
	}
	slope := s.slope
	if s.step.set {
		slope += float64(s.step.j-s.start.j) / float64(s.step.t-s.start.t)
	}
	u.Uncertain += slope * float64(*d.UpdateUs+d.LagUs+s.read) / 1e6
}

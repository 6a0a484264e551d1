package attribute

import (
	"math"
	"slices"
	"sort"
)

// history keeps what a domain of averaged watts drew, as far back as an open
// query may need it: the bound of a boxcar looks one averaging window beyond
// both ends.
type history struct{ points []drawn }

type drawn struct {
	t int64
	j float64 // joules drawn since some moment
	w float64 // the reading, watts
}

// boxcar reports whether the domain's watts are means whose bound follows from
// their averaging window.
func (d *domain) boxcar() bool { return !d.counter && d.rank == assumed && d.window > 0 }

func (h *history) add(t int64, nj int64, w float64) {
	j := float64(nj) / 1e9
	if n := len(h.points); n > 0 {
		j += h.points[n-1].j
	}
	h.points = append(h.points, drawn{t, j, w})
}

// forget drops what lies before t, but for one point.
func (h *history) forget(t int64) {
	if i := h.after(t) - 1; i > 1024 {
		h.points = slices.Delete(h.points, 0, i)
	}
}

// after is the index of the first point later than t.
func (h *history) after(t int64) int {
	return sort.Search(len(h.points), func(i int) bool { return h.points[i].t > t })
}

// upTo is the joules drawn up to t.
func (h *history) upTo(t int64) float64 {
	i := h.after(t)
	if i == 0 {
		return 0
	}
	a := h.points[i-1]
	if i == len(h.points) {
		return a.j
	}
	b := h.points[i]
	return a.j + (b.j-a.j)*float64(t-a.t)/float64(b.t-a.t)
}

// around is the larger of the readings round t, watts.
func (h *history) around(t int64) float64 {
	i := h.after(t)
	w := 0.0
	if i > 0 {
		w = math.Abs(h.points[i-1].w)
	}
	if i < len(h.points) && (i == 0 || h.points[i-1].t < t) {
		w = max(w, math.Abs(h.points[i].w))
	}
	return w
}

// box works out the bound of averaged watts for each number: with a boxcar of
// length W read at spacing h ≤ W/2, the energy of a window is known to
// (W/2 + 2h)(w_a + w_b) + (h/W)·E′, w the larger reading round each edge, E′ the
// energy of the window widened by W on both sides. Where a share changes, the
// edge counts by as much as it changes.
func (a *account) box() {
	for _, d := range a.domains {
		if d.boxcar() {
			a.boxOf(d)
		}
	}
}

func (a *account) boxOf(d *domain) {
	w, h := float64(d.window)/1e6, float64(d.h)/1e6
	edge := func(t int64, jump float64) float64 { return (w/2 + 2*h) * math.Abs(jump) * d.past.around(t) }
	before := make([]float64, len(a.numbers))
	joules := make([]float64, len(a.numbers)) // the bound
	wide := make([]float64, len(a.numbers))   // what E′ has beyond the window
	now := make([]float64, len(a.numbers))
	end := int64(0)
	step := func(t int64, first func(num int) float64) {
		for num := range a.numbers {
			to := first(num)
			joules[num] += edge(t, to-before[num])
			if before[num] == 0 {
				wide[num] += to * (d.past.upTo(t) - d.past.upTo(t-d.window))
			} else if to == 0 {
				wide[num] += before[num] * (d.past.upTo(t+d.window) - d.past.upTo(t))
			}
		}
	}
	for i := range a.q.epochs {
		ep := &a.q.epochs[i]
		ed := ep.look(d)
		clear(now)
		a.shares(i, d, func(num int, _ int64, f float64) {
			now[num] = f
			joules[num] += f * ed.jumps
		})
		step(ep.t0, func(num int) float64 { return now[num] * ed.firstShare })
		for num := range before {
			before[num] = now[num] * ed.lastShare
		}
		end = ep.t1
	}
	step(end, func(int) float64 { return 0 })
	for num := range a.numbers {
		nd := &a.numbers[num].doms[d.index]
		if before[num] != 0 || nd.nj != 0 || joules[num] != 0 {
			nd.box = (joules[num] + h/w*(float64(nd.nj)/1e9+wide[num])) * 1e9
		}
	}
}

// jump notes a change of a query's share within one of its epochs.
func (ed *edom) jump(d *domain, at int64, share float64, first bool) {
	if first {
		ed.firstShare = share
	} else if share != ed.lastShare {
		w, h := float64(d.window)/1e6, float64(d.h)/1e6
		ed.jumps += (w/2 + 2*h) * math.Abs(share-ed.lastShare) * d.past.around(at)
	}
	ed.lastShare = share
}

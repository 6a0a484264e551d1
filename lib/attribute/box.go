package attribute

import (
	"math"
	"slices"
	"sort"
)

// history keeps what a domain of averaged watts drew, as far back as an open
// query may need it: the bound of a boxcar looks one averaging window beyond
// both ends.
type history struct {
	points []drawn
	watts  []wattsAt
}

type drawn struct {
	t int64
	j float64 // joules drawn since some moment
}

type wattsAt struct {
	t     int64
	w     float64
	first bool // of its line
}

// boxcar reports whether the domain's watts are means whose bound follows from
// their averaging window.
func (d *domain) boxcar() bool { return !d.counter && d.rank == assumed && d.window > 0 }

func (h *history) add(t, nj int64) {
	j := float64(nj) / 1e9
	if n := len(h.points); n > 0 {
		j += h.points[n-1].j
	}
	h.points = append(h.points, drawn{t, j})
}

// forget drops what lies before t, but for one point of each.
func (h *history) forget(t int64) {
	if i := after(h.points, t, drawn.at) - 1; i > 1024 {
		h.points = slices.Delete(h.points, 0, i)
	}
	if i := after(h.watts, t, wattsAt.at) - 1; i > 1024 {
		h.watts = slices.Delete(h.watts, 0, i)
	}
}

func (d drawn) at() int64   { return d.t }
func (w wattsAt) at() int64 { return w.t }

// after is the index of the first element later than t.
func after[T any](list []T, t int64, at func(T) int64) int {
	return sort.Search(len(list), func(i int) bool { return at(list[i]) > t })
}

// upTo is the joules drawn up to t.
func (h *history) upTo(t int64) float64 {
	i := after(h.points, t, drawn.at)
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

// around is the larger of the readings round t, watts: the last one before,
// and the first one behind it, unless that begins another line more than
// a window away, which the average of none of them reaches.
func (d *domain) around(t int64) float64 {
	watts := d.past.watts
	i := after(watts, t, wattsAt.at)
	w := 0.0
	if i > 0 {
		w = max(w, watts[i-1].w)
	}
	if i < len(watts) && (i == 0 || watts[i-1].t < t) && !(watts[i].first && watts[i].t > t+d.window) {
		w = max(w, watts[i].w)
	}
	return w
}

// box works out the bound of averaged watts for each number: with a boxcar of
// length W read at spacing h ≤ W/2, the energy of a window is known to
// (W/2 + 2h)(w_a + w_b) + (h/W)·E′, w the larger reading round each edge, E′ the
// energy of the window widened by W on both sides. That is said of a share of 1;
// in general an edge counts by as much as the share jumps, and the widened
// window has at each moment the largest share within W of it.
func (a *account) box() {
	for _, d := range a.domains {
		if !d.boxcar() {
			continue
		}
		courses := make([][]shareFrom, len(a.numbers))
		for i := range a.q.epochs {
			a.course(i, d, courses)
		}
		for num, c := range courses {
			if len(c) > 0 {
				a.numbers[num].doms[d.index].box = d.boxBound(append(c, shareFrom{a.q.end, 0})) * 1e9
			}
		}
	}
}

// course appends how each number's share goes in one epoch.
func (a *account) course(i int, d *domain, courses [][]shareFrom) {
	ep := &a.q.epochs[i]
	of := make(map[int]float64)
	for _, x := range a.shares(i, d) {
		of[x.num] = x.f
	}
	for num := range courses {
		f := of[num]
		if f == 0 {
			if n := len(courses[num]); n > 0 && courses[num][n-1].share != 0 {
				courses[num] = append(courses[num], shareFrom{ep.t0, 0})
			}
			continue
		}
		for _, s := range ep.look(d).course {
			courses[num] = append(courses[num], shareFrom{s.t, f * s.share})
		}
	}
}

// boxBound is the bound, in joules, of a number whose share goes like this; the
// last entry ends it.
func (d *domain) boxBound(course []shareFrom) float64 {
	w, h := float64(d.window)/1e6, float64(d.h)/1e6
	edges, before := 0.0, 0.0
	var cuts []int64
	for _, c := range course {
		if c.share != before {
			edges += math.Abs(c.share-before) * d.around(c.t)
		}
		before = c.share
		cuts = append(cuts, c.t-d.window, c.t, c.t+d.window)
	}
	slices.Sort(cuts)
	wide, near := 0.0, 0
	for i := 1; i < len(cuts); i++ {
		from, to := cuts[i-1], cuts[i]
		if from == to {
			continue
		}
		for near+1 < len(course)-1 && course[near+1].t+d.window <= from {
			near++
		}
		most := 0.0
		for k := near; k+1 < len(course) && course[k].t-d.window < to; k++ {
			if course[k+1].t+d.window > from {
				most = max(most, course[k].share)
			}
		}
		if most > 0 {
			wide += most * (d.past.upTo(to) - d.past.upTo(from))
		}
	}
	return (w/2+2*h)*edges + h/w*wide
}

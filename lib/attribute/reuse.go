package attribute

import (
	"ipw/lib/price"
	"ipw/lib/unit"
)

// What is needed again and again is made once: a run has millions of slices,
// epochs and lists, all of them soon forgotten.

// spareQueries is how many queries that are written down are kept for their
// memory.
const spareQueries = 64

// blankQuery is a query without content.
func (e *Engine) blankQuery() *query {
	var q *query
	select {
	case q = <-e.spare:
	default:
		return new(query)
	}
	for i, s := range q.spans {
		if s.waits > 0 { // a wake still means it
			q.spans[i] = nil
		}
	}
	for i := range q.epochs {
		q.epochs[i].live = nil
	}
	*q = query{spans: q.spans[:0], epochs: q.epochs[:0], crossed: q.crossed[:0], cuts: q.cuts[:0], brink: q.brink, events: q.events[:0]}
	return q
}

// reuse takes a query that is written down.
func (e *Engine) reuse(q *query) {
	select {
	case e.spare <- q:
	default:
	}
}

// newSlice is an empty slice that begins at t.
func (e *Engine) newSlice(t int64) *slice {
	s := e.free
	if s == nil {
		s = new(slice)
	} else {
		e.free = s.next
	}
	*s = slice{t0: t, t1: never, queries: e.open, calls: e.calls, peak: -1, onPeak: -1,
		acc: s.acc[:0], epochs: s.epochs[:0], shares: s.shares[:0]}
	return s
}

// forgetSlices takes the slices from one to another that are settled and that
// nothing refers to any more.
func (e *Engine) forgetSlices(from, to *slice) {
	for s := from; s != to; {
		next := s.next
		if s.kept == 0 {
			s.queries, s.calls = nil, nil
			s.next, e.free = e.free, s
		}
		s = next
	}
}

// arena makes short lists that live on their own, many of them at a time.
type arena[T any] struct{ free []T }

// list is an empty list with room for n.
func (a *arena[T]) list(n int) []T {
	if len(a.free) < n {
		a.free = make([]T, max(n, 256))
	}
	list := a.free[:0:n]
	a.free = a.free[n:]
	return list
}

// lists hands out short lists that are needed until the next query's account.
type lists[T any] struct{ all []T }

// begin begins a list; what is added to it follows its return value.
func (l *lists[T]) begin() int { return len(l.all) }

func (l *lists[T]) add(v T) { l.all = append(l.all, v) }

// end is the list that was begun at from, never nil.
func (l *lists[T]) end(from int) []T {
	if l.all == nil {
		l.all = make([]T, 0, 64)
	}
	return l.all[from:len(l.all):len(l.all)]
}

func (l *lists[T]) reset() { l.all = l.all[:0] }

// block hands out places for values that a trace points to, which may live as
// long as it likes.
type block[T any] struct{ free []T }

func (b *block[T]) of(v T) *T {
	if len(b.free) == 0 {
		b.free = make([]T, 128)
	}
	p := &b.free[0]
	b.free = b.free[1:]
	*p = v
	return p
}

// scratch is the memory of the account at hand.
type scratch struct {
	numbers  []number
	doms     []numDom
	active   [][]int
	open     [][]*turn
	parts    [][]numShare
	blank    []*turn
	byStart  []*turn
	now      []*turn
	nums     lists[int]
	turns    lists[*turn]
	spans    lists[*span]
	shares   lists[numShare]
	lo, hi   []float64
	seconds  []float64
	seen     []int
	joules   block[unit.Joules]
	floats   block[float64]
	integers block[int64]
	flags    block[bool]
	texts    block[string]

	asked  bool // for the price of a model
	model  string
	price  price.Model
	priced bool
}

// turn is a place for the i-th turn.
func (s *scratch) turn(i int) *turn {
	if i == len(s.blank) {
		s.blank = append(s.blank, new(turn))
	}
	return s.blank[i]
}

func (s *scratch) reset() {
	s.nums.reset()
	s.turns.reset()
	s.spans.reset()
	s.shares.reset()
}

// lengthened is list with n elements, the new ones zero.
func lengthened[T any](list []T, n int) []T {
	if cap(list) < n {
		return append(list, make([]T, n-len(list))...)
	}
	old := len(list)
	list = list[:n]
	clear(list[old:])
	return list
}

// zeroed is a list of n zero values, in the memory of list if that is enough.
func zeroed[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n, n+n/2)
	}
	list = list[:n]
	clear(list)
	return list
}

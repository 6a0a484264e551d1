package foreign

import (
	"cmp"
	"slices"
)

// moment is one record to come of a query.
type moment struct {
	t    int64
	rank rank
	what what
	span int32 // index; −1: the query's own
}

// what a record says.
type what uint8

const (
	queryStarts what = iota
	spanStarts
	firstToken
	spanEnds
	queryEnds
)

// rank orders the records of one instant: what ends was there before what
// starts, and the query is round all of them.
type rank uint8

const (
	opens rank = iota
	leaves
	enters
	passes // the first token, and the end, of a span without length
	closes
)

// momentsOf lists a query's records in order. Of one instant, parents start
// first and end last.
func momentsOf(q *query) []moment {
	list := make([]moment, 0, 2+2*len(q.spans))
	list = append(list, moment{q.start, opens, queryStarts, -1}, moment{q.end, closes, queryEnds, -1})
	for i := range q.spans {
		s, n := &q.spans[i], int32(i)
		end := leaves
		if s.start == s.end {
			end = passes
		}
		list = append(list, moment{s.start, enters, spanStarts, n}, moment{s.end, end, spanEnds, n})
		if s.kind != toolCall && s.first >= s.start && s.first <= s.end {
			rank := passes
			if s.first == s.end {
				rank = end
			}
			list = append(list, moment{s.first, rank, firstToken, n})
		}
	}
	depth := func(m moment) int {
		switch {
		case m.span < 0:
			return 0
		case m.what == spanStarts:
			return q.spans[m.span].depth
		}
		return -q.spans[m.span].depth
	}
	slices.SortFunc(list, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.rank, b.rank), cmp.Compare(depth(a), depth(b)), cmp.Compare(a.span, b.span), cmp.Compare(a.what, b.what))
	})
	return list
}

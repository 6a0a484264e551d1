package foreign

import (
	"cmp"
	"encoding/json"
	"slices"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// query is one task, complete: a format's parser makes it of a trace, a list or
// a prompt and what followed.
type query struct {
	id         string
	start, end int64
	file       string
	line       int

	startDerived, endDerived bool

	host, agent, model, tool string // for the header
	run                      string

	workload  string // "": the data set's
	typed     bool   // workload is what --type-from asked for
	asked     *string
	answered  *string
	metadata  []member
	completed bool
	reason    string
	err       *string

	spans   []span
	moments []moment
	at      int // of the next moment
}

// member is one of metadata. Raw is its JSON.
type member struct {
	name string
	raw  []byte
}

// note adds to the metadata; nothing is not noted.
func (q *query) note(name string, v any) {
	if v == "" || v == nil {
		return
	}
	if raw, err := stream.AppendJSON(nil, v); err == nil {
		q.metadata = append(q.metadata, member{name, raw})
	}
}

// moment is one record to come.
type moment struct {
	t    int64
	rank rank
	span int32 // index; −1: of the query
}

// rank orders the records of one instant: what ends was there before what
// starts, a query surrounds all.
type rank uint8

const (
	queryStarts rank = iota
	spanEnds
	spanStarts
	firstToken
	emptyEnds // of a span without length
	queryEnds
)

// arrange makes the query's moments. Spans are kept within the query.
func (q *query) arrange() {
	q.end = max(q.end, q.start)
	for i := range q.spans {
		s := &q.spans[i]
		q.startDerived = q.startDerived || s.start < q.start
		q.endDerived = q.endDerived || s.end > q.end
		q.start, q.end = min(q.start, s.start), max(q.end, s.end)
	}
	q.moments = make([]moment, 0, 2+2*len(q.spans))
	q.moments = append(q.moments, moment{q.start, queryStarts, -1}, moment{q.end, queryEnds, -1})
	for i := range q.spans {
		s := &q.spans[i]
		ends := spanEnds
		if s.start == s.end {
			ends = emptyEnds
		}
		q.moments = append(q.moments, moment{s.start, spanStarts, int32(i)}, moment{s.end, ends, int32(i)})
		if s.first != 0 && s.first >= s.start && s.first <= s.end {
			rank := firstToken
			if s.first == s.end && ends == spanEnds {
				rank = spanEnds // before its end, by the tie below
			}
			q.moments = append(q.moments, moment{s.first, rank, int32(i)})
		} else {
			s.first = 0
		}
	}
	q.sort()
	q.noteDerived()
}

// sort orders the moments; of one rank, parents start first and end last.
func (q *query) sort() {
	depth := func(m moment) int {
		switch {
		case m.span < 0:
			return 0
		case m.rank == spanStarts:
			return q.spans[m.span].depth
		}
		return -q.spans[m.span].depth
	}
	slices.SortStableFunc(q.moments, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.rank, b.rank), cmp.Compare(depth(a), depth(b)), cmp.Compare(a.span, b.span), q.firstBeforeEnd(a, b))
	})
}

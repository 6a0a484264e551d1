package agent

import (
	"errors"
	"fmt"

	"ipw/lib/event"
)

var errAbandoned = errors.New("abandoned: the query has ended")

// span is what starts and ends within a query. Its id says whose it is, what
// and in which turn, and so is unique in a run: q0003.1/lm2 is the model call
// of turn 2 in the first attempt at q0003, q0003.1/t2.0 the first tool call
// after it, q0003.1/tests what belongs to no turn.
type span struct {
	q     *Query
	id    string
	turn  int
	ended bool
	last  func(error) event.Event // the end's record, for a query that ends first
}

// noTurn is the turn of what belongs to none.
const noTurn = -1

// start opens a span and writes its first record. last makes its end's record
// if the query ends first; it is called with q.mu held.
func (q *Query) start(kind string, turn int, e event.Event, last func(error) event.Event) *span {
	q.mu.Lock()
	defer q.mu.Unlock()
	name := kind
	if turn != noTurn {
		name = fmt.Sprintf("%s%d", kind, turn)
	}
	n := q.names[name]
	q.names[name]++
	if kind == "t" || n > 0 {
		name = fmt.Sprintf("%s.%d", name, n)
	}
	s := &span{q: q, id: fmt.Sprintf("%s.%d/%s", q.ID, q.Attempt, name), turn: turn, ended: q.ended, last: last}
	s.write(e)
	if !s.ended {
		q.open = append(q.open, s)
	}
	return s
}

// write writes a record of the span, unless it has ended; q.mu is held.
func (s *span) write(e event.Event) {
	if !s.ended {
		e.Span = s.id
		if s.turn != noTurn {
			e.Turn = &s.turn
		}
		s.q.emit(e)
	}
}

// finish writes the last record; q.mu is held.
func (s *span) finish(e event.Event) {
	s.write(e)
	s.ended = true
	for i, o := range s.q.open {
		if o == s {
			s.q.open = append(s.q.open[:i], s.q.open[i+1:]...)
			return
		}
	}
}

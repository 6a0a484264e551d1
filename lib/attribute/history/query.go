package history

import (
	"fmt"
	"slices"
)

// query is one attempt as it truly went.
type query struct {
	id             string
	attempt        int
	start, end     int64
	spans          []*span
	reason         string
	noStart, noEnd bool
	remote         float64 // how many of its calls go elsewhere
	cursor         int64   // how far it has got
}

// span is a call, a tool, or a window.
type span struct {
	kind           string // lm_inference, submodel_call, tool_call, setup, scoring
	id, parent     string
	turn           int // −1: none
	start, end     int64
	firstToken     int64 // −1: none
	waits          []wait
	endpoint       string
	local          bool
	nowhere        bool // neither local nor endpoint is said
	noStart, noEnd bool
}

type wait struct{ at, length int64 }

const noTime = int64(-1) << 60

// queries makes all attempts of all queries.
func (m *maker) queries() []*query {
	var all []*query
	var cursor int64
	n := 1 + m.rng.IntN(m.size.Queries)
	for i := range n {
		at := cursor
		if m.maybe(Concurrent, 0.8) {
			at = m.between(0, cursor)
		} else if m.coin(0.6) {
			at += m.length(ms, 300*ms)
		}
		for attempt := 1; ; attempt++ {
			q := m.query(fmt.Sprintf("q%04d", i), attempt, at)
			all = append(all, q)
			cursor = max(cursor, q.last())
			if !m.maybe(Attempts, 0.4) || attempt == 3 {
				break
			}
			q.reason = "error"
			at = q.last() + m.length(ms, 100*ms)
		}
	}
	return all
}

// last is the time of the query's last record.
func (q *query) last() int64 {
	last := q.end
	for _, s := range q.spans {
		last = max(last, s.end)
	}
	return last
}

func (m *maker) query(id string, attempt int, at int64) *query {
	q := &query{id: id, attempt: attempt, start: at, reason: "finished"}
	q.remote = []float64{0, 0.5, 1}[m.rng.IntN(3)]
	if m.has(ReusedSpans) {
		m.spans = 0
	}
	q.cursor = at
	if m.coin(0.5) {
		q.cursor += m.length(ms, 100*ms)
	}
	if m.maybe(Setup, 0.7) {
		m.setup(q)
	}
	if !m.maybe(EmptyQueries, 0.3) {
		turn := 0
		for range 1 + m.rng.IntN(m.size.Turns) {
			m.turn(q, turn)
			turn++
			if m.maybe(SkippedTurns, 0.3) {
				turn += 2
			}
		}
	} else if m.coin(0.7) {
		q.cursor += m.length(10*ms, 500*ms)
	}
	q.end = q.cursor
	for _, s := range q.spans {
		if s.kind != "setup" || !m.has(OutsideWindows) || m.has(FailedSegments) {
			q.end = max(q.end, s.end)
		}
	}
	if m.coin(0.5) {
		q.end += m.length(ms, 200*ms)
	}
	if m.maybe(NoTurnCalls, 0.6) {
		m.call(q, "lm_inference", -1, m.between(q.start, q.end), q.end)
	}
	if m.maybe(Scoring, 0.7) {
		m.scoring(q)
	}
	m.spoil(q)
	return q
}

// setup puts a window before the first turn; it may go on behind the first
// call, and with OutsideWindows begin before the query or lie before it.
func (m *maker) setup(q *query) {
	d := m.length(20*ms, 400*ms)
	s := &span{kind: "setup", start: q.start, end: q.start + d}
	if m.maybe(OutsideWindows, 0.7) && !m.has(FailedSegments) {
		s.start -= m.between(0, d)
		if m.coin(0.4) { // wholly before
			s.start, s.end = s.start-d, q.start-m.between(0, 50*ms)
			s.start = min(s.start, s.end)
		}
	}
	m.add(q, s)
	if m.coin(0.7) {
		q.cursor = max(q.cursor, s.end)
	}
}

// scoring puts a window at the end, or somewhere in the middle.
func (m *maker) scoring(q *query) {
	d := m.length(20*ms, 400*ms)
	s := &span{kind: "scoring", start: q.end, end: q.end + d}
	switch where := m.rng.IntN(4); {
	case m.has(OutsideWindows) && where == 0 && !m.has(FailedSegments): // afterwards
		late := m.between(0, 100*ms)
		s.start, s.end = s.start+late, s.end+late
	case m.has(OutsideWindows) && where == 1 && !m.has(FailedSegments): // across the end
		s.start = m.between(q.start, q.end)
	case where == 2: // amid the turns
		s.start = m.between(q.start, q.end)
		s.end = m.between(s.start, q.end)
	default:
		q.end = s.end + m.between(0, 20*ms)
	}
	m.add(q, s)
}

// add gives a span its id.
func (m *maker) add(q *query, s *span) *span {
	m.spans++
	s.id = fmt.Sprintf("s%d", m.spans)
	if s.kind == "setup" || s.kind == "scoring" {
		s.turn = -1
	}
	if s.firstToken == 0 {
		s.firstToken = noTime
	}
	q.spans = append(q.spans, s)
	return s
}

// spoil loses starts and ends, and lets spans outlive their query.
func (m *maker) spoil(q *query) {
	q.noStart = m.maybe(MissingQueryStarts, 0.2)
	q.noEnd = m.maybe(Unfinished, 0.3)
	outside := slices.ContainsFunc(q.spans, func(s *span) bool {
		window := s.kind == "setup" || s.kind == "scoring"
		return window && (s.start < q.start || s.end > q.end)
	})
	for _, s := range q.spans {
		window := s.kind == "setup" || s.kind == "scoring"
		if window && (outside || m.has(FailedSegments)) {
			continue // to lose an end of these leaves open when it was
		}
		s.noStart = m.maybe(MissingStarts, 0.1)
		s.noEnd = m.maybe(MissingEnds, 0.15)
		if !window && !outside && m.maybe(PastQuery, 0.2) {
			s.end = max(s.end, q.end+m.between(0, 200*ms))
		}
	}
}

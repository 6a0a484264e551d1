package oracle

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
)

// query is one attempt at one task.
type query struct {
	id         Attempt
	start, end int64 // its own records; end is never if there is none yet
	from, to   int64 // open: with the setup and scoring windows outside
	spans      []*span
	turns      []*turn // by index
}

// span is what starts and ends: a call, a tool, a setup or scoring window.
type span struct {
	id, parent string
	kind       string // lm, submodel, tool, setup, scoring
	turn       *int
	start, end int64
	firstToken *int64
	waits      []window // in a retry
	endpoint   string
	local      *bool
	on         func(*domain) bool // the GPUs it runs on, nil: not on this host
}

// turn "is open from the first start to the last end of the model calls and
// tool calls that carry its index".
type turn struct {
	query       *query
	index       int
	first, last int64
	spans       []*span // those calls
}

type window struct{ from, to int64 }

const never = int64(1) << 62

// call: "Model calls are lm_inference and submodel_call."
func (s *span) call() bool { return s.kind == "lm" || s.kind == "submodel" }

// task: what belongs to a turn.
func (s *span) task() bool { return s.call() || s.kind == "tool" }

// inFlight tells whether s is in flight all through [a, b]: "from start to end
// except while they wait in a retry".
func (s *span) inFlight(a, b int64) bool {
	for _, w := range s.waits {
		if w.from <= a && b <= w.to {
			return false
		}
	}
	return s.start <= a && b <= s.end
}

func (q *query) open(a, b int64) bool { return q.from <= a && b <= q.to }
func (t *turn) open(a, b int64) bool  { return t.first <= a && b <= t.last }

// during tells whether a setup or scoring window of q is open in [a, b].
func (q *query) during(kind string, a, b int64) bool {
	for _, s := range q.spans {
		if s.kind == kind && s.inFlight(a, b) {
			return true
		}
	}
	return false
}

// has tells whether q had such a window at all.
func (q *query) has(kind string) bool {
	return slices.ContainsFunc(q.spans, func(s *span) bool { return s.kind == kind })
}

// order: "records of one instant are one set: query starts, span starts, the
// rest, span ends, query ends".
func order(r record) int {
	switch r.Type {
	case "query_start":
		return 0
	case "setup_start", "scoring_start", "lm_inference_start", "submodel_call_start", "tool_call_start":
		return 1
	case "setup_end", "scoring_end", "lm_inference_end", "submodel_call_end", "tool_call_end":
		return 3
	case "query_end":
		return 4
	}
	return 2
}

var spanKinds = map[string]string{
	"setup_start": "setup", "scoring_start": "scoring", "lm_inference_start": "lm",
	"submodel_call_start": "submodel", "tool_call_start": "tool",
}

// agenda is a run being read.
type agenda struct {
	queries map[Attempt]*query
	early   map[Attempt][]*span // setup and scoring windows before their query's start
	last    map[string]int64    // last event by run
	all     []*query
}

// readQueries finds out who was open when.
func readQueries(segments []segment) []*query {
	g := &agenda{make(map[Attempt]*query), make(map[Attempt][]*span), make(map[string]int64), nil}
	for _, s := range segments {
		records := slices.Clone(s.records)
		slices.SortStableFunc(records, func(a, b record) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(order(a), order(b)))
		})
		for _, r := range records {
			g.read(s.header.Run, r)
			g.last[s.header.Run] = r.at
		}
		// "Spans continue across an end with status ok into a segment of the
		// same run; an incomplete, interrupted or failed segment closes its
		// open spans and queries at its last record."
		if s.status != "ok" {
			g.close(s.header.Run)
		}
	}
	for _, q := range g.all {
		q.finish(g.last[q.id.Run])
	}
	return g.all
}

func (g *agenda) read(run string, r record) {
	id := Attempt{run, r.Query, max(r.Attempt, 1)}
	q := g.queries[id]
	kind := spanKinds[r.Type]
	switch {
	case r.Type == "query_start" && q == nil:
		q = &query{id: id, start: r.at, end: never, spans: g.early[id]}
		g.queries[id], g.all = q, append(g.all, q)
	case r.Type == "query_end" && q != nil && q.end == never:
		q.end = r.at
	case kind != "":
		s := &span{id: r.Span, parent: r.Parent, kind: kind, turn: r.Turn, start: r.at, end: never, endpoint: r.Endpoint, local: r.Local}
		switch {
		case q == nil && !s.task():
			g.early[id] = append(g.early[id], s)
		case q != nil && (q.end == never || !s.task()):
			q.spans = append(q.spans, s)
		}
	case order(r) == 3:
		if s := find(g.early[id], q, r.Span); s != nil {
			s.end = r.at
		}
	case r.Type == "lm_first_token":
		// "its first token of any kind"
		if s := find(nil, q, r.Span); s != nil && s.firstToken == nil {
			s.firstToken = &r.at
		}
	case r.Type == "retry":
		// "from that record for wait_s"
		if s := find(nil, q, r.Span); s != nil && r.WaitS != nil {
			s.waits = append(s.waits, window{r.at, r.at + microseconds(*r.WaitS)})
		}
	}
}

// find returns the span of that id that has not ended.
func find(early []*span, q *query, id string) *span {
	all := early
	if q != nil {
		all = q.spans
	}
	for _, s := range all {
		if s.id == id && s.end == never {
			return s
		}
	}
	return nil
}

func microseconds(s json.Number) int64 {
	us := rat(s)
	if us == nil {
		return 0
	}
	us.Mul(us, big.NewRat(1_000_000, 1)).Add(us, big.NewRat(1, 2))
	return new(big.Int).Div(us.Num(), us.Denom()).Int64()
}

// close ends everything open in a run at its last record.
func (g *agenda) close(run string) {
	for _, q := range g.all {
		if q.id.Run != run {
			continue
		}
		for _, s := range q.spans {
			if s.end == never && (q.end == never || !s.task()) {
				s.end = g.last[run]
			}
		}
		q.end = min(q.end, g.last[run])
	}
}

// finish settles all ends. "An unfinished span ends with its query, an
// unfinished query with the last event of its run."
func (q *query) finish(lastOfRun int64) {
	q.end = min(q.end, lastOfRun)
	q.from, q.to = q.start, q.end
	turns := make(map[int]*turn)
	for _, s := range q.spans {
		switch {
		case s.task():
			s.end = min(s.end, q.end) // a call is no longer in flight once its query has ended
		case s.end == never && s.start > q.end:
			s.end = lastOfRun
		case s.end == never:
			s.end = q.end
		}
		if !s.task() {
			// "a setup or scoring window outside it extends it"
			q.from, q.to = min(q.from, s.start), max(q.to, s.end)
		}
		s.clip()
		if !s.task() || s.turn == nil {
			continue
		}
		t := turns[*s.turn]
		if t == nil {
			t = &turn{query: q, index: *s.turn, first: s.start, last: s.end}
			turns[*s.turn], q.turns = t, append(q.turns, t)
		}
		t.first, t.last = min(t.first, s.start), max(t.last, s.end)
		t.spans = append(t.spans, s)
	}
	slices.SortFunc(q.turns, func(a, b *turn) int { return a.index - b.index })
}

// clip keeps waits and the first token inside the span.
func (s *span) clip() {
	for i := range s.waits {
		s.waits[i].to = min(s.waits[i].to, s.end)
	}
	if s.firstToken != nil && *s.firstToken > s.end {
		s.firstToken = nil
	}
}

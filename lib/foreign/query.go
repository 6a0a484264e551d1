package foreign

import (
	"ipw/lib/event"
	"ipw/lib/stream"
)

// query is one task, complete: a format's parser makes it of a trace, a list,
// or a prompt and what followed.
type query struct {
	id         string
	start, end int64
	file       string
	line       int

	startDerived, endDerived bool

	host, agent, model, tool string // for the header

	workload string // "": the data set's
	typed    bool   // workload is what --type-from asked for
	asked    *string
	answered *string
	metadata []byte // an object without its closing brace; nil for none
	reason   string
	err      *string

	spans   []span
	moments []moment
	at      int // index of the next moment
}

// note adds a member to the metadata. "" is nothing to note.
func (q *query) note(name string, v any) {
	if v == "" {
		return
	}
	if raw, err := stream.AppendJSON(nil, v); err == nil {
		q.noteJSON(name, raw)
	}
}

func (q *query) noteJSON(name string, raw []byte) {
	if q.metadata == nil {
		q.metadata = append(q.metadata, '{')
	} else {
		q.metadata = append(q.metadata, ',')
	}
	q.metadata, _ = stream.AppendJSON(q.metadata, name)
	q.metadata = append(append(q.metadata, ':'), raw...)
}

// arrange makes the query's moments, once its spans are complete. A query
// lasts as long as its spans.
func (q *query) arrange() {
	q.end = max(q.end, q.start)
	for i := range q.spans {
		s := &q.spans[i]
		q.startDerived = q.startDerived || s.start < q.start
		q.endDerived = q.endDerived || s.end > q.end
		q.start, q.end = min(q.start, s.start), max(q.end, s.end)
	}
	q.moments = momentsOf(q)
	if types := q.derived(); len(types) > 0 {
		q.note("time_derived", types)
	}
	if q.metadata != nil {
		q.metadata = append(q.metadata, '}')
	}
}

// derived lists the types of the records whose time is not the log's, as they
// come.
func (q *query) derived() (types []string) {
	seen := make(map[string]bool)
	for _, m := range q.moments {
		if e := q.event(m); e.TimeDerived && !seen[e.Type] {
			seen[e.Type] = true
			types = append(types, e.Type)
		}
	}
	return types
}

// event makes the record of a moment.
func (q *query) event(m moment) *event.Event {
	var e event.Event
	switch m.what {
	case queryStarts:
		e = event.Event{Type: event.QueryStart, TUs: q.start, WorkloadType: q.workload, QueryText: q.asked,
			Metadata: q.metadata, TimeDerived: q.startDerived}
	case queryEnds:
		completed, timedOut := q.reason == event.Finished, false
		e = event.Event{Type: event.QueryEnd, TUs: q.end, ResponseText: q.answered, Completed: &completed, TimedOut: &timedOut,
			Reason: q.reason, Error: q.err, TimeDerived: q.endDerived}
	case spanStarts:
		e = q.spans[m.span].startEvent()
	case firstToken:
		e = q.spans[m.span].firstEvent()
	default:
		e = q.spans[m.span].endEvent()
	}
	e.Query, e.Attempt = q.id, 1
	return &e
}

// lineOf is where a moment's record comes from.
func (q *query) lineOf(m moment) int {
	if m.span >= 0 && q.spans[m.span].line > 0 {
		return q.spans[m.span].line
	}
	return q.line
}

package foreign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	counted bool // the spans' ids are s1, s2, … in their order: the log has none
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
	for _, m := range q.moments {
		typ, derived := q.kindOf(m)
		if derived && !slices.Contains(types, typ) {
			types = append(types, typ)
		}
	}
	return types
}

// kindOf is the type of a moment's record, and whether its time is derived.
func (q *query) kindOf(m moment) (typ string, derived bool) {
	switch m.what {
	case queryStarts:
		return event.QueryStart, q.startDerived
	case queryEnds:
		return event.QueryEnd, q.endDerived
	case spanStarts:
		return q.spans[m.span].kind.started(), q.spans[m.span].startDerived
	case firstToken:
		return event.LMFirstToken, q.spans[m.span].firstDerived
	}
	return q.spans[m.span].kind.ended(), q.spans[m.span].endDerived
}

// event makes the record of a moment.
func (q *query) event(m moment) *event.Event {
	var e event.Event
	switch m.what {
	case queryStarts:
		e = event.Event{WorkloadType: q.workload, QueryText: q.asked, Metadata: q.metadata}
	case queryEnds:
		completed, timedOut := q.reason == event.Finished, false
		e = event.Event{ResponseText: q.answered, Completed: &completed, TimedOut: &timedOut, Reason: q.reason, Error: q.err}
	case spanStarts:
		e = q.spans[m.span].startEvent()
	case firstToken:
		e = q.spans[m.span].firstEvent()
	default:
		e = q.spans[m.span].endEvent()
	}
	e.Type, e.TimeDerived = q.kindOf(m)
	e.TUs, e.Query, e.Attempt = m.t, q.id, 1
	return &e
}

// renumber makes the ids of counted spans go on behind n others.
func (q *query) renumber(n int) {
	for i := range q.spans {
		s := &q.spans[i]
		s.id = fmt.Sprintf("s%d", n+i+1)
		if k, err := strconv.Atoi(strings.TrimPrefix(s.parent, "s")); err == nil {
			s.parent = fmt.Sprintf("s%d", n+k)
		}
	}
}

// lineOf is where a moment's record comes from.
func (q *query) lineOf(m moment) int {
	if m.span >= 0 && q.spans[m.span].line > 0 {
		return q.spans[m.span].line
	}
	return q.line
}

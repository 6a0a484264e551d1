package agent

import (
	"io"

	"ipw/lib/event"
)

// Earlier is what an event stream tells of the run that is to be resumed: the
// last one in it.
type Earlier struct {
	Header event.Header // of its latest segment

	attempts map[string]int    // the latest attempt at each query
	reasons  map[string]string // how that ended; "" for not at all
}

// ReadEarlier reads an event stream to its end.
func ReadEarlier(r *event.Reader) (*Earlier, error) {
	e := &Earlier{}
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return e, nil
		case err != nil:
			return nil, err
		case rec.Header != nil:
			e.header(*rec.Header)
		case rec.Event != nil && rec.Event.Query != "":
			e.event(rec.Event)
		}
	}
}

func (e *Earlier) header(h event.Header) {
	if e.attempts == nil || h.Run != e.Header.Run {
		e.attempts, e.reasons = map[string]int{}, map[string]string{}
	}
	e.Header = h
}

func (e *Earlier) event(ev *event.Event) {
	attempt := max(ev.Attempt, 1)
	switch {
	case attempt < e.attempts[ev.Query]:
		return
	case attempt > e.attempts[ev.Query]:
		e.attempts[ev.Query], e.reasons[ev.Query] = attempt, ""
	}
	if ev.Type == event.QueryEnd {
		e.reasons[ev.Query] = ev.Reason
		if ev.Reason == "" {
			e.reasons[ev.Query] = event.Finished
		}
	}
}

// Attempt tells whether a query is to be run, and which attempt that is: it
// never ran, or its latest attempt ended in error, was interrupted or has no
// end. A nil Earlier has seen nothing.
func (e *Earlier) Attempt(query string) (attempt int, run bool) {
	if e == nil {
		return 1, true
	}
	switch e.reasons[query] {
	case "", event.Failed, event.Interrupted:
		return e.attempts[query] + 1, true
	}
	return e.attempts[query], false
}

// next is the number of another attempt at a query, however the last one ended.
func (e *Earlier) next(query string) int {
	if e == nil {
		return 1
	}
	return e.attempts[query] + 1
}

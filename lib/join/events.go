package join

import "ipw/lib/event"

// EventReader reads events: a stream, or a table of windows.
type EventReader interface {
	Next() (*event.Record, error)
}

// eventItem is one record of an event stream.
type eventItem struct {
	header *event.Header
	hasM   bool // with a header: the segment's first record carries m_us
	ev     *event.Event
	end    string
}

// eventReading reads an event stream, each header together with what it says
// of its clock.
type eventReading struct {
	r    EventReader
	head *event.Header
}

func (e *eventReading) fill(b *batch[eventItem], want int) {
	for len(b.items) < want && b.err == nil {
		b.err = e.record(b)
	}
}

func (e *eventReading) record(b *batch[eventItem]) error {
	rec, err := e.r.Next()
	if e.head != nil {
		hasM := err == nil && rec.Event != nil && rec.Event.MUs != nil
		b.items = append(b.items, eventItem{header: e.head, hasM: hasM})
		e.head = nil
	}
	switch {
	case err != nil:
		return err
	case rec.Header != nil:
		e.head = rec.Header
	case rec.Event != nil && rec.Event.TUs == 0 && !rec.Event.Known():
		// at no time, and of a type that means nothing here
	case rec.Event != nil:
		b.items = append(b.items, eventItem{ev: rec.Event})
	default:
		b.items = append(b.items, eventItem{end: rec.End})
	}
	return nil
}

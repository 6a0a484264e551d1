package event

import "sync"

// room is where a Reader's events lie. There are many and each is large, so those
// that nobody looks at any more are filled again.
type room struct {
	mu   sync.Mutex
	free []*Event // released, by whatever goroutine

	own []*Event // to be filled next
}

// kept is how many events wait to be filled again.
const kept = 8192

// next is an event to be filled: with zeros as long as it is not taken.
func (r *room) next() *Event {
	if len(r.own) == 0 {
		r.mu.Lock()
		r.own, r.free = r.free, r.own
		r.mu.Unlock()
	}
	if len(r.own) == 0 {
		block := make([]Event, 16)
		for i := range block {
			r.own = append(r.own, &block[i])
		}
	}
	e := r.own[len(r.own)-1]
	*e = Event{room: r}
	return e
}

// take takes the event that next has given.
func (r *room) take() { r.own = r.own[:len(r.own)-1] }

// Release tells that nobody looks at these events any more, other than at texts
// and numbers that they point to: their Reader may fill them again. Those that no
// Reader has made are left alone.
func Release(events []*Event) {
	for _, e := range events {
		if r := e.room; r != nil {
			r.mu.Lock()
			if len(r.free) < kept {
				r.free = append(r.free, e)
			}
			r.mu.Unlock()
		}
	}
}

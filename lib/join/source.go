package join

import (
	"io"
	"slices"
	"time"

	"ipw/lib/event"
	"ipw/lib/power"
)

// batchSize is how many records travel together between a reading goroutine
// and the joining one.
const batchSize = 512

// powerItem is one record of a power stream.
type powerItem struct {
	header *power.Header
	hasM   bool // with a header: the segment's first record carries m_us
	sample power.Sample
	note   *power.Note
	end    bool
}

// eventItem is one record of an event stream.
type eventItem struct {
	header *event.Header
	hasM   bool // with a header: the segment's first record carries m_us
	ev     *event.Event
	end    string
}

// batch is what a reading goroutine hands over.
type batch[T any] struct {
	items []T
	at    time.Time // when it was read; zero unless live
	err   error     // ends the source; io.EOF at its end
}

// EventReader reads events: a stream, or a table of windows.
type EventReader interface {
	Next() (*event.Record, error)
}

// PowerOpener opens a power stream; it may wait for a file to appear.
type PowerOpener func() (*power.Reader, error)

// source reads in a goroutine of its own. Items are handed over in batches,
// live ones as soon as nothing more is there at once.
type source[T any] struct {
	c    chan batch[T]
	cur  batch[T]
	i    int
	done bool
}

// maxHeld is how many samples of one instant wait for a note.
const maxHeld = 64

// notesFirst puts a note before samples of its instant: a reset found at a
// reading lies before that reading. It holds back the last instant's samples.
func notesFirst(read func() ([]powerItem, error)) func() ([]powerItem, error) {
	var held []powerItem
	return func() ([]powerItem, error) {
		items, err := read()
		var out []powerItem
		for _, it := range items {
			isSample := it.header == nil && it.note == nil && !it.end
			switch {
			case it.note != nil && len(held) > 0 && held[0].sample.TUs == it.note.TUs:
				out = append(out, it)
				continue
			case isSample && len(held) > 0 && len(held) < maxHeld && held[0].sample.TUs == it.sample.TUs:
			default:
				out, held = append(out, held...), nil
			}
			if isSample {
				held = append(held, it)
			} else {
				out = append(out, it)
			}
		}
		if err != nil {
			out, held = append(out, held...), nil
		}
		return out, err
	}
}

// pump runs read until it fails, batching its items. read returns one item; it
// may block, and then what was read before must go on its way: so a live
// source flushes whenever the channel is empty.
func pump[T any](live bool, stop <-chan struct{}, read func() ([]T, error)) *source[T] {
	s := &source[T]{c: make(chan batch[T], 4)}
	go func() {
		defer close(s.c)
		var items []T
		send := func(b batch[T]) bool {
			select {
			case s.c <- b:
				return true
			case <-stop:
				return false
			}
		}
		for {
			got, err := read()
			items = append(items, got...)
			full := len(items) >= batchSize || live && len(items) > 0
			if err != nil || full {
				b := batch[T]{items: items, err: err}
				if live {
					b.at = time.Now()
				}
				if !send(b) || err != nil {
					return
				}
				items = make([]T, 0, cap(items))
			}
		}
	}()
	return s
}

// next returns the next item, waiting for it; nil at the end.
func (s *source[T]) next() (*T, error) {
	for s.i >= len(s.cur.items) {
		if s.cur.err != nil || s.done {
			s.done = true
			if s.cur.err == io.EOF || s.cur.err == nil {
				return nil, nil
			}
			return nil, s.cur.err
		}
		b, ok := <-s.c
		if !ok {
			s.done = true
			continue
		}
		s.cur, s.i = b, 0
	}
	s.i++
	return &s.cur.items[s.i-1], nil
}

// readPower reads a power stream, each header together with what it
// says of its clock: how clocks join depends on both.
func readPower(open PowerOpener) func() ([]powerItem, error) {
	var held *power.Header
	var r *power.Reader
	return func() ([]powerItem, error) {
		if r == nil {
			var err error
			if r, err = open(); err != nil {
				return nil, err
			}
		}
		rec, err := r.Next()
		if err != nil {
			if held != nil {
				h := held
				held = nil
				return []powerItem{{header: h}}, err
			}
			return nil, err
		}
		var out []powerItem
		if held != nil {
			hasM := rec.Sample != nil && rec.Sample.HasM || rec.Note != nil && rec.Note.MUs != nil
			out, held = append(out, powerItem{header: held, hasM: hasM}), nil
		}
		switch {
		case rec.Header != nil:
			held = rec.Header
		case rec.Sample != nil:
			out = append(out, powerItem{sample: cloneSample(rec.Sample)})
		case rec.Note != nil:
			out = append(out, powerItem{note: rec.Note})
		case rec.End != "":
			out = append(out, powerItem{end: true})
		}
		return out, nil
	}
}

func cloneSample(s *power.Sample) power.Sample {
	c := power.Sample{TUs: s.TUs, MUs: s.MUs, HasM: s.HasM, ReadUs: s.ReadUs}
	n := len(s.J)
	both := slices.Concat(s.J, s.W)
	if s.J != nil {
		c.J = both[:n:n]
	}
	if s.W != nil {
		c.W = both[n:]
	}
	return c
}

// readEvents reads events, each header together with what it says of its
// clock.
func readEvents(r EventReader) func() ([]eventItem, error) {
	var held *event.Header
	return func() ([]eventItem, error) {
		rec, err := r.Next()
		if err != nil {
			if held != nil {
				h := held
				held = nil
				return []eventItem{{header: h}}, err
			}
			return nil, err
		}
		var out []eventItem
		if held != nil {
			hasM := rec.Event != nil && rec.Event.MUs != nil
			out, held = append(out, eventItem{header: held, hasM: hasM}), nil
		}
		switch {
		case rec.Header != nil:
			held = rec.Header
		case rec.Event != nil:
			out = append(out, eventItem{ev: rec.Event})
		default:
			out = append(out, eventItem{end: rec.End})
		}
		return out, nil
	}
}

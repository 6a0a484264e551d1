package join

import "io"

// batchSize is how many records travel together between a reading goroutine
// and the joining one.
const batchSize = 512

// source reads in a goroutine of its own. Items are handed over in batches,
// live ones as soon as nothing more is there at once.
type source[T any] struct {
	c    chan *batch[T]
	free chan *batch[T] // read, to be filled again
	cur  *batch[T]
	i    int
	done bool
}

// batch is what a reading goroutine hands over.
type batch[T any] struct {
	items []T
	err   error // ends the source; io.EOF at its end
}

// filler puts what it reads into an empty batch, as many records as are wanted,
// or fewer and an error.
type filler[T any] func(b *batch[T], want int)

// pump runs fill until it fails. Live, a record is handed over as soon as it is
// read, and may be kept; otherwise batches are used again when they are read.
func pump[T any](live bool, stop <-chan struct{}, fill filler[T]) *source[T] {
	const ahead = 4
	s := &source[T]{c: make(chan *batch[T], ahead)}
	want := 1
	if !live {
		want, s.free = batchSize, make(chan *batch[T], ahead+2)
	}
	go func() {
		defer close(s.c)
		for {
			b := s.empty()
			fill(b, want)
			select {
			case s.c <- b:
			case <-stop:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return s
}

// empty is a batch to be filled.
func (s *source[T]) empty() *batch[T] {
	select {
	case b := <-s.free:
		b.items = b.items[:0]
		return b
	default:
		return new(batch[T])
	}
}

// next returns the next item, waiting for it; nil at the end. It is valid until
// the next call.
func (s *source[T]) next() (*T, error) {
	for s.cur == nil || s.i >= len(s.cur.items) {
		if s.done || s.cur != nil && s.cur.err != nil {
			s.done = true
			if s.cur == nil || s.cur.err == io.EOF || s.cur.err == nil {
				return nil, nil
			}
			return nil, s.cur.err
		}
		if s.cur != nil && s.free != nil {
			s.free <- s.cur // there is room for all
		}
		b, ok := <-s.c
		s.cur, s.i, s.done = b, 0, !ok
	}
	s.i++
	return &s.cur.items[s.i-1], nil
}

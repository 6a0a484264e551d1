package stream

import "encoding/binary"

// Memory is what a reader of many records gives their fields room in: a record
// has a few numbers and short texts, most of which the record before had too.
// What it hands out is never taken back.
type Memory struct {
	words  [128]string
	ints   room[int64]
	counts room[int]
	floats room[float64]
	bools  room[bool]

	unescaped []byte // the last text with escapes
}

// longestWord is the longest text that is looked up: ids and names, not prose.
const longestWord = 64

// text returns b as a string, the same memory as of a recent equal one.
func (m *Memory) text(b []byte) string {
	if m == nil || len(b) == 0 || len(b) > longestWord {
		return string(b)
	}
	hash := uint64(len(b))
	if end := len(b) - 8; end >= 0 { // ids are told apart by their ends
		hash += binary.LittleEndian.Uint64(b[end:])
	} else {
		for _, c := range b {
			hash = hash<<8 + uint64(c)
		}
	}
	at := &m.words[hash*0x9e3779b97f4a7c15>>57] // the golden ratio's bits mix well
	if *at != string(b) {
		*at = string(b)
	}
	return *at
}

// room is a list of places of which some are used.
type room[T any] struct {
	list []T
	used int
}

// next returns a place, in a new list if none is left.
func (r *room[T]) next() *T {
	if r.used == len(r.list) {
		r.list, r.used = make([]T, 64), 0
	}
	r.used++
	return &r.list[r.used-1]
}

func (m *Memory) int() *int64 {
	if m == nil {
		return new(int64)
	}
	return m.ints.next()
}

func (m *Memory) count() *int {
	if m == nil {
		return new(int)
	}
	return m.counts.next()
}

func (m *Memory) float() *float64 {
	if m == nil {
		return new(float64)
	}
	return m.floats.next()
}

func (m *Memory) bool() *bool {
	if m == nil {
		return new(bool)
	}
	return m.bools.next()
}

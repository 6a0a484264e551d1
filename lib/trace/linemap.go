package trace

import (
	"slices"
	"strings"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// Maps are written in the order of their keys.

func (l *line) floats(key string, m map[string]float64) {
	var memory [most]pair[float64]
	l.open(key)
	for i, p := range sorted(memory[:0], m) {
		l.member(i, p.key)
		l.float("", p.value)
	}
	l.raw("}")
}

func (l *line) optFloats(key string, m map[string]*float64) {
	var memory [most]pair[*float64]
	l.open(key)
	for i, p := range sorted(memory[:0], m) {
		l.member(i, p.key)
		l.optFloat("", p.value)
	}
	l.raw("}")
}

func (l *line) joulesOf(key string, m map[string]*unit.Joules) {
	var memory [most]pair[*unit.Joules]
	l.open(key)
	for i, p := range sorted(memory[:0], m) {
		l.member(i, p.key)
		l.joules("", p.value)
	}
	l.raw("}")
}

func (l *line) textsOf(key string, m map[string]string) {
	var memory [most]pair[string]
	l.open(key)
	for i, p := range sorted(memory[:0], m) {
		l.member(i, p.key)
		l.text("", p.value)
	}
	l.raw("}")
}

func (l *line) open(key string) { l.b = append(append(l.b, key...), '{') }

// member appends the key of entry i.
func (l *line) member(i int, key string) {
	b := l.b
	if i > 0 {
		b = append(b, ',')
	}
	l.b = append(stream.AppendString(b, key), ':')
}

// most maps have no more entries.
const most = 8

// pair is an entry of a map.
type pair[V any] struct {
	key   string
	value V
}

// sorted appends the entries of a map in the order of their keys.
func sorted[V any](pairs []pair[V], m map[string]V) []pair[V] {
	if len(m) > most {
		pairs = make([]pair[V], 0, len(m))
	}
	for key, value := range m {
		pairs = append(pairs, pair[V]{key, value})
	}
	if len(pairs) > most {
		slices.SortFunc(pairs, func(a, b pair[V]) int { return strings.Compare(a.key, b.key) })
		return pairs
	}
	for i := range pairs { // a third of the time of SortFunc
		for j := i; j > 0 && pairs[j].key < pairs[j-1].key; j-- {
			pairs[j], pairs[j-1] = pairs[j-1], pairs[j]
		}
	}
	return pairs
}

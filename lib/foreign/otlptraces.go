package foreign

import (
	"container/heap"
	"math"
)

// traces holds spans until their traces are given out.
type traces struct {
	byID map[string]*trace
	heap traceHeap
	held int // bytes, roughly, of these and of queries not taken yet
}

// trace is the spans of one trace id that are held.
type trace struct {
	id    string
	spans []*otelSpan
	byID  map[string]*otelSpan
	first int64 // the earliest start
	size  int
	index int // in the heap
}

func newTraces() traces { return traces{byID: make(map[string]*trace)} }

func (t *traces) len() int { return len(t.heap) }

// add keeps a span. It returns false for one that is there.
func (t *traces) add(s *otelSpan) bool {
	tr := t.byID[s.trace]
	if tr == nil {
		tr = &trace{id: s.trace, byID: make(map[string]*otelSpan), first: s.start}
		t.byID[s.trace] = tr
		heap.Push(&t.heap, tr)
	}
	if tr.byID[s.id] != nil {
		return false
	}
	tr.byID[s.id] = s
	tr.spans = append(tr.spans, s)
	n := s.size()
	tr.size += n
	t.held += n
	if s.start < tr.first {
		tr.first = s.start
		heap.Fix(&t.heap, tr.index)
	}
	return true
}

// earliest is when the first of the traces began.
func (t *traces) earliest() int64 {
	if len(t.heap) == 0 {
		return math.MaxInt64
	}
	return t.heap[0].first
}

// pop takes out the trace that began first.
func (t *traces) pop() *trace {
	if len(t.heap) == 0 {
		return nil
	}
	tr := heap.Pop(&t.heap).(*trace)
	delete(t.byID, tr.id)
	return tr
}

type traceHeap []*trace

func (h traceHeap) Len() int { return len(h) }

func (h traceHeap) Less(i, j int) bool {
	return h[i].first < h[j].first || h[i].first == h[j].first && h[i].id < h[j].id
}

func (h traceHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *traceHeap) Push(x any) {
	t := x.(*trace)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *traceHeap) Pop() any { return pop((*[]*trace)(h)) }

// size estimates what a query holds.
func (q *query) size() int {
	n := 512 + len(q.metadata) + len(q.spans)*320 + len(q.moments)*16
	for _, text := range []*string{q.asked, q.answered} {
		if text != nil {
			n += len(*text)
		}
	}
	for i := range q.spans {
		if a := q.spans[i].arguments; a != nil {
			n += len(*a)
		}
	}
	return n
}

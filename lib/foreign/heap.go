package foreign

import (
	"cmp"
	"fmt"
	"hash/maphash"
)

// head is the query that an origin gives next.
type head struct {
	query *query
	from  origin
	order int // of the origin
}

// heads is a heap of them by start.
type heads []*head

func (h heads) Len() int { return len(h) }

func (h heads) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(a.query.start, b.query.start), cmp.Compare(a.order, b.order), cmp.Compare(a.query.id, b.query.id)) < 0
}

func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *heads) Push(x any) { *h = append(*h, x.(*head)) }

func (h *heads) Pop() any { return pop((*[]*head)(h)) }

// when is the time of a query's next record.
func (q *query) when() int64 { return q.moments[q.at].t }

// queue is a heap of queries by their next record.
type queue []*query

func (h queue) Len() int { return len(h) }

func (h queue) Less(i, j int) bool {
	a, b := h[i].when(), h[j].when()
	return a < b || a == b && h[i].id < h[j].id
}

func (h queue) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *queue) Push(x any) { *h = append(*h, x.(*query)) }

func (h *queue) Pop() any { return pop((*[]*query)(h)) }

func pop[T any](list *[]*T) *T {
	last := len(*list) - 1
	x := (*list)[last]
	(*list)[last] = nil
	*list = (*list)[:last]
	return x
}

// names numbers the second query of a name and those behind it. It remembers
// names by their hash: two that share one get a number too many, no harm.
type names struct {
	ids  map[uint64]int
	seed maphash.Seed
}

func newNames() names { return names{make(map[uint64]int), maphash.MakeSeed()} }

func (n *names) unique(id string) string {
	h := maphash.String(n.seed, id)
	n.ids[h]++
	for k := n.ids[h]; k > 1; k++ {
		numbered := fmt.Sprintf("%s#%d", id, k)
		if x := maphash.String(n.seed, numbered); n.ids[x] == 0 {
			n.ids[h], n.ids[x] = k, 1
			return numbered
		}
	}
	return id
}

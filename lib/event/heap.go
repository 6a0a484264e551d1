package event

// rowHeap is a heap of rows by start or end; equal ones stand as in the table.
type rowHeap struct {
	list    []*row
	byStart bool
}

// first is the row to come first, nil if there is none.
func (h *rowHeap) first() *row {
	if len(h.list) == 0 {
		return nil
	}
	return h.list[0]
}

func (h *rowHeap) Len() int { return len(h.list) }

func (h *rowHeap) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	x, y := a.end, b.end
	if h.byStart {
		x, y = a.start, b.start
	}
	return x < y || x == y && a.line < b.line
}

func (h *rowHeap) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

func (h *rowHeap) Push(x any) { h.list = append(h.list, x.(*row)) }

func (h *rowHeap) Pop() any {
	last := len(h.list) - 1
	x := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return x
}

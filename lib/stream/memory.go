package stream

// Memory is what a reader of many records gives their fields room in: a record
// has a few numbers and short texts, most of which the record before had too.
// What it hands out is never taken back.
type Memory struct {
	words  [128]string
	ints   []int64
	floats []float64
	bools  []bool
}

// longestWord is the longest text that is looked up: ids and names, not prose.
const longestWord = 64

// text returns b as a string, the same memory as of a recent equal one.
func (m *Memory) text(b []byte) string {
	if m == nil || len(b) == 0 || len(b) > longestWord {
		return string(b)
	}
	hash := uint32(len(b))
	for _, c := range b[max(0, len(b)-12):] { // ids are told apart by their ends
		hash = hash*31 + uint32(c)
	}
	at := &m.words[(hash*2654435769>>16)%uint32(len(m.words))]
	if *at != string(b) {
		*at = string(b)
	}
	return *at
}

// room returns a place in a list of which some is used, a new list if none is
// left.
func room[T any](list *[]T) *T {
	if len(*list) == 0 {
		*list = make([]T, 64)
	}
	p := &(*list)[0]
	*list = (*list)[1:]
	return p
}

func (m *Memory) int() *int64 {
	if m == nil {
		return new(int64)
	}
	return room(&m.ints)
}

func (m *Memory) float() *float64 {
	if m == nil {
		return new(float64)
	}
	return room(&m.floats)
}

func (m *Memory) bool() *bool {
	if m == nil {
		return new(bool)
	}
	return room(&m.bools)
}

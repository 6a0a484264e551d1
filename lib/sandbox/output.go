package sandbox

import (
	"strconv"
	"sync"
	"unicode/utf8"
)

// Output keeps the head and the tail of what is written to it, and holds no
// more than that in memory, however much a command says.
type Output struct {
	mu    sync.Mutex
	half  int
	head  []byte
	tail  []byte // a ring once it is full
	next  int    // where the ring's next byte goes
	bytes int    // written in all
}

// NewOutput keeps max bytes; 0 is DefaultMaxOutput.
func NewOutput(max int) *Output {
	if max <= 0 {
		max = DefaultMaxOutput
	}
	return &Output{half: (max + 1) / 2}
}

// Write takes everything and never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(p)
	o.bytes += n
	k := min(o.half-len(o.head), n)
	o.head = append(o.head, p[:k]...)
	p = p[k:]
	if len(p) >= o.half {
		o.tail, o.next = append(o.tail[:0], p[len(p)-o.half:]...), 0
		return n, nil
	}
	k = min(o.half-len(o.tail), len(p))
	o.tail = append(o.tail, p[:k]...)
	p = p[k:]
	k = copy(o.tail[o.next:], p)
	k += copy(o.tail, p[k:])
	if len(p) > 0 {
		o.next = (o.next + k) % o.half
	}
	return n, nil
}

// String is what was kept, with a note of what is missing in between. A
// character that the cut went through is missing too.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	tail := append(append([]byte{}, o.tail[o.next:]...), o.tail[:o.next]...)
	if o.bytes == len(o.head)+len(tail) {
		return string(o.head) + string(tail)
	}
	head := o.head[:len(o.head)-partial(o.head)]
	for i := 0; i < utf8.UTFMax && len(tail) > 0 && !utf8.RuneStart(tail[0]); i++ {
		tail = tail[1:]
	}
	cut := o.bytes - len(head) - len(tail)
	return string(head) + "…[" + strconv.Itoa(cut) + " bytes cut]…" + string(tail)
}

// partial is the length of the incomplete character at the end of b.
func partial(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if last := b[len(b)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return i
		}
	}
	return 0
}

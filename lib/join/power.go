package join

import (
	"slices"

	"ipw/lib/power"
)

// Power is a power stream: what warnings call it, and how to open it, which may
// wait for a file to appear.
type Power struct {
	Name string
	Open func() (*power.Reader, error)
}

// powerItem is one record of a power stream.
type powerItem struct {
	header *power.Header
	hasM   bool         // with a header: the segment's first record carries m_us
	sample power.Sample // if it is neither of the others
	note   *power.Note
	end    bool
}

// powerReading reads a power stream.
//
// A note comes before samples of its instant: a reset found at a reading lies
// before that reading. So the last instant's samples are held back, unless the
// stream is live, when a sample must not wait.
type powerReading struct {
	open func() (*power.Reader, error)
	live bool
	r    *power.Reader
	head *power.Header // how clocks join depends on what follows it, too
	held int           // from this item on the batch has samples of one instant only
	back []powerItem   // held samples that the next batch begins with
}

// maxHeld is how many samples of one instant wait for a note.
const maxHeld = 64

func (p *powerReading) fill(b *batch[powerItem], want int) {
	if p.held = 0; !p.live {
		b.items = grow(b.items, want+maxHeld)
	}
	for i := range p.back {
		swap(next(b), &p.back[i])
	}
	for len(b.items) < want && b.err == nil {
		b.err = p.record(b)
	}
	if p.live || b.err != nil {
		return
	}
	late := b.items[p.held:]
	p.back = grow(p.back[:0], len(late))[:len(late)]
	for i := range late {
		swap(&p.back[i], &late[i])
	}
	b.items = b.items[:p.held]
}

// record reads one record, and the header before it.
func (p *powerReading) record(b *batch[powerItem]) error {
	if p.r == nil {
		r, err := p.open()
		if err != nil {
			return err
		}
		p.r = r
	}
	it := next(b)
	if p.head == nil && p.r.Take(&it.sample) {
		p.sampled(b)
		return nil
	}
	rec, err := p.r.NextInto(&it.sample)
	head := p.head
	p.head = nil
	if head != nil {
		hasM := err == nil && (rec.Sample != nil && rec.Sample.HasM || rec.Note != nil && rec.Note.MUs != nil)
		next(b)
		p.held = len(b.items) - 1
		it = &b.items[p.held]
		swap(it, &b.items[p.held-1])
		b.items[p.held-1].header, b.items[p.held-1].hasM = head, hasM
	}
	switch {
	case err != nil:
		b.items = b.items[:len(b.items)-1]
		return err
	case rec.Sample != nil:
		p.sampled(b)
	case rec.Header != nil:
		p.head = rec.Header
		b.items = b.items[:len(b.items)-1]
	case rec.Note != nil:
		it.note = rec.Note
		p.noted(b)
	case rec.End != "":
		it.end = true
		p.held = len(b.items)
	default:
		b.items = b.items[:len(b.items)-1]
	}
	return nil
}

// sampled ends the run of held samples, if the last item is of another instant.
func (p *powerReading) sampled(b *batch[powerItem]) {
	last := len(b.items) - 1
	if n := last - p.held; n == 0 || n >= maxHeld || b.items[p.held].sample.TUs != b.items[last].sample.TUs {
		p.held = last
	}
}

// noted puts the last item, a note, before the samples of its instant.
func (p *powerReading) noted(b *batch[powerItem]) {
	last := len(b.items) - 1
	if p.live || p.held == last || b.items[p.held].sample.TUs != b.items[last].note.TUs {
		p.held = last + 1
		return
	}
	note := b.items[last]
	copy(b.items[p.held+1:], b.items[p.held:last])
	b.items[p.held] = note
	p.held++
}

// next makes room for an item, whose sample brings memory along.
func next(b *batch[powerItem]) *powerItem {
	b.items = grow(b.items, 1)
	b.items = b.items[:len(b.items)+1]
	it := &b.items[len(b.items)-1]
	it.header, it.hasM, it.note, it.end = nil, false, nil, false
	return it
}

// grow is slices.Grow that keeps what lies behind the list.
func grow(list []powerItem, n int) []powerItem {
	if len(list)+n <= cap(list) {
		return list
	}
	all := list[:cap(list)]
	return slices.Grow(all, len(list)+n-len(all))[:len(list)]
}

// swap exchanges two items and the memory of their samples.
func swap(a, b *powerItem) { *a, *b = *b, *a }

package powerlog

import (
	"slices"

	"ipw/lib/power"
)

// held is a record that waits.
type held struct {
	sample power.Sample
	raw    []byte // nil for none
	note   *power.Note
	kind   heldKind
	last   []bool // of the domains whose last reading is in it
	left   int    // how many they are
}

type heldKind int

const (
	heldSample heldKind = iota
	heldNote
	heldOther
)

// drop remembers a sample whose readings may be the last of their domains.
func (n *thinner) drop(s *power.Sample, raw []byte) {
	n.superseded(s)
	x := &held{}
	if k := len(n.free); k > 0 {
		x, n.free = n.free[k-1], n.free[:k-1]
	}
	copySample(&x.sample, s)
	if x.raw = x.raw[:0]; raw == nil {
		x.raw = nil
	} else {
		x.raw = append(x.raw, raw...)
	}
	x.last, x.left = x.last[:0], 0
	for i := range n.domains {
		has := n.domains[i].has(s, i)
		x.last = append(x.last, has)
		if has {
			x.left++
		}
	}
	if x.left > 0 {
		n.pending = append(n.pending, x)
	}
}

// superseded forgets the dropped readings that s is later than.
func (n *thinner) superseded(s *power.Sample) {
	n.pending = slices.DeleteFunc(n.pending, func(x *held) bool {
		if x.kind != heldSample {
			return false
		}
		for i := range x.last {
			if x.last[i] && n.domains[i].has(s, i) {
				x.last[i] = false
				x.left--
			}
		}
		if x.left == 0 {
			n.free = append(n.free, x)
		}
		return x.left == 0
	})
}

// flush writes what is pending.
func (n *thinner) flush() (err error) {
	for _, x := range n.pending {
		switch x.kind {
		case heldSample:
			err = n.write(&x.sample, x.raw)
			n.free = append(n.free, x)
		case heldNote:
			err = n.out.note(x.note, x.raw)
		case heldOther:
			err = n.out.other(x.raw)
		}
		if err != nil {
			return err
		}
	}
	n.pending = n.pending[:0]
	return nil
}

// copySample copies s into dst's memory.
func copySample(dst, s *power.Sample) {
	j, w := dst.J[:0], dst.W[:0]
	*dst = *s
	if dst.J = nil; s.J != nil {
		dst.J = append(j, s.J...)
	}
	if dst.W = nil; s.W != nil {
		dst.W = append(w, s.W...)
	}
}

package powerlog

import (
	"slices"

	"ipw/lib/power"
)

// thinner keeps of a power stream one reading of each domain per interval, and
// what the account of its energy needs besides.
//
// Between any two readings that are kept of a domain there is as much energy as
// before. Joules are cumulative, so theirs stay as they are. Watts without
// joules are integrated, a trapezoid from each reading to the next, and become
// joules. Where a line of readings ends, at a reset, at a gap that nothing
// bridges, at the ends of a segment, the readings on both sides are kept; a gap
// that only the close spacing of the readings showed becomes a reset note.
type thinner struct {
	out      sink
	interval int64 // µs

	spec    power.Header
	raw     []byte // of the header
	domains []thinned
	pending []*held // in order: samples dropped so far whose readings are some domain's last, and notes
	free    []*held

	open    bool // the header was written
	waiting []held
	samples int // waiting
}

// spacingSamples is how many samples tell the spacing of a segment whose header
// does not.
const spacingSamples = 100

func newThinner(out sink, interval int64) *thinner { return &thinner{out: out, interval: interval} }

// header holds the header back until the spacing of samples is known, if a gap
// between them matters.
func (n *thinner) header(h *power.Header, raw []byte) error {
	*n = thinner{out: n.out, interval: n.interval, spec: *h, raw: slices.Clone(raw), free: n.free}
	if h.IntervalUs > 0 || !slices.ContainsFunc(h.Domains, func(d power.Domain) bool { return !d.Silent() && d.Energy != power.Counter }) {
		return n.begin(h.IntervalUs)
	}
	return nil
}

// begin writes the header, and then what waited for it.
func (n *thinner) begin(spacing int64) error {
	n.open = true
	for i := range n.spec.Domains {
		n.domains = append(n.domains, newThinned(&n.spec.Domains[i], spacing))
	}
	h, raw, err := thinHeader(&n.spec, n.raw, n.interval)
	if err != nil {
		return err
	}
	if err := n.out.header(h, raw); err != nil {
		return err
	}
	for i := range n.waiting {
		if err := n.again(&n.waiting[i]); err != nil {
			return err
		}
	}
	n.waiting = nil
	return nil
}

func (n *thinner) again(x *held) error {
	switch x.kind {
	case heldNote:
		return n.note(x.note, x.raw)
	case heldOther:
		return n.other(x.raw)
	}
	return n.sample(&x.sample, x.raw)
}

func (n *thinner) wait(x held) { n.waiting = append(n.waiting, x) }

// sample keeps a sample or drops it.
func (n *thinner) sample(s *power.Sample, raw []byte) error {
	if !n.open {
		x := held{raw: slices.Clone(raw)}
		copySample(&x.sample, s)
		n.wait(x)
		if n.samples++; n.samples == spacingSamples {
			return n.begin(n.spacing())
		}
		return nil
	}
	n.integrable(s)
	keep := false
	var broken []int
	for i := range n.domains {
		d := &n.domains[i]
		if !d.has(s, i) {
			continue
		}
		if d.breaks(s, i) {
			broken = append(broken, i)
		}
		keep = keep || !d.any || len(broken) > 0 || s.TUs/n.interval != d.kept
		d.take(s, i)
	}
	if !keep {
		n.drop(s, raw)
		return nil
	}
	if len(broken) > 0 {
		if err := n.gap(s, broken); err != nil {
			return err
		}
	}
	n.superseded(s)
	if err := n.flush(); err != nil {
		return err
	}
	for i := range n.domains {
		if d := &n.domains[i]; d.has(s, i) {
			d.kept = s.TUs / n.interval
		}
	}
	return n.write(s, raw)
}

// gap says that nothing is known of the time before s, and sees to it that the
// last reading before it is there.
func (n *thinner) gap(s *power.Sample, broken []int) error {
	if err := n.flush(); err != nil {
		return err
	}
	for _, i := range broken {
		note := &power.Note{Type: "note", TUs: s.TUs, Domain: n.spec.Domains[i].ID, What: power.Reset, Detail: "a gap between readings: what was used in it is not known"}
		if s.HasM {
			note.MUs = &s.MUs
		}
		if err := n.out.note(note, nil); err != nil {
			return err
		}
	}
	return nil
}

// integrable makes room for the joules of domains that have watts only.
func (n *thinner) integrable(s *power.Sample) {
	if !slices.ContainsFunc(n.domains, func(d thinned) bool { return d.integrates }) {
		return
	}
	for s.J = s.J[:len(s.J):len(s.J)]; len(s.J) < len(n.domains); {
		s.J = append(s.J, power.Null)
	}
}

// write writes a sample, with its own fields if its joules are as they were.
func (n *thinner) write(s *power.Sample, raw []byte) error {
	if raw != nil && slices.ContainsFunc(n.domains, func(d thinned) bool { return d.integrates }) {
		joules := power.AppendSample(nil, &power.Sample{J: s.J})
		raw = setField(raw, "j", joules[len(`{"t_us":0,"j":`):len(joules)-1])
	}
	return n.out.sample(s, raw)
}

// note hands a note on, in its place. A reset ends a line of readings.
func (n *thinner) note(x *power.Note, raw []byte) error {
	c := *x
	h := held{kind: heldNote, note: &c, raw: slices.Clone(raw)}
	switch {
	case !n.open:
		n.wait(h)
		return nil
	case x.What != power.Reset:
		n.pending = append(n.pending, &h)
		return nil
	}
	if err := n.flush(); err != nil {
		return err
	}
	for i := range n.domains {
		if x.Domain == "" || x.Domain == n.spec.Domains[i].ID {
			n.domains[i].restart()
		}
	}
	return n.out.note(x, raw)
}

// other hands on a record of an unknown type.
func (n *thinner) other(raw []byte) error {
	h := held{kind: heldOther, raw: slices.Clone(raw)}
	if !n.open {
		n.wait(h)
		return nil
	}
	n.pending = append(n.pending, &h)
	return nil
}

func (n *thinner) end(status string, raw []byte) error {
	if !n.open {
		if err := n.begin(n.spacing()); err != nil {
			return err
		}
	}
	if err := n.flush(); err != nil {
		return err
	}
	return n.out.end(status, raw)
}

// spacing is the median time between the samples that wait, 0 if there is none.
func (n *thinner) spacing() int64 {
	var steps []int64
	last := int64(-1)
	for i := range n.waiting {
		if x := &n.waiting[i]; x.kind == heldSample {
			if last >= 0 {
				steps = append(steps, x.sample.TUs-last)
			}
			last = x.sample.TUs
		}
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return (steps[(len(steps)-1)/2] + steps[len(steps)/2]) / 2
}

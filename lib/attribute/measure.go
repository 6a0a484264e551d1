package attribute

import (
	"math"
	"slices"

	"ipw/lib/power"
)

// segment is what one power stream is in: its latest segment.
type segment struct {
	name    string
	order   int // among the streams: of two that give one domain the first counts
	header  *power.Header
	byM     bool
	doms    []*domain // by the header's order; nil: not charged
	all     []*domain // every domain the stream ever had
	now     int64     // time of the last sample
	coming  int64     // no sample comes before; first.t0 if nobody knows
	any     bool      // the stream has given a sample
	fresh   bool      // no sample of this segment yet
	ended   bool
	over    bool
	dropped bool // over only because it stalled
	readUs  int64
	eps     int64
	back    int    // samples earlier than the one before
	held    []held // until their spacing is known
	samples int    // of them
	spaced  bool
	foreign bool  // joins another host's events on t_us
	offset  int64 // added to t_us
	drift   drift
	watched []int // indices of the counted domains, for peak_watts
}

// held is a record that waits until the spacing of samples is known.
type held struct {
	sample *power.Sample
	note   *power.Note
}

// spacingSamples is how many samples tell a segment's spacing.
const spacingSamples = 100

// Expect announces a power stream: nothing is final before it has come that
// far, or ended.
func (e *Engine) Expect(stream string) {
	if e.stream(stream) == nil {
		e.segments = append(e.segments, &segment{name: stream, order: len(e.segments), now: e.first.t0, coming: e.first.t0, spaced: true})
	}
}

// PowerHeader begins a segment of a stream.
func (e *Engine) PowerHeader(stream string, h *power.Header) error {
	e.still()
	e.powered = true
	e.Expect(stream)
	s := e.stream(stream)
	eps, err := e.epsilon(h)
	if err != nil {
		e.err = err
		return err
	}
	s.header, s.byM, s.eps = h, e.clocks.joined(h.BootID), eps
	s.foreign, s.drift, s.offset = !s.byM && e.foreign(h), drift{}, e.opts.Offsets[h.Host].Us
	if s.foreign {
		e.refuse(s)
	}
	s.doms, s.watched, s.fresh, s.ended, s.spaced = make([]*domain, len(h.Domains)), nil, true, false, h.IntervalUs > 0
	hasCounted := slices.ContainsFunc(h.Domains, func(d power.Domain) bool { return d.Counts() })
	for i, spec := range h.Domains {
		d := e.domain(h.Host, spec)
		if !d.once {
			d.spec, d.silent = spec, spec.Silent()
		}
		if !charges(&spec) {
			continue
		}
		d.once = true
		s.doms[i] = d
		if spec.Counts() || !hasCounted && spec.Kind == power.Board {
			s.watched = append(s.watched, i)
		}
		if !slices.Contains(s.all, d) {
			s.all = append(s.all, d)
		}
	}
	return nil
}

// domain returns the domain of a name, new ones with what the header says.
func (e *Engine) domain(host string, spec power.Domain) *domain {
	key := [2]string{host, spec.ID}
	d := e.byName[key]
	if d == nil {
		d = &domain{e: e, index: len(e.domains), lastW: power.Null, host: host, serving: e.onlyServes(host), id: spec.ID, spec: spec, now: e.first.t0, value: e.first, cell: e.first, reads: e.first}
		d.fullName = host + "/" + d.id
		e.severalHosts = e.severalHosts || len(e.domains) > 0 && e.domains[0].host != host
		e.byName[key] = d
		e.domains = append(e.domains, d)
		for _, p := range e.places {
			p.learn(d)
		}
	}
	return d
}

// PowerNote takes a note.
func (e *Engine) PowerNote(stream string, n *power.Note) {
	s := e.stream(stream)
	if s == nil || s.header == nil {
		return
	}
	if !s.spaced {
		s.held = append(s.held, held{note: n})
		return
	}
	e.note(s, n)
}

func (e *Engine) note(s *segment, n *power.Note) {
	e.still()
	for _, d := range e.domains {
		if d.host == s.header.Host && (d.owner == s || d.owner == nil) && (d.id == n.Domain || n.Domain == "" && n.What == power.Reset) {
			e.noteOf(d, n)
		}
	}
}

func (e *Engine) noteOf(d *domain, n *power.Note) {
	switch n.What {
	case power.Reset:
		d.reset = d.open
	case power.Lost:
		d.lost = true
	case power.Resumed:
		d.lost = false
	case power.Permission:
		d.denied = true
	}
}

// PowerSample takes a sample, which is not kept.
func (e *Engine) PowerSample(stream string, p *power.Sample) error {
	s := e.stream(stream)
	if s.dropped && !e.revive(s, p) {
		return nil
	}
	if !s.spaced {
		c := *p
		c.J, c.W = slices.Clone(p.J), slices.Clone(p.W)
		s.held = append(s.held, held{sample: &c})
		if s.samples++; s.samples < spacingSamples {
			return nil
		}
		e.release(s)
		return e.move()
	}
	e.sample(s, p)
	return e.move()
}

// revive takes a stream up again that was given up, once its samples say
// something of times that are not settled. It reports whether they do.
func (e *Engine) revive(s *segment, p *power.Sample) bool {
	t := e.sampleTime(s, p)
	for _, d := range s.all {
		if t-d.shift-d.reach < e.first.t0 {
			return false
		}
	}
	s.dropped, s.over = false, false
	for _, d := range s.all {
		if d.owner == s {
			d.now = e.first.t0
		}
	}
	return true
}

// Coming tells that a stream's next sample is at t, or that it has none before.
// What other streams give until then need not wait for it.
func (e *Engine) Coming(stream string, t int64) {
	s := e.stream(stream)
	if len(s.held) > 0 { // samples before it are still to be taken
		return
	}
	s.coming = max(s.coming, t)
	for _, d := range s.all {
		switch {
		case d.owner == nil:
			d.now = max(d.now, t)
		case d.owner == s && s.fresh && t > s.now: // no seam
			d.endSegment()
			d.now = max(d.now, t)
		}
	}
}

// claim makes a stream the one that gives a domain from t on, unless another one
// does: of two the first counts, for as long as it gives samples.
func (e *Engine) claim(s *segment, d *domain, i int, t int64) bool {
	o := d.owner
	if o != nil && o.givesNow(d) {
		e.warn("twice "+d.host+"/"+d.id, "domain %s of host %q comes in two streams at one time: the one named first counts, the other is ignored there", d.id, d.host)
		if o.order < s.order {
			return false
		}
	}
	if d.seen && t-d.shift <= d.last.t {
		return false
	}
	d.endSegment()
	e.still()
	d.owner, d.now = s, t
	d.describe(s.header.Domains[i], s.header, s.eps)
	d.maxW, d.sooner = 0, math.MaxInt64
	return true
}

// givesNow reports whether a stream is in the middle of a segment that has a
// domain.
func (s *segment) givesNow(d *domain) bool {
	return s.any && !s.fresh && !s.ended && !s.over && slices.Contains(s.doms, d)
}

// release feeds the samples that were held back to learn their spacing.
func (e *Engine) release(s *segment) {
	if s.spaced {
		return
	}
	s.spaced = true
	waiting := s.held
	s.held, s.samples = nil, 0
	var gaps []int64
	last := int64(-1)
	for _, h := range waiting {
		if h.sample == nil {
			continue
		}
		if last >= 0 {
			gaps = append(gaps, h.sample.TUs-last)
		}
		last = h.sample.TUs
	}
	median := int64(0)
	if len(gaps) > 0 {
		slices.Sort(gaps)
		median = (gaps[(len(gaps)-1)/2] + gaps[len(gaps)/2]) / 2
	}
	h := *s.header
	h.IntervalUs = median
	s.header = &h
	for _, h := range waiting {
		if h.note != nil {
			e.note(s, h.note)
		} else {
			e.sample(s, h.sample)
		}
	}
}

// SampleTime is the place of a stream's next sample on the joined clock.
func (e *Engine) SampleTime(stream string, p *power.Sample) int64 {
	return e.sampleTime(e.stream(stream), p)
}

// sampleTime is a sample's place on the joined clock.
func (e *Engine) sampleTime(s *segment, p *power.Sample) int64 {
	return e.clocks.time(s.byM, s.header.BootID, p.TUs+s.offset, p.MUs, p.HasM)
}

func (e *Engine) sample(s *segment, p *power.Sample) {
	t := e.sampleTime(s, p)
	if !s.byM {
		if by := s.drift.moved(p.TUs, p.MUs, p.HasM); s.foreign && by > s.eps && e.err == nil {
			e.err = &DriftError{s.header.Host, by}
		}
	}
	if s.any && t < s.now {
		if s.fresh {
			e.warn("overlap "+s.name, "%s: a segment begins before the last one's end: what overlaps is ignored", s.name)
			return
		}
		s.back++
		t = s.now
	}
	if s.fresh {
		e.firstSample(s, p, t)
	}
	s.now, s.any, s.readUs = t, true, p.ReadUs
	e.calm = min(e.horizon, e.nextChange()-1)
	for i, d := range s.doms {
		if d == nil || d.owner != s && !e.claim(s, d, i, t) {
			continue
		}
		v, w := at(p.J, i), at(p.W, i)
		if d.isWatts {
			v, w = w, power.Null
		}
		if v == power.Null {
			continue
		}
		if d.reading(t, v, w, p.ReadUs) {
			e.warn("falls "+d.id, "%s: joules of %s fall within a segment: taken as a reset", s.name, d.id)
		}
	}
	for _, d := range s.all {
		if d.owner == s {
			d.now = max(d.now, t)
		}
	}
	e.watch(s, p, t)
}

// firstSample joins a segment with the one before it, if its first sample has
// the time of the other's last; else nothing is known in between.
func (e *Engine) firstSample(s *segment, p *power.Sample, t int64) {
	e.still()
	s.fresh = false
	seam := s.any && t == s.now
	for _, d := range s.all {
		if d.owner != s {
			continue
		}
		i := slices.Index(s.doms, d)
		joined := seam && i >= 0 && d.open && !d.reset && d.last.t == t-d.shift
		if joined && !d.isWatts && at(p.J, i) == power.Null || joined && d.isWatts && at(p.W, i) == power.Null {
			joined = false
		}
		if !joined {
			d.endSegment()
		}
		if i >= 0 {
			d.describe(s.header.Domains[i], s.header, s.eps)
			if !joined {
				d.maxW, d.sooner = 0, math.MaxInt64
			}
			if joined && !d.isWatts {
				d.offset = d.last.e - at(p.J, i)
			}
		}
	}
}

// watch keeps the largest sum of watts at one sample for peak_watts.
func (e *Engine) watch(s *segment, p *power.Sample, t int64) {
	sum, any := int64(0), false
	for _, i := range s.watched {
		if w := at(p.W, i); w != power.Null && s.doms[i].owner == s {
			sum += w
			any = true
		}
	}
	switch {
	case !any:
	case len(e.peaks) == 0 && e.last.t0 < t && t <= e.calm: // nothing can part them
		e.last.peak = max(e.last.peak, sum)
	default:
		e.peaks = append(e.peaks, peak{t, sum})
	}
}

// peak is the sum of a sample's microwatts.
type peak struct{ t, w int64 }

// spreadPeaks hands the peaks up to t to their slices; one on a boundary
// belongs to both sides.
func (e *Engine) spreadPeaks(t int64) {
	n := 0
	for _, p := range e.peaks {
		if p.t > t {
			break
		}
		n++
		for p.t >= e.peakAt.t1 {
			e.peakBefore, e.peakAt = e.peakAt, e.peakAt.next
		}
		e.peakAt.peak = max(e.peakAt.peak, p.w)
		if p.t > e.peakAt.t0 {
			e.peakBefore = nil
			continue
		}
		e.peakAt.onPeak = max(e.peakAt.onPeak, p.w)
		if e.peakBefore != nil {
			e.peakBefore.peak = max(e.peakBefore.peak, p.w)
		}
	}
	e.peaks = slices.Delete(e.peaks, 0, n)
}

// PowerEnd ends a segment; the stream may go on with another.
func (e *Engine) PowerEnd(stream string) error {
	s := e.stream(stream)
	e.release(s)
	s.ended = true
	return e.move()
}

// PowerEOF ends a stream.
func (e *Engine) PowerEOF(stream string) error {
	e.Expect(stream)
	e.endStream(e.stream(stream))
	return e.move()
}

func (e *Engine) endStream(s *segment) {
	if s.over {
		return
	}
	e.release(s)
	s.over = true
	if n := s.back; n > 0 {
		e.warn("", "%s: samples stood before an earlier one, %d of them: each was taken at its predecessor's time", s.name, n)
		s.back = 0
	}
	for _, d := range s.all {
		if d.owner == s {
			d.endSegment()
		}
		if d.owner == s || d.owner == nil {
			d.now = never
		}
	}
}

// at returns v[i], Null where there is none.
func at(v []int64, i int) int64 {
	if i >= len(v) {
		return power.Null
	}
	return v[i]
}

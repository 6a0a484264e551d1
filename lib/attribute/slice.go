package attribute

// slice is a stretch of time in which no span, query or window begins or ends.
// Slices are linked in time order; the last one is open.
type slice struct {
	t0, t1  int64
	queries []*query  // open, in the order of their ids; shared between slices
	calls   []*span   // model calls in flight, in the order of their ids; shared
	epochs  []int     // the queries' epochs; empty: not looked up yet
	shares  []float64 // of each domain in turn, the queries' shares; see sharesOf
	acc     []acc     // by domain
	peak    int64     // largest sum of microwatts at one sample; negative if there was none
	onPeak  int64     // the same at t0
	inRun   bool      // between the first event and the last
	kept    int       // by queries that ended
	next    *slice
}

// acc is what one domain measured in one slice.
type acc struct {
	nj      int64   // of the intervals
	cellNJ  int64   // of the cells wholly inside
	cells   int32   // cells wholly inside
	n       int32   // readings with t0 ≤ t < t1
	start   onset   // a reading at t0
	covered bool    // an interval runs through t0, or ends or begins there
	us      int64   // measured time
	sq      float64 // Σ dt² of whole intervals inside, s²
	steps   int32   // pairs of neighbouring readings inside
	stepSum float64 // their squared steps of power, W²
	into    step    // the pair whose second reading is the first one inside
	last20  float64 // mean squared step of the last 20 pairs before t1, W²; negative: there was none
	left    bool    // readings have come past t1: last20 holds
	load    load    // model calls in flight on the domain
	loaded  bool    // load has been worked out
	shared  bool    // the queries' shares have
}

// onset is a reading on a slice's first instant, which belongs to what ends
// there too.
type onset struct {
	at     bool
	into   step
	last20 float64
}

// step is a squared difference of power that came into a window from s0.
type step struct {
	s0 int64
	w2 float64
	ok bool
}

func (s *slice) at(d *domain) *acc {
	if d.index >= len(s.acc) {
		s.acc = lengthened(s.acc, d.index+1)
	}
	return &s.acc[d.index]
}

// find steps from s to the slice that holds t; a boundary belongs to the later
// one.
func (s *slice) find(t int64) *slice {
	for t >= s.t1 {
		s = s.next
	}
	return s
}

// addInterval hands the joules of an interval to the slices it touches, whole
// nanojoules by the running sum.
func (e *Engine) addInterval(d *domain, v interval) {
	e.rest(d, v)
	s := d.value.find(v.t0)
	length := v.t1 - v.t0
	if v.t1 <= s.t1 {
		a := s.at(d)
		a.nj += v.nj
		a.us += length
		if !d.counter {
			dt := float64(length) / 1e6
			a.sq += dt * dt
		}
		a.covered = a.covered || v.t0 == s.t0
		d.value = s
		s.endsAt(d, v.t1)
		return
	}
	before := int64(0)
	parts := e.parts[:0]
	for t := v.t0; ; s = s.next {
		end := min(s.t1, v.t1)
		upTo := cut(v.nj, end-v.t0, length)
		a := s.at(d)
		a.covered = a.covered || t == s.t0
		a.nj += upTo - before
		a.us += end - t
		if !d.counter {
			parts = append(parts, part{s: s, seconds: float64(end-t) / 1e6})
		}
		before, t = upTo, end
		if end == v.t1 {
			break
		}
	}
	d.value = s
	s.endsAt(d, v.t1)
	if e.parts = parts; len(parts) > 0 {
		e.crossInterval(d)
	}
	clear(parts) // or the past would hang on them
	e.parts = parts[:0]
}

// endsAt notes that an interval ends at t, which may be the next slice's first
// instant.
func (s *slice) endsAt(d *domain, t int64) {
	if s.t1 == t {
		s.next.at(d).covered = true
	}
}

// addCell hands a cell to the slice it lies in, or, if events cut it, later to
// each query that was open in any of its slices.
func (e *Engine) addCell(d *domain, c *cell) {
	e.countReadings(d, c)
	if c.first {
		return
	}
	s := d.cell.find(c.c0)
	d.cell = s
	if c.c1 <= s.t1 {
		a := s.at(d)
		a.cellNJ += c.nj
		a.cells++
		return
	}
	last := s.next
	for c.c1 > last.t1 {
		last = last.next
	}
	if d.cut.from != s || d.cut.to != last {
		e.cross(d)
		d.cut.from, d.cut.to = s, last
	}
	d.cut.nj += c.nj
	d.cut.cells++
	if e.opts.Live { // what only silence is known of may turn out otherwise
		e.cross(d)
	}
}

// cutCells are the latest cells of a domain that events cut, as long as they touch
// the same slices.
type cutCells struct {
	from, to *slice
	nj       int64
	cells    int
}

// cross hands the cut cells of a domain to the queries.
func (e *Engine) cross(d *domain) {
	c := d.cut
	if c.cells == 0 {
		return
	}
	d.cut = cutCells{}
	for s := c.from; ; s = s.next {
		e.parts = append(e.parts, part{s: s})
		if s == c.to {
			break
		}
	}
	e.crossCells(d, c.nj, c.cells)
	clear(e.parts) // or the past would hang on them
	e.parts = e.parts[:0]
}

// countReadings counts a cell's second reading, and its first if the line
// begins with it.
func (e *Engine) countReadings(d *domain, c *cell) {
	for c.s1 >= d.reads.t1 {
		d.reads.at(d).last20 = d.steps.mean()
		d.reads.at(d).left = true
		d.reads = d.reads.next
	}
	a := d.reads.at(d)
	a.n++
	into := step{c.w0, c.step, c.hasW}
	if c.hasW {
		d.steps.add(c.step)
	}
	switch {
	case c.hasW && c.w0 >= d.reads.t0:
		a.steps++
		a.stepSum += c.step
	case c.hasW:
		a.into = into
	}
	if c.s1 == d.reads.t0 {
		a.start = onset{true, into, d.steps.mean()}
	}
}

// loadOn is a slice's model calls in flight on a domain.
func (s *slice) loadOn(d *domain) load {
	a := s.at(d)
	if !a.loaded {
		a.loaded = true
		for _, c := range s.calls {
			if c.on(d) {
				a.load.add(c, s.t0)
			}
		}
	}
	return a.load
}

package attribute

import (
	"math"
	"math/bits"
	"slices"

	"ipw/lib/power"
)

const never = math.MaxInt64

// rank orders the kinds of uncertainty from the strongest.
type rank int

const (
	bound       rank = iota // the cell rule, given the sensor's refresh period
	assumed                 // the same under a premise
	statistical             // two standard errors
	unknown                 // none
)

func (r rank) String() string { return [...]string{"bound", "assumed", "statistical", "none"}[r] }

// domain is one sensor's domain through all segments.
type domain struct {
	e        *Engine
	index    int
	host     string
	serving  bool // no event comes from its host
	id       string
	fullName string       // HOST/id
	spec     power.Domain // of the latest segment
	counter  bool
	isWatts  bool // energy none: the line integrates watts
	random   bool // the header's ticks
	silent   bool // listed, gives nothing
	once     bool // was handed down in some segment: what it gave then stays in the account
	lost     bool
	denied   bool
	rank     rank
	shift    int64 // averaged watts count as read this much earlier
	reach    int64 // how far before its first reading a cell begins
	eps      int64 // clock error of the join
	gap      int64 // longest gap a line of watts crosses; 0: unknown yet
	update   int64 // update_us; 0: not known
	wrap     int64 // of a counter, its range in microjoules; 0: none is known
	window   int64 // power_window_us
	h        int64 // spacing of readings

	open   bool
	reset  bool    // the line ends with its last reading, unless that is the segment's last
	offset int64   // added to j, so that segments join
	point  reading // the last point of the line
	last   reading // the last reading; a repeat if it is no point
	lastW  int64   // the last microwatts; Null before the first
	lastWt int64   // their time
	mark   reading // a counter's reading at least update_us ago
	maxW   float64 // largest power seen in the segment, watts; of a counter with a range
	sooner int64   // it cannot have wrapped within less
	seen   bool    // has ever given a reading
	steps  ring
	sums   domTotals
	past   history // of averaged watts
	idle   baseline

	now   int64 // time up to which its stream has been read
	value *slice
	cell  *slice
	reads *slice

	owner *segment // the stream it is read from; nil before its first sample

	intervals fifo[interval]
	cells     fifo[cell]
	cut       cutCells
}

type reading struct {
	t int64
	e int64 // microjoules; 0 of a watts line, which has only differences
}

// interval is the time between two points of one line and its joules.
type interval struct {
	t0, t1 int64
	nj     int64
}

// cell is where the joules between two neighbouring readings were used.
type cell struct {
	c0, c1 int64
	s0, s1 int64 // the readings
	nj     int64
	hasW   bool    // the second reading has watts …
	step   float64 // … this far from the last ones, squared, W² …
	w0     int64   // … which are of this time
	first  bool    // no reading before s0 on its line: s0 has not been counted
}

// describe takes over what a segment's header says.
func (d *domain) describe(spec power.Domain, h *power.Header, eps int64) {
	d.spec = spec
	d.counter = spec.Energy == power.Counter
	d.isWatts = spec.Energy == power.None
	d.silent = spec.Silent()
	d.random = h.Ticks == "random"
	d.eps = eps
	d.shift, d.window = 0, 0
	if !d.counter && spec.Power == power.Averaged {
		d.shift = spec.PowerWindowUs/2 + spec.LagUs
		d.window = spec.PowerWindowUs
	}
	if spec.Power == power.Averaged {
		d.window = spec.PowerWindowUs
	}
	d.update, d.wrap = 0, 0
	if spec.UpdateUs != nil {
		d.update = *spec.UpdateUs
	}
	if d.counter && spec.WrapJoules > 0 {
		d.wrap = int64(min(spec.WrapJoules*1e6, math.MaxInt64/2))
	}
	d.reach = d.update + spec.LagUs + eps
	d.h = h.IntervalUs
	d.gap = 0
	if h.IntervalUs > 0 {
		d.gap = 3 * max(h.IntervalUs, d.update)
	}
	switch {
	case spec.Estimated:
		d.rank = unknown
	case d.counter && spec.UpdateUs != nil:
		d.rank = bound
	case d.counter:
		d.rank = assumed
	case spec.Power == power.Averaged && d.window > 0 && d.h > 0 && d.h <= d.window/2:
		d.rank = assumed
	case d.random && spec.Power == power.Instant:
		d.rank = statistical
	default:
		d.rank = unknown
	}
}

// reading takes one reading: v is microjoules, or microwatts of a watts line;
// w is the microwatts beside it, or power.Null.
func (d *domain) reading(t, v, w, readUs int64) (backwards bool) {
	t -= d.shift
	known := d.seen && t < d.last.t // averaged watts behind another sensor's line: that line says more
	d.seen = true
	if !d.open {
		if !known {
			d.begin(t, v, w)
		}
		return false
	}
	if t <= d.last.t {
		return false // no time has passed: the next reading has its joules
	}
	dt := t - d.last.t
	e := v + d.offset
	if d.isWatts {
		e = 0
	}
	nj, ok := d.joules(v, e, dt)
	d.slope(t, e)
	if d.reset {
		ok, nj = true, 0
	}
	if !ok || d.reset || d.breaks(dt) {
		d.close()
		d.begin(t, v, w)
		return !ok
	}
	c := cell{c0: d.last.t - d.reach, c1: t + readUs + d.eps, s0: d.last.t, s1: t, nj: nj}
	if d.isWatts {
		w = v
	}
	if w != power.Null && d.lastW != power.Null && !d.counter {
		diff := float64(w-d.lastW) / 1e6
		c.step, c.w0, c.hasW = diff*diff, d.lastWt, true
	}
	d.e.takeCell(d, &c)
	d.draw(t, w)
	d.grow(t, e, nj)
	return false
}

// joules returns the nanojoules between the last reading and this one, not ok
// where the energy falls or no sensor could mean it. The trapezoid over
// microwatts and microseconds gives picojoules.
func (d *domain) joules(v, e, dt int64) (nj int64, ok bool) {
	if d.isWatts {
		return cut(d.lastW+v, dt, 2000), true
	}
	uj := e - d.last.e
	return uj * 1000, uj >= 0 && uj <= math.MaxInt64/4000
}

// breaks reports whether the line ends at a gap.
func (d *domain) breaks(dt int64) bool {
	if !d.counter {
		return d.gap > 0 && dt > d.gap
	}
	return d.wrap > 0 && dt >= d.sooner && float64(dt)/1e6*d.maxW > d.spec.WrapJoules/2
}

// power takes a power that a counter with a range was seen to have.
func (d *domain) power(w float64) {
	if w > d.maxW {
		d.maxW = w
		d.sooner = int64(min(float64(d.wrap)/w*0.49, math.MaxInt64/2))
	}
}

// grow appends a reading to the line. Of a counter, a reading equal to the one
// before is no point, unless update_us has passed since the last point.
func (d *domain) grow(t, e, nj int64) {
	repeat := e == d.last.e && d.counter && t-d.point.t < d.update
	if !repeat {
		between := nj
		if !d.isWatts {
			between = (e - d.point.e) * 1000
		}
		d.e.takeInterval(d, interval{d.point.t, t, between})
		if d.boxcar() {
			d.past.add(t, between)
		}
		d.point = reading{t, e}
	}
	d.last = reading{t, e}
}

// draw takes a reading's watts.
func (d *domain) draw(t, w int64) {
	if w != power.Null {
		first := d.lastW == power.Null
		d.lastW, d.lastWt = w, t
		if d.wrap > 0 {
			d.power(float64(w) / 1e6)
		}
		if d.boxcar() {
			d.past.watts = append(d.past.watts, wattsAt{t, float64(w) / 1e6, first})
		}
	}
}

// slope takes the power that a counter itself shows over at least update_us:
// nearer readings show the refresh, not the power.
func (d *domain) slope(t, e int64) {
	if dt := t - d.mark.t; d.wrap > 0 && dt > 0 && dt >= d.update {
		d.power(float64(e-d.mark.e) / float64(dt))
		d.mark = reading{t, e}
	}
}

// begin starts a line.
func (d *domain) begin(t, v, w int64) {
	d.offset = 0
	d.open = true
	d.point = reading{t, v}
	if d.isWatts {
		d.point.e, w = 0, v
	}
	d.last, d.mark = d.point, d.point
	d.lastW = power.Null // no neighbour
	d.draw(t, w)
	d.cells.push(cell{c0: t - d.reach, c1: t, s0: t, s1: t, first: true}) // the next one reaches back as far
	if d.boxcar() {
		d.past.add(t, 0)
	}
}

// close ends the line.
func (d *domain) close() { d.open, d.reset = false, false }

// endSegment makes the last reading of the segment a point.
func (d *domain) endSegment() {
	if d.open && d.last.t > d.point.t {
		d.intervals.push(interval{d.point.t, d.last.t, (d.last.e - d.point.e) * 1000})
		d.point = d.last
	}
	d.close()
}

// progress is the time before which no interval can come any more.
func (d *domain) progress() int64 {
	switch {
	case d.now == never:
		return never
	case !d.open:
		return d.now - d.shift
	case !d.counter && d.gap > 0 && d.now-d.shift-d.last.t > d.gap:
		return d.now - d.shift
	}
	return d.point.t
}

// nextCell is the earliest time at which a cell still to come may begin.
func (d *domain) nextCell() int64 {
	switch {
	case d.now == never:
		return never
	case !d.open:
		return d.now - d.shift - d.reach
	}
	return d.last.t - d.reach
}

// mulDiv returns a·b/c rounded half up, without overflow in between.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	lo, carry := bits.Add64(lo, c/2, 0)
	hi += carry
	if hi >= c { // beyond any sensor
		return math.MaxInt64 / 4
	}
	q, _ := bits.Div64(hi, lo, c)
	return min(q, math.MaxInt64/4)
}

// cut returns round(nj·part/whole) with the sign of nj.
func cut(nj, part, whole int64) int64 {
	if nj < 0 {
		return -int64(mulDiv(uint64(-nj), uint64(part), uint64(whole)))
	}
	return int64(mulDiv(uint64(nj), uint64(part), uint64(whole)))
}

// share returns the i-th of n equal shares of nj, in whole nanojoules whose sum
// is nj: the running sum is rounded.
func share(nj int64, i, n int) int64 {
	if n == 1 {
		return nj
	}
	return cut(nj, int64(i+1), int64(n)) - cut(nj, int64(i), int64(n))
}

// ring holds the last 20 squared steps of power.
type ring struct {
	v  [20]float64
	n  int
	at int // where the next one goes
}

func (r *ring) add(x float64) {
	if r.n++; r.at == len(r.v) {
		r.at = 0
	}
	r.v[r.at] = x
	r.at++
}

// mean is negative if there was no step.
func (r *ring) mean() float64 {
	n := min(r.n, len(r.v))
	if n == 0 {
		return -1
	}
	sum := 0.0
	for _, x := range r.v[:n] {
		sum += x
	}
	return sum / float64(n)
}

// fifo is a queue that reuses its memory.
type fifo[T any] struct {
	v    []T
	head int
}

func (f *fifo[T]) push(x T) { f.v = append(f.v, x) }

func (f *fifo[T]) peek() (*T, bool) {
	if f.head == len(f.v) {
		return nil, false
	}
	return &f.v[f.head], true
}

func (f *fifo[T]) pop() {
	f.head++
	if f.head == len(f.v) {
		f.v, f.head = f.v[:0], 0
	} else if f.head > 1024 && f.head*2 > len(f.v) {
		f.v = slices.Delete(f.v, 0, f.head)
		f.head = 0
	}
}

func (f *fifo[T]) len() int { return len(f.v) - f.head }

package attribute

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/price"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Rules of step one.
const (
	Active = "active" // the model calls in flight on a GPU, else the open queries
	Equal  = "equal"  // always the open queries
	Whole  = "whole"  // everyone is charged everything; does not balance
)

// Options of an attribution.
type Options struct {
	Share        string  // Active if empty
	PromptWeight float64 // Tokens: what an input token counts against an output token
	MinCoverage  float64 // a value measured for less of its window is null
	Serves       []Serve
	Idle         Idle
	Offsets      map[string]Offset // by host: how its clock is off
	Prices       *price.Table
	KWhPrice     *float64                      // USD; nil: electricity costs are not told
	Live         bool                          // events are pushed as they happen: what is not there yet may still come
	Aside        bool                          // Emit and Warn may be called from another goroutine, until Finish or Stop has returned
	Emit         func(*trace.QueryTrace) error // called as each attempt is final
	Warn         func(key, text string)        // key: warnings that are said once share one
}

// Engine attributes. Streams are pushed in; queries come out of Options.Emit.
// The order of pushing between the streams is free, but the engine moves only
// as far as both are known: Events may be pushed ahead.
type Engine struct {
	opts      Options
	namesGPUs bool

	domains      []*domain
	severalHosts bool // have domains
	byName       map[[2]string]*domain
	segments     []*segment // one for each power stream
	powered      bool       // a power stream was given
	clocks       clocks
	moved        map[string]int64 // how far the wall clock of a host's events moved, in microseconds

	events     eventSegment
	queue      []pushed // events not applied yet
	head       int
	late       map[queryKey]int // setup and scoring starts in the queue
	horizon    int64            // all events up to here are known
	calm       int64            // while a sample is taken: nothing changes up to here
	applied    int64            // time of the last set
	eventsOver bool
	started    bool // an event was applied
	opened     bool // the open slice is within the run
	touched    []*query
	last       *slice // the open one
	first      *slice // the oldest one not settled
	wakes      []wake

	open    []*query // shared with slices
	calls   []*span  // model calls in flight; shared with slices
	lists   arena[*span]
	ended   []*query // closed, not resolved yet
	past    attempts
	places  map[placeKey]*place
	hosts   map[string]bool // of event headers
	windows bool            // some are of tables of time windows
	rates   map[spanKey]*rates

	unwatched []pushed // of one instant, for the tokens rule

	eventHeads []*event.Header
	peaks      []peak
	peakAt     *slice
	peakBefore *slice // the slice that ends where peakAt begins, if still unsettled

	parts  []part      // of the cell or interval at hand
	cut    []crossPart // of a query, in them
	stamp  int
	totals totals

	blanks  []*trace.QueryTrace // to be filled again
	spare   chan *query         // written down
	free    *slice              // settled; linked by next
	scratch scratch

	aside aside

	firstQuery      int64 // time of the first query's start; never before it
	firstUs, lastUs int64 // t_us of the first and the last event
	dated           bool  // they are known
	err             error
}

// pushed is one event on its way.
type pushed struct {
	t int64
	deed
	head   *event.Header
	ev     *event.Event // nil: closes what is open
	run    string       // of a closing
	all    bool         // a closing of every run
	broken bool         // a closing because the segment did not end well
}

type wake struct {
	t int64
	s *span
}

// part is a slice that a cell or an interval touches.
type part struct {
	s       *slice
	seconds float64
	epochs  []int     // of the slice's queries
	shares  []float64 // of the slice's queries
	silent  bool      // only silence is known of it
}

// New makes an engine.
func New(opts Options) *Engine {
	if opts.Share == "" {
		opts.Share = Active
	}
	if opts.Warn == nil {
		opts.Warn = func(string, string) {}
	}
	s := &slice{t0: math.MinInt64, t1: never, peak: -1, onPeak: -1}
	e := &Engine{opts: opts, byName: map[[2]string]*domain{},
		late: map[queryKey]int{}, horizon: math.MinInt64, applied: math.MinInt64, last: s, first: s,
		spare: make(chan *query, spareQueries), firstQuery: never, places: map[placeKey]*place{}, rates: map[spanKey]*rates{}, hosts: map[string]bool{}, moved: map[string]int64{}}
	e.clocks, e.peakAt = newClocks(), s
	for _, v := range opts.Serves {
		for _, t := range v.Where {
			e.namesGPUs = e.namesGPUs || t.Domain != ""
		}
	}
	return e
}

func (e *Engine) warn(key, format string, args ...any) {
	e.opts.Warn(key, fmt.Sprintf(format, args...))
}

// Known tells the engine that every event up to t (on the joined clock) has
// been pushed, and moves on as far as the power streams allow.
func (e *Engine) Known(t int64) error {
	if len(e.unwatched) > 0 && t >= e.unwatched[0].t {
		e.watchSet()
	}
	e.horizon = max(e.horizon, min(t, e.knownCalls()))
	return e.move()
}

// Queued is the number of events pushed and not applied yet.
func (e *Engine) Queued() int { return len(e.queue) - e.head }

// stream is what a power stream is in, nil if it was not announced.
func (e *Engine) stream(name string) *segment {
	for _, s := range e.segments { // a handful
		if s.name == name {
			return s
		}
	}
	return nil
}

// WantsEvents reports whether measurements wait for events to be known.
func (e *Engine) WantsEvents() bool {
	if e.eventsOver {
		return false
	}
	for _, s := range e.segments {
		if s.any && s.now+s.readUs+s.eps > e.horizon {
			return true
		}
	}
	return false
}

// PowerTime is the latest sample's time, on the joined clock.
func (e *Engine) PowerTime() int64 {
	t := int64(math.MinInt64)
	for _, s := range e.segments {
		if s.any {
			t = max(t, s.now)
		}
	}
	return t
}

// Done reports that nothing that may still come can change anything.
func (e *Engine) Done() bool {
	return e.eventsOver && e.Queued() == 0 && len(e.ended) == 0 && e.first == e.last
}

// Waiting reports whether a query was told to have ended whose trace is not
// written yet.
func (e *Engine) Waiting() bool {
	return len(e.ended) > 0 || slices.ContainsFunc(e.queue[e.head:], func(p pushed) bool {
		return p.class >= endsQuery
	})
}

// Last is the time of the last event pushed.
func (e *Engine) Last() int64 {
	if e.Queued() == 0 {
		return e.applied
	}
	return e.queue[len(e.queue)-1].t
}

// move applies events as far as power has come, measures, and finishes what is
// final.
func (e *Engine) move() error {
	if e.err != nil {
		return e.err
	}
	e.apply(e.need())
	for _, d := range e.domains {
		if d.intervals.len() > 0 || d.cells.len() > 0 {
			e.drain(d)
		}
	}
	if e.first != e.last || len(e.peaks) > 0 {
		e.settle()
	}
	e.forget()
	if len(e.ended) == 0 {
		return nil
	}
	return e.resolveEnded()
}

// need is how far events must be applied for the measurements at hand.
func (e *Engine) need() int64 {
	if len(e.segments) == 0 {
		return e.horizon
	}
	to, live := int64(math.MinInt64), false
	for _, s := range e.segments {
		if s.over {
			continue
		}
		live = true
		to = max(to, s.now+s.readUs+s.eps)
	}
	if !live {
		return e.horizon
	}
	return min(to, e.horizon)
}

// takeInterval hands out an interval, at once if it is known what happened
// meanwhile.
func (e *Engine) takeInterval(d *domain, v interval) {
	if d.intervals.len() == 0 && v.t1 <= e.calm {
		e.addInterval(d, v)
		return
	}
	d.intervals.push(v)
}

// takeCell is takeInterval for a cell.
func (e *Engine) takeCell(d *domain, c *cell) {
	if d.cells.len() == 0 && c.c1 <= e.calm {
		e.addCell(d, c)
		return
	}
	d.cells.push(*c)
}

// drain measures what lies before the horizon.
func (e *Engine) drain(d *domain) {
	limit := e.horizon
	for v, ok := d.intervals.peek(); ok && v.t1 <= limit; v, ok = d.intervals.peek() {
		e.apply(v.t1)
		x := *v
		d.intervals.pop()
		e.addInterval(d, x)
	}
	for c, ok := d.cells.peek(); ok && c.c1 <= limit; c, ok = d.cells.peek() {
		e.apply(c.c1)
		x := *c
		d.cells.pop()
		e.addCell(d, &x)
	}
}

// settled is the time up to which all of a domain's measurements are in slices.
func (d *domain) settled() int64 {
	t := min(d.progress(), d.nextCell())
	if v, ok := d.intervals.peek(); ok {
		t = min(t, v.t0)
	}
	if c, ok := d.cells.peek(); ok {
		t = min(t, c.c0)
	}
	return t
}

// Finish is called when all streams have ended: everything left is final.
func (e *Engine) Finish() error {
	for _, s := range e.segments {
		e.endStream(s)
	}
	err := e.EventEOF()
	e.Stop()
	e.unserved()
	return cmp.Or(err, e.aside.failed())
}

// Drop gives a power stream up: a live sampler is dead, or stalls. What waits for
// it is final. Should it go on, its lines begin anew.
func (e *Engine) Drop(stream string) error {
	s := e.stream(stream)
	s.dropped = s.dropped || !s.over
	e.endStream(s)
	return e.move()
}

// label is how a domain is named everywhere.
func (e *Engine) label(d *domain) string {
	if e.severalHosts {
		return d.fullName
	}
	return d.id
}

// meet takes note of a host that events come from.
func (e *Engine) meet(host string) {
	if e.hosts[host] {
		return
	}
	e.still()
	e.hosts[host] = true
	e.unshare()
	for _, d := range e.domains {
		d.serving = e.onlyServes(d.host)
	}
}

// onlyServes reports a host that no event comes from.
func (e *Engine) onlyServes(host string) bool {
	if host == "" {
		return false
	}
	for h := range e.hosts {
		if sameHost(h, host) {
			return false
		}
	}
	return len(e.hosts) > 0
}

// byCalls reports whether step one shares a domain among calls first.
func (e *Engine) byCalls(d *domain) bool {
	return (e.opts.Share == Active || e.opts.Share == Tokens) && e.isGPU(d)
}

// charged reports whether a domain is handed down: what it gave in one segment
// stays in the account, whatever a later one says of it.
func (d *domain) charged() bool { return d.once }

// charges reports whether a domain that is described like this is handed down.
func charges(spec *power.Domain) bool {
	return spec.PartOf == "" && !spec.Silent() && (spec.Counts() || spec.Kind == power.Board)
}

// matches reports whether a query's host is the domain's, or the domain may serve
// it. A row of a table has no model calls, so no other host serves it.
func (e *Engine) matches(q *query, d *domain) bool {
	return len(e.hosts) <= 1 && !q.head.Windows || sameHost(q.head.Host, d.host) || d.serving && !q.head.Windows
}

func ptr[T any](v T) *T { return &v }

func (a *account) joules(nj int64) *unit.Joules { return a.e.scratch.joules.of(unit.Joules(nj)) }

func (a *account) float(f float64) *float64 { return a.e.scratch.floats.of(f) }

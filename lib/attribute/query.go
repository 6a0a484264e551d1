package attribute

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"ipw/lib/event"
)

// Kinds of spans.
type spanKind int

const (
	lmCall spanKind = iota
	subCall
	toolCall
	setupWindow
	scoringWindow
)

func (k spanKind) isCall() bool { return k == lmCall || k == subCall }

// span is something that has a start and an end within a query.
type span struct {
	kind       spanKind
	id         string
	q          *query
	parent     *span // in the same query; nil for none
	turn       int   // −1: carries none
	start, end int64 // on the joined clock; end is never while it is open
	firstToken int64 // never: there was none
	token      *event.Event
	waits      int // retries it waits in now
	place      *place
	rates      *rates // with the tokens rule only
	begin      *event.Event
	finish     *event.Event // nil: no end was seen
	landed     *event.Event // what ended it: its end, or its query's; nil: the stream's
	tool       int          // index among the query's tools, −1
	of         *turn        // once its query has ended; nil: it is of none
}

// few spans are looked through, from the last one back, faster than a map is
// kept: nearly always one of the last is meant.
const few = 32

// span returns the span of an id, nil if there is none.
func (q *query) span(id string) *span {
	switch {
	case id == "":
		return nil
	case q.byID != nil:
		return q.byID[id]
	}
	for i := len(q.spans) - 1; i >= 0; i-- {
		if q.spans[i].id == id {
			return q.spans[i]
		}
	}
	return nil
}

// blankSpan is a place for a span to be added.
func (q *query) blankSpan() *span {
	if n := len(q.spans); n < cap(q.spans) {
		if s := q.spans[:n+1][n]; s != nil {
			return s
		}
	}
	return new(span)
}

// add adds a span whose id is new.
func (q *query) add(s *span) {
	q.spans = append(q.spans, s)
	switch {
	case q.byID != nil:
		q.byID[s.id] = s
	case len(q.spans) > few:
		q.byID = make(map[string]*span)
		for _, s := range q.spans {
			q.byID[s.id] = s
		}
	}
}

func (s *span) open() bool { return s.end == never }

// on reports whether a model call runs on a domain.
func (s *span) on(d *domain) bool { return s.place.on(d) }

func byID(a, b *span) int {
	if c := cmp.Compare(a.id, b.id); c != 0 {
		return c
	}
	return byQuery(a.q, b.q)
}

func byQuery(a, b *query) int { return a.key.compare(&b.key) }

// queryKey names one attempt at one query.
type queryKey struct {
	run     string
	id      string
	attempt int
}

func (k *queryKey) compare(o *queryKey) int {
	if c := strings.Compare(k.id, o.id); c != 0 {
		return c
	}
	if c := cmp.Compare(k.attempt, o.attempt); c != 0 {
		return c
	}
	return strings.Compare(k.run, o.run)
}

// query is one attempt, from its first event until its trace is written.
type query struct {
	key      queryKey
	head     *event.Header
	start    int64 // open from here …
	end      int64 // … to here; never while it is open
	begin    *event.Event
	finish   *event.Event // nil: none was seen
	closed   bool         // query_end was seen, or it was ended for want of one
	scored   *event.Event // the last scoring_end with a verdict; nil: none has one
	lastUs   int64        // t_us of the last record that moved its end
	startUs  int64
	spans    []*span          // in the order of their starts
	byID     map[string]*span // nil while the spans are few
	live     []*span          // model and tool calls in flight, not waiting; shared with epochs
	setups   int              // setup windows open
	scorings int
	epochs   []epoch
	cursor   int // epoch of the slice that is settled next
	crossed  []crossing
	cuts     []crossPart // of all crossings, one after the other
	after    *slice      // the slice that begins at its end
	brink    brink
	stamp    int // of the cell being shared out
	touched  bool
	first    *event.Event // what it begins with
	last     *event.Event // what ended it; nil: nothing did
	early    []pushed     // starts of calls and tools before its own
	events   []*event.Event
}

// epoch is the time between two events of one query.
type epoch struct {
	t0, t1 int64
	setup  bool
	score  bool
	live   []*span
	doms   []edom
	calls  []callShare
	others bool  // another query was open in it
	peak   int64 // microwatts; negative: no sample with watts
	onPeak int64 // of a sample at t0
}

// edom is what one domain gave a query in one epoch.
type edom struct {
	general int64   // nanojoules shared among open queries
	total   int64   // with those of the query's calls
	weight  float64 // Σ nanojoules × sharers
	lo, hi  float64 // of the cells inside, for a number that gets all of the query's share
	cells   int32
	us      int64
	shareUs float64 // ∫ of the query's share over the measured time, µs
	n       int32
	start   onset   // a reading at t0
	covered bool    // a line runs through t0
	sq      float64 // Σ (∫ share dt)² of the intervals inside
	steps   int32
	stepSum float64
	into    step
	last20  float64 // mean squared step of the 20 readings before t1

	course []shareFrom // of averaged watts: how the query's share went
}

// shareFrom is a query's share from a moment on.
type shareFrom struct {
	t     int64
	share float64
}

// callShare is what one of the query's model calls got from one domain.
type callShare struct {
	s  *span
	d  *domain
	nj int64
}

func (p *epoch) at(d *domain) *edom {
	if d.index >= len(p.doms) {
		p.doms = lengthened(p.doms, d.index+1)
	}
	return &p.doms[d.index]
}

// look is at without growing.
func (p *epoch) look(d *domain) *edom {
	if d.index < len(p.doms) {
		return &p.doms[d.index]
	}
	return &nothing
}

var nothing edom

// addCall adds nanojoules to a call's share.
func (p *epoch) addCall(s *span, d *domain, nj int64) {
	for i := range p.calls {
		if c := &p.calls[i]; c.s == s && c.d == d {
			c.nj += nj
			return
		}
	}
	p.calls = append(p.calls, callShare{s, d, nj})
}

// load is the query's calls in flight on a domain.
func (p *epoch) load(d *domain) load {
	var l load
	for _, s := range p.live {
		if s.kind.isCall() && s.on(d) {
			l.add(s, p.t0)
		}
	}
	return l
}

// crossing is what an event of the query cuts: a cell, or several that lie alike,
// or an interval of watts.
type crossing struct {
	d       *domain
	cells   int64   // 0: an interval
	nj      float64 // of the cells
	outside bool    // part of it lies outside the query
	end     int     // of its parts among the query's cuts
}

// keep remembers a crossing until the query has ended.
func (q *query) keep(x crossing, parts []crossPart) {
	q.cuts = append(q.cuts, parts...)
	x.end = len(q.cuts)
	q.crossed = append(q.crossed, x)
}

// partsOf is the parts of a crossing.
func (q *query) partsOf(i int) []crossPart {
	begin := 0
	if i > 0 {
		begin = q.crossed[i-1].end
	}
	return q.cuts[begin:q.crossed[i].end]
}

// crossPart is the part of a crossing in one epoch.
type crossPart struct {
	epoch      int
	silentFrom int64   // where it begins, if only silence is known of it, else long ago
	min, max   float64 // of the query's share
	seconds    float64 // ∫ share dt, of an interval
}

// openEpoch begins an epoch at t, as the query stands now.
func (q *query) openEpoch(t int64) {
	if n := len(q.epochs); n > 0 {
		last := &q.epochs[n-1]
		if last.t0 == t { // several records of one instant
			last.setup, last.score, last.live = q.setups > 0, q.scorings > 0, q.live
			return
		}
		last.t1 = t
	}
	var memory epoch
	if n := len(q.epochs); n < cap(q.epochs) {
		memory = q.epochs[:n+1][n]
	}
	q.epochs = append(q.epochs, epoch{t0: t, t1: never, setup: q.setups > 0, score: q.scorings > 0, live: q.live, peak: -1, onPeak: -1,
		doms: memory.doms[:0], calls: memory.calls[:0]})
}

// closeEpochs ends the last epoch.
func (q *query) closeEpochs(t int64) {
	if n := len(q.epochs); n > 0 {
		if q.epochs[n-1].t0 == t {
			q.epochs = q.epochs[:n-1]
		} else {
			q.epochs[n-1].t1 = t
		}
	}
}

// epochAt returns the index of the epoch that holds t. Times asked for rise, but
// for cells, which look back a little.
func (q *query) epochAt(t int64) int {
	i := min(q.cursor, len(q.epochs)-1)
	for i > 0 && q.epochs[i].t0 > t {
		i--
	}
	for i+1 < len(q.epochs) && q.epochs[i+1].t0 <= t {
		i++
	}
	return i
}

// from is the first epoch that begins at t or later.
func (q *query) from(t int64) int {
	return sort.Search(len(q.epochs), func(i int) bool { return q.epochs[i].t0 >= t })
}

// between is the range of epochs that lie within a window.
func (q *query) between(from, to int64) (first, end int) {
	end = q.from(to)
	if to < q.end && (end == len(q.epochs) || q.epochs[end].t0 > to) {
		end-- // it ends within one
	}
	return q.from(from), end
}

// beginsAt is the epoch that begins at t, nil if none does.
func (q *query) beginsAt(t int64) *epoch {
	if i := q.from(t); i < len(q.epochs) && q.epochs[i].t0 == t {
		return &q.epochs[i]
	}
	return nil
}

// seconds is the time between two records, us apart on the joined clock, by
// m_us where both have it.
func seconds(from, to *event.Event, us int64) float64 {
	return float64(apart(from, to, us)) / 1e6
}

// apart is seconds in microseconds.
func apart(from, to *event.Event, us int64) int64 {
	if from != nil && to != nil && from.MUs != nil && to.MUs != nil {
		return *to.MUs - *from.MUs
	}
	return us
}

// windowRecord is the record with which a setup or scoring window begins or ends
// at a moment, nil if none does.
func (q *query) windowRecord(t int64) *event.Event {
	for _, s := range q.spans {
		switch {
		case s.kind < setupWindow:
		case s.start == t:
			return s.begin
		case s.end == t:
			return s.landed
		}
	}
	return nil
}

// withSpan returns the list with s at its place; the list itself may be shared
// and is left alone.
func (e *Engine) withSpan(list []*span, s *span) []*span {
	i, found := slices.BinarySearchFunc(list, s, byID)
	if found {
		return list
	}
	out := e.lists.list(len(list) + 1)
	return append(append(append(out, list[:i]...), s), list[i:]...)
}

func (e *Engine) withoutSpan(list []*span, s *span) []*span {
	i, found := slices.BinarySearchFunc(list, s, byID)
	if !found {
		return list
	}
	out := e.lists.list(len(list) - 1)
	return append(append(out, list[:i]...), list[i+1:]...)
}

func withQuery(list []*query, q *query) []*query {
	i, _ := slices.BinarySearchFunc(list, q, byQuery)
	out := make([]*query, 0, len(list)+1)
	return append(append(append(out, list[:i]...), q), list[i:]...)
}

func withoutQuery(list []*query, q *query) []*query {
	i, found := slices.BinarySearchFunc(list, q, byQuery)
	if !found {
		return list
	}
	out := make([]*query, 0, len(list))
	return append(append(out, list[:i]...), list[i+1:]...)
}

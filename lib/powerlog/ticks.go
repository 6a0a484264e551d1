package powerlog

import (
	"fmt"

	"ipw/lib/power"
)

// row is a line of a log that holds one moment's values of some domains.
type row struct {
	line   int
	t      int64 // Unix µs; power.Null if the log tells no times
	from   int64 // as in Tick
	seq    int   // rows of one seq are one tick; 0: the format does not count them
	whole  bool  // the row is a tick
	again  bool  // the first row of another log
	values []cell
}

// cell is one domain's values in a row.
type cell struct {
	domain Domain
	Value
}

// rows gives the rows of a log, each valid until the next call.
type rows interface{ next() (*row, error) }

// joined is a Reader that makes ticks of rows: tools that print a line per
// device print several lines at one moment. A tick is complete when every
// domain of the log is in it, or when one comes again.
type joined struct {
	rows   rows
	src    *source
	stamps *stamps
	opts   Options

	header *Header
	index  map[string]int
	told   int // domains of the ticks that were returned

	pending *row // read, belongs to the next tick
	failed  error
	tick    Tick
	open    bool
	in      []bool  // domains the open tick has
	at      []int64 // when each domain was read last; power.Null: not yet
	count   int
	seq     int
	done    int   // the seq that was complete before its last row
	spacing int64 // from one reading of a domain to the next; 0: not known yet
	pass    int64 // how long the rows of a whole tick took
	latest  int   // place of the last domain that was added
	n       int64 // ticks of a log without times
	warned  bool
}

func join(r rows, s *source, st *stamps, o Options) *joined {
	return &joined{rows: r, src: s, stamps: st, opts: o}
}

func (j *joined) Header() *Header { return j.header }

// Next returns the next tick.
func (j *joined) Next() (*Tick, error) {
	for {
		r := j.pending
		j.pending = nil
		if r == nil {
			if r = j.read(); r == nil && j.open {
				return j.take(), nil
			} else if r == nil {
				return nil, j.failed
			}
		}
		if r.seq != 0 && r.seq == j.done && !r.again {
			j.late(r)
			continue
		}
		if j.open && !j.fits(r) {
			j.pending = r
			return j.take(), nil
		}
		if err := j.add(r); err != nil {
			return nil, err
		}
		if r.whole || j.full() {
			j.done = j.seq
			return j.take(), nil
		}
	}
}

// late takes a row of a tick that was complete without it: the next ones wait
// for its domains too.
func (j *joined) late(r *row) {
	for i := range r.values {
		j.place(&r.values[i].domain)
	}
	j.told = len(j.header.Domains)
}

// read gives the next row, nil at the end and at an error.
func (j *joined) read() (r *row) {
	if j.failed == nil {
		r, j.failed = j.rows.next()
	}
	if j.failed != nil {
		return nil
	}
	return r
}

// together is how far apart the rows of one tick may be, at most and while
// nothing more is known: a tool that reads eight devices takes its time.
const together = 10_000_000

// fits reports whether a row belongs to the open tick.
func (j *joined) fits(r *row) bool {
	if r.again || r.whole {
		return false
	}
	if r.seq != 0 || j.seq != 0 {
		return r.seq == j.seq
	}
	for i := range r.values {
		if k, ok := j.index[r.values[i].domain.ID]; ok && k < len(j.in) && j.in[k] {
			return false
		}
	}
	if r.t == power.Null {
		return true
	}
	dt := r.t - j.tick.TUs
	return dt >= 0 && dt <= j.most(r)
}

// most is how far a row may be from the first of the open tick. A pass over the
// devices takes as long as it did before, or half of the spacing; one that steps
// back in their order, as where the first was missing, a quarter. Of times in
// whole seconds what was cut off counts.
func (j *joined) most(r *row) int64 {
	if j.spacing == 0 {
		return together
	}
	most := j.spacing / 2
	if k, ok := j.index[first(r)]; ok && k < j.latest {
		most = j.spacing / 4
	}
	return min(max(most, j.pass+j.pass/4)+j.stamps.resolution-1, together)
}

// first is the id of a row's first domain.
func first(r *row) string {
	if len(r.values) == 0 {
		return ""
	}
	return r.values[0].domain.ID
}

// add puts a row into the open tick, or opens one.
func (j *joined) add(r *row) error {
	if j.header == nil || r.again {
		j.renew()
	}
	if !j.open {
		if err := j.begin(r); err != nil {
			return err
		}
	}
	if r.t != power.Null {
		j.tick.ReadUs = max(j.tick.ReadUs, r.t-j.tick.TUs)
	}
	for i := range r.values {
		k := j.place(&r.values[i].domain)
		if j.in[k] { // the same thing printed twice: the first counts
			continue
		}
		j.in[k] = true
		j.count++
		j.tick.Values[k] = r.values[i].Value
		j.at[k], j.latest = r.t, k
	}
	return nil
}

// renew begins another log's header.
func (j *joined) renew() {
	j.header = &Header{}
	j.index = make(map[string]int)
	j.told, j.in, j.at, j.tick.Values, j.count, j.open = 0, nil, nil, nil, 0, false
	j.done, j.spacing, j.pass = 0, 0, 0
}

// begin opens a tick.
func (j *joined) begin(r *row) error {
	before := j.spacing
	t, err := r.t, error(nil)
	if t == power.Null {
		if t, err = j.untimed(); err != nil {
			return err
		}
	} else {
		j.header.ResolutionUs = j.stamps.resolution
	}
	if k, ok := j.index[first(r)]; ok && j.at[k] != power.Null && t > j.at[k] {
		if j.spacing = t - j.at[k]; before > 0 {
			j.spacing = min(j.spacing, 2*before) // a row that came late is none that sets the pace
		}
	}
	j.tick = Tick{TUs: t, FromUs: r.from, Line: r.line, Values: j.tick.Values}
	j.open, j.count, j.seq = true, 0, r.seq
	clear(j.in)
	for i := range j.tick.Values {
		j.tick.Values[i] = nothing
	}
	return nil
}

// untimed is the time of a tick whose log tells none.
func (j *joined) untimed() (int64, error) {
	switch {
	case j.opts.StartUs != 0 && j.opts.StepUs > 0:
		j.n++
		j.header.ResolutionUs, j.header.IntervalUs = j.opts.StepUs, j.opts.StepUs
		return j.opts.StartUs + (j.n-1)*j.opts.StepUs, nil
	case j.opts.Now != nil && j.opts.StartUs == 0:
		if !j.warned {
			j.src.problems.Warn("%s: the log tells no times: each reading is taken as of the moment it comes (of an old log, --start and --step tell them)", j.src.name)
		}
		j.warned = true
		return j.opts.Now(), nil
	}
	return 0, &UntimedError{j.src.name, j.opts.StartUs != 0}
}

// place is the index of a domain, which is appended if it is new.
func (j *joined) place(d *Domain) int {
	k, ok := j.index[d.ID]
	if !ok {
		k = len(j.header.Domains)
		j.index[d.ID] = k
		j.header.Domains = append(j.header.Domains, *d)
		j.in = append(j.in, false)
		j.at = append(j.at, power.Null)
		j.tick.Values = append(j.tick.Values, nothing)
	}
	return k
}

// full reports that every domain of the ticks before is in the open one.
func (j *joined) full() bool { return j.told > 0 && j.count >= j.told }

func (j *joined) take() *Tick {
	if j.open = false; j.count >= j.told {
		j.pass = j.tick.ReadUs
	}
	j.told = len(j.header.Domains)
	return &j.tick
}

// UntimedError says that an old log does not tell when its readings were made.
type UntimedError struct {
	Name    string
	Started bool // its start is known
}

func (e *UntimedError) Error() string {
	if e.Started {
		return fmt.Sprintf("%s: the log tells no times, only its start is known", e.Name)
	}
	return fmt.Sprintf("%s: the log tells no times", e.Name)
}

// Hint is what a user may type next.
func (e *UntimedError) Hint() string {
	if e.Started {
		return "--step 1s says how far apart its readings are"
	}
	return "--start 2025-11-23T10:00:00 --step 1s says when it began and how far apart its readings are"
}

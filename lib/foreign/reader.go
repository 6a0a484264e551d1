package foreign

import (
	"container/heap"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// Options say how logs are read. The zero value is good.
type Options struct {
	TypeFrom string // the attribute that is a query's workload type, "" for none
	Window   int    // bytes of spans held to put them in order; 0: 128 MiB
}

// origin gives the queries of one log in the order of their starts, io.EOF at
// its end.
type origin interface {
	next() (*query, error)
}

// Reader reads logs of any of the formats as one event stream.
type Reader struct {
	problems *stream.Problems
	opts     Options
	inputs   []*stream.Input
	run      string
	dataset  string

	fresh  heads // the query that each origin gives next, by start
	active queue // those begun, by their next record
	names  names
	typed  bool // some query had the attribute of TypeFrom
	spans  int  // counted

	begun, over bool
	inside      bool // a segment is open
	said        said // by its header
	any         bool // there was a segment
	rec         event.Record
}

// said is what a header says of the queries that begin in its segment.
type said struct{ host, agent, model, tool string }

// NewReader reads the inputs as one stream, each as what its content says it
// is.
func NewReader(problems *stream.Problems, opts Options, inputs ...*stream.Input) *Reader {
	if opts.Window == 0 {
		opts.Window = 128 << 20
	}
	r := &Reader{problems: problems, opts: opts, inputs: inputs, names: newNames()}
	if len(inputs) > 0 {
		r.run, r.dataset = inputs[0].Name, filepath.Base(inputs[0].Name)
	}
	return r
}

// stem is a file's name without folders and extensions.
func stem(path string) string {
	name := filepath.Base(path)
	if base, _, ok := strings.Cut(name, "."); ok && base != "" {
		return base
	}
	return name
}

// Next returns the next record and io.EOF at the end: a header, events in the
// order of time, an end, and so on for each segment. Events may be kept.
func (r *Reader) Next() (*event.Record, error) {
	if r.over {
		return nil, io.EOF
	}
	if !r.begun {
		r.begun = true
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	q := r.soonest()
	r.rec = event.Record{File: r.run, Line: 1}
	switch {
	case q == nil && r.any && !r.inside:
		r.over = true
		return nil, io.EOF
	case !r.inside:
		r.open(q)
	case q == nil:
		r.inside, r.rec.End = false, "ok"
		r.report()
	case !r.fits(q):
		r.inside, r.rec.End = false, "ok"
	default:
		if err := r.emit(q); err != nil {
			return nil, err
		}
	}
	return &r.rec, nil
}

// soonest is the query whose record comes next, nil at the end.
func (r *Reader) soonest() *query {
	switch {
	case len(r.active) == 0 && len(r.fresh) == 0:
		return nil
	case len(r.active) == 0 || len(r.fresh) > 0 && r.fresh[0].query.start < r.active[0].when():
		return r.fresh[0].query
	}
	return r.active[0]
}

// fits reports that a query's next record may stand in the open segment: where
// its calls run depends on the header's host, and the query's agent and model
// are those of the header it begins under.
func (r *Reader) fits(q *query) bool {
	if q.at > 0 {
		return r.said.host == q.host
	}
	return r.said == said{q.host, q.agent, q.model, q.tool}
}

// open begins a segment for the query that comes next, nil for none.
func (r *Reader) open(q *query) {
	h := &event.Header{Type: "header", Schema: event.Schema, Run: r.run, Dataset: r.dataset}
	if q != nil {
		r.said = said{q.host, q.agent, q.model, q.tool}
		h.Host, h.Agent, h.Model, h.Tool = q.host, q.agent, q.model, q.tool
		h.TUs = q.when()
		r.rec.File, r.rec.Line = q.file, q.line
	}
	r.inside, r.any, r.rec.Header = true, true, h
}

// emit gives a query's next record.
func (r *Reader) emit(q *query) error {
	if q.at == 0 {
		if err := r.take(); err != nil {
			return err
		}
		q.id = r.names.unique(q.id)
		r.classify(q)
		if q.counted {
			q.renumber(r.spans)
			r.spans += len(q.spans)
		}
		heap.Push(&r.active, q)
	}
	m := q.moments[q.at]
	r.rec.Event, r.rec.File, r.rec.Line = q.event(m), q.file, q.lineOf(m)
	q.at++
	for i := range r.active { // nearly always the first
		if r.active[i] != q {
			continue
		}
		if q.at == len(q.moments) {
			heap.Remove(&r.active, i)
		} else {
			heap.Fix(&r.active, i)
		}
		break
	}
	return nil
}

// classify gives a query its workload type: what --type-from names, else the
// data set's.
func (r *Reader) classify(q *query) {
	if r.opts.TypeFrom != "" && !q.typed {
		if text := memberText(q.metadata, r.opts.TypeFrom); text != "" {
			q.workload, q.typed = text, true
		}
	}
	r.typed = r.typed || q.typed
	if q.workload == "" {
		q.workload = r.dataset
	}
}

// take puts the next query of an origin in the place of the one that begins.
func (r *Reader) take() error {
	h := r.fresh[0]
	q, err := h.from.next()
	if err == io.EOF {
		heap.Pop(&r.fresh)
		return nil
	}
	h.query = q
	heap.Fix(&r.fresh, 0)
	return err
}

// begin finds out what the inputs are, and reads each to its first query.
func (r *Reader) begin() error {
	origins, err := r.origins()
	if err != nil {
		return err
	}
	for i, o := range origins {
		q, err := o.next()
		if err == io.EOF {
			continue
		}
		if err != nil {
			return err
		}
		r.fresh = append(r.fresh, &head{q, o, i})
	}
	heap.Init(&r.fresh)
	return nil
}

func (r *Reader) report() {
	if r.opts.TypeFrom != "" && !r.typed {
		r.problems.Warn("no query has the attribute %q of --type-from", r.opts.TypeFrom)
	}
}

// Close closes the inputs.
func (r *Reader) Close() error {
	var errs []error
	for _, in := range r.inputs {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

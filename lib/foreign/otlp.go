package foreign

import (
	"container/heap"
	"fmt"
	"io"

	"ipw/lib/stream"
)

// otlp reads OpenTelemetry spans: TracesData objects of the OTLP JSON mapping,
// one a line as the file exporters write them, or spread over many lines, or in
// a list. Enums are numbers or names, 64-bit integers strings or numbers, ids
// hexadecimal; names in snake_case, as some protobuf printers write them, are
// taken too. The spans of a trace may stand anywhere in any of the files.
type otlp struct {
	problems *stream.Problems
	opts     Options
	inputs   []*stream.Input

	doc      *document
	resource *resource // of the spans being read
	scope    *scope
	words    words

	traces traces
	ready  heads // queries of traces given out, by start
	over   bool
	now    int64 // start of the last query given
	count  int   // spans read

	tallies tallies
}

// resource is what all spans of one process say of it.
type resource struct {
	host, service, typed string
}

// scope is the library that made spans.
type scope struct{ name, version string }

// tallies counts what is odd in the spans, each with the place of the first.
type tallies struct{ double, late, unended, backwards, outside, plain tally }

type tally struct {
	n    int
	file string
	line int
}

func (t *tally) add(file string, line int) {
	if t.n++; t.n == 1 {
		t.file, t.line = file, line
	}
}

func (t *tally) warn(problems *stream.Problems, format string) {
	if t.n > 0 {
		problems.Warn("%s:%d: "+format+": %d, this is the first", t.file, t.line, t.n)
	}
}

func newOTLP(problems *stream.Problems, opts Options) *otlp {
	return &otlp{problems: problems, opts: opts, traces: newTraces(), resource: &resource{}, scope: &scope{}, words: make(words)}
}

// next gives the queries in the order of their starts: it reads until nothing
// that begins earlier can come, or the window is full.
func (o *otlp) next() (*query, error) {
	for {
		if len(o.ready) > 0 && (o.over || o.ready[0].query.start <= o.traces.earliest() && o.full()) {
			q := heap.Pop(&o.ready).(*head).query
			o.traces.held -= q.size()
			o.now = q.start
			return q, nil
		}
		if o.over && o.traces.len() == 0 {
			return nil, io.EOF
		}
		if o.over || o.full() {
			o.release()
			continue
		}
		if err := o.read(); err != nil {
			return nil, err
		}
	}
}

func (o *otlp) full() bool { return o.traces.held > o.opts.Window }

// release makes queries of the trace that began first.
func (o *otlp) release() {
	t := o.traces.pop()
	if t == nil {
		return
	}
	o.traces.held -= t.size
	for _, q := range o.queriesOf(t) {
		if q.start < o.now { // its trace was given out before, without these spans
			o.tallies.late.add(q.file, q.line)
			continue
		}
		o.traces.held += q.size()
		heap.Push(&o.ready, &head{query: q})
	}
}

// read takes one item of the inputs.
func (o *otlp) read() error {
	if o.doc == nil {
		if len(o.inputs) == 0 {
			o.finish()
			return nil
		}
		o.doc = newDocument(o.inputs[0], intoSpans)
	}
	it, err := o.doc.next()
	if err != nil {
		err = o.doc.settle(o.problems, err)
		if err == io.EOF {
			o.inputs[0].Close()
			o.doc, o.inputs = nil, o.inputs[1:]
			err = nil
		}
		return err
	}
	switch {
	case it.enter && it.key == "resourceSpans" || it.enter && it.key == "resource_spans":
		o.resource, o.scope = &resource{}, &scope{}
	case it.enter && it.key != "spans":
		o.scope = &scope{}
	case it.enter || it.exit:
	case it.key == "resource":
		err = o.resource.read(it.raw, o.opts.TypeFrom)
	case it.key == "scope", it.key == "instrumentationLibrary":
		err = o.scope.read(it.raw)
	case it.key == "spans":
		err = o.take(it)
	}
	if err != nil {
		return o.problems.Reject(o.doc.in.Name, it.line, err)
	}
	return nil
}

// intoSpans goes down to the spans.
func intoSpans(_, key string, open byte) bool {
	switch key {
	case "", "resourceSpans", "resource_spans", "scopeSpans", "scope_spans", "instrumentationLibrarySpans":
		return true
	case "spans":
		return open == '['
	}
	return false
}

// take keeps one span.
func (o *otlp) take(it item) error {
	o.count++
	s := &otelSpan{file: o.doc.in.Name, line: it.line, resource: o.resource, scope: o.scope}
	if err := s.read(it.raw, o.opts.TypeFrom, o.words); err != nil {
		return err
	}
	switch {
	case s.end == 0:
		o.tallies.unended.add(s.file, s.line)
	case s.end < s.start:
		o.tallies.backwards.add(s.file, s.line)
		s.end, s.bent = s.start, true
	}
	if !o.traces.add(s) {
		o.tallies.double.add(s.file, s.line)
	}
	return nil
}

func (o *otlp) finish() {
	o.over = true
	t := &o.tallies
	t.double.warn(o.problems, "spans that were there already are ignored")
	t.unended.warn(o.problems, "spans without an end")
	t.backwards.warn(o.problems, "spans that end before they start have no length")
	for o.traces.len() > 0 {
		o.release()
	}
	t.late.warn(o.problems, fmt.Sprintf("spans of traces that began more than %d MiB of spans before are left out", o.opts.Window>>20))
	t.outside.warn(o.problems, "queries lengthened to hold spans that begin before or end after them")
	t.plain.warn(o.problems, "spans of traces without model calls, tools and agents are left out")
}

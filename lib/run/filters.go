package run

import (
	"errors"
	"os"
	"sync/atomic"
)

// filters are ipw-attribute and ipw-judge and the pipes around them:
//
//	events.jsonl → ipw-attribute → (verdicts known?) → ipw-judge → traces.jsonl
type filters struct {
	r         *runner
	attribute *filter
	judge     *filter
	routed    chan struct{} // closed when ipw-attribute's output has ended
	taken     chan struct{} // closed when ipw-judge's output has ended
}

// filter is a stage that must not end before its input does.
type filter struct {
	*stage
	in   *os.File
	over atomic.Bool // its input has ended, or nothing is wanted of it any more

	quiet bool // how it ended is of no interest
}

func (r *runner) startFilter(argv []string) (*filter, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s, err := r.crew.start(argv, read, r.Words)
	read.Close()
	if err != nil {
		write.Close()
		return nil, err
	}
	f := &filter{stage: s, in: write}
	go func() {
		<-s.done
		if !f.over.Load() {
			r.crew.fail(s.failure("it ended before its input did"))
		}
	}()
	return f, nil
}

// close ends the filter's input.
func (f *filter) close() {
	f.over.Store(true)
	f.in.Close()
}

// openFilters starts the filters before the baseline, so that a wrong flag of
// theirs ends the run before its first query.
func (r *runner) openFilters() (*filters, error) {
	if err := os.Remove(r.dir.Totals()); err != nil && !errors.Is(err, os.ErrNotExist) { // of an earlier session
		return nil, err
	}
	var err error
	if r.events, err = openEvents(r.dir.Events()); err != nil {
		return nil, err
	}
	if r.traces, err = openTraces(r.dir.Traces()); err != nil {
		return nil, err
	}
	r.traces.hold = r.cfg.Scorer == "judge" && r.judge.Local()
	f := &filters{r: r, routed: make(chan struct{}), taken: make(chan struct{})}
	if f.attribute, err = r.startFilter(r.cmds.attribute); err != nil {
		return nil, err
	}
	if f.judge, err = r.startFilter(r.cmds.judge); err != nil {
		return nil, err
	}
	go func() {
		_ = r.events.passOn(f.attribute.in) // fails only if ipw-attribute died, which its watch tells
		f.attribute.close()
	}()
	go func() {
		defer close(f.routed)
		r.crew.fail(r.traces.route(f.attribute.stdout, f.judge.in))
	}()
	go func() {
		defer close(f.taken)
		r.crew.fail(r.traces.take(f.judge.stdout))
	}()
	return f, nil
}

// kill ends filters that have nothing to read.
func (f *filters) kill() {
	f.attribute.over.Store(true)
	f.judge.over.Store(true)
	f.attribute.quiet, f.judge.quiet = true, true
	f.attribute.kill()
	f.judge.kill()
}

// drain lets the filters come to the end of their input, one after the other.
func (f *filters) drain() {
	<-f.routed
	f.r.tell("attributing and judging")
	f.r.traces.release(f.judge.in)
	f.judge.close()
	<-f.taken
	for _, s := range []*filter{f.attribute, f.judge} {
		<-s.done
		s.stdout.Close()
		if s.err != nil && !s.quiet {
			f.r.crew.fail(s.failure(""))
		}
	}
	f.r.crew.fail(f.r.traces.close())
}

package score

import (
	"bytes"
	"context"
	"io"

	"ipw/lib/stream"
	"ipw/lib/trace"
)

// Filter scores traces as they come and hands each on as soon as it is scored,
// in the order they came. Earlier attempts at a query are scored too: which one
// is the valid one is known only at the end.
type Filter struct {
	Scorer      func(*trace.QueryTrace) (Scorer, error) // nil: the trace keeps the score it has
	Keep        bool                                    // traces that are right or wrong already stay as they are
	Concurrency int                                     // traces in work at once
	Write       func(line []byte) error                 // a line with its newline
	Done        func(*trace.QueryTrace)                 // called with every trace as written, in order; nil for none
}

// job is one trace in work.
type job struct {
	line []byte
	q    *trace.QueryTrace
	err  error
	done chan struct{}
}

// Run reads to the end of r. An error of reading comes after everything that
// was read has been written.
func (f *Filter) Run(ctx context.Context, r *trace.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of calls whose result nobody will write
	queue := make(chan *job, max(1, f.Concurrency))
	var read error
	go func() {
		defer close(queue)
		read = f.read(ctx, r, queue)
	}()
	for j := range queue {
		<-j.done
		if j.err != nil {
			return j.err
		}
		if err := f.Write(append(j.line, '\n')); err != nil {
			return err
		}
		if f.Done != nil {
			f.Done(j.q)
		}
	}
	return read
}

// read starts a job for every trace. It returns nil at the end.
func (f *Filter) read(ctx context.Context, r *trace.Reader, queue chan<- *job) error {
	slots := make(chan struct{}, max(1, f.Concurrency))
	for {
		q, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		j := &job{line: bytes.Clone(r.Raw()), q: q, done: make(chan struct{})}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		go func() {
			defer close(j.done)
			j.err = f.score(ctx, j)
			<-slots
		}()
		select {
		case queue <- j:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *Filter) score(ctx context.Context, j *job) error {
	if !f.Keep || j.q.IsResolved == nil {
		s, err := f.Scorer(j.q)
		if err == nil && s != nil {
			err = j.take(Trace(ctx, s, j.q))
		}
		if err != nil {
			return err
		}
	}
	// A foreign trace may hold bare control characters; what is written does not.
	j.line = stream.AppendEscaped(nil, j.line)
	return nil
}

// take writes a result into the trace.
func (j *job) take(r Result) (err error) {
	if err = r.set(j.q); err == nil {
		j.line, err = trace.Patch(j.line, r.fields())
	}
	return err
}

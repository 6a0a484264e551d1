package main

import "ipw/lib/trace"

// writing turns traces into lines and writes them, beside the attribution of the
// next ones: it is a good part of the work, and a second processor's.
type writing struct {
	out  *output
	jobs chan job
	back chan *trace.QueryTrace // written
	done chan error             // the first error; closed at the end
	line []byte
}

// job is a trace to be written.
type job struct {
	trace *trace.QueryTrace
	hold  bool // see output
	flush bool // somebody waits for it
}

func startWriting(out *output) *writing {
	const ahead = 16
	w := &writing{out: out, jobs: make(chan job, ahead), back: make(chan *trace.QueryTrace, 2*ahead), done: make(chan error, 1)}
	go func() {
		defer close(w.done)
		var err error
		for j := range w.jobs {
			if err == nil {
				if err = w.write(j); err != nil {
					w.done <- err
				}
			}
			select {
			case w.back <- j.trace:
			default:
			}
		}
	}()
	return w
}

func (w *writing) write(j job) (err error) {
	if w.line, err = j.trace.Append(w.line[:0]); err != nil {
		return err
	}
	if err = w.out.write(append(w.line, '\n'), j.hold); err == nil && j.flush {
		err = w.out.flush()
	}
	return err
}

// add has a trace written, later. It returns the error of one before, and hands
// those that were written to reuse.
func (w *writing) add(j job, reuse func(*trace.QueryTrace)) error {
	select {
	case err := <-w.done:
		return err
	case w.jobs <- j:
	}
	for {
		select {
		case t := <-w.back:
			reuse(t)
		default:
			return nil
		}
	}
}

// close waits until everything is written.
func (w *writing) close() error {
	close(w.jobs)
	return <-w.done
}

package source

import (
	"errors"
	"io"
	"iter"

	"ipw/lib/stream"
	"ipw/lib/trace"
)

// Trace is one trace and where it stands.
type Trace struct {
	*trace.QueryTrace
	Line   []byte // its text, valid until the next trace
	Source *Source
}

// index knows which lines are valid: of every query within a run the last one.
// It holds names and numbers only, so that lists of any length can be read.
type index struct {
	valid map[place]bool
}

// place is a line, which stays where it is while a live run appends others.
type place struct {
	file *File
	line int
}

// query names a query; traces without a run belong to their directory's, and
// those of all bare files to one.
type query struct{ dir, run, id string }

// CountTraces returns how many valid traces there are.
func (s *Set) CountTraces() (int, error) {
	if err := s.makeIndex(); err != nil {
		return 0, err
	}
	return len(s.index.valid), nil
}

// Traces yields the valid traces in the order of their lines: of every query
// within a run the last line, since earlier ones are earlier attempts. Lines
// that are no trace go to problems.
func (s *Set) Traces(problems *stream.Problems) iter.Seq2[Trace, error] {
	return func(yield func(Trace, error) bool) {
		if err := s.makeIndex(); err != nil {
			yield(Trace{}, err)
			return
		}
		err := s.lines(problems, func(at place, src *Source, lines *stream.Lines, line []byte) error {
			q := new(trace.QueryTrace)
			if err := q.UnmarshalJSON(line); err != nil {
				lines.Reject(err)
				return nil
			}
			if s.index.valid[at] && !yield(Trace{q, line, src}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Trace{}, err)
		}
	}
}

var errStop = errors.New("stop")

// makeIndex reads every trace's name once.
func (s *Set) makeIndex() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index != nil {
		return nil
	}
	last := make(map[query]place)
	err := s.lines(new(stream.Problems), func(at place, src *Source, _ *stream.Lines, line []byte) error {
		q, ok := nameOf(line)
		if !ok {
			return nil // reported when it is read as a trace
		}
		if q.run == "" {
			q.dir = src.Dir
		}
		if _, again := last[q]; again && new(trace.QueryTrace).UnmarshalJSON(line) != nil {
			return nil // a line that will be rejected replaces nothing
		}
		last[q] = at
		return nil
	})
	if err != nil {
		return err
	}
	s.index = &index{valid: make(map[place]bool, len(last))}
	for _, at := range last {
		s.index.valid[at] = true
	}
	return nil
}

// nameOf reads no more of a trace than its query and run.
func nameOf(line []byte) (q query, ok bool) {
	s := stream.Scan(line)
	for s.Next() {
		switch string(s.Key()) {
		case "query_id":
			s.Text(&q.id)
		case "run":
			s.Text(&q.run)
		default:
			s.Skip()
		}
	}
	return q, s.Err() == nil && q.id != ""
}

// lines hands every line of the sources' traces to each.
func (s *Set) lines(problems *stream.Problems, each func(place, *Source, *stream.Lines, []byte) error) error {
	for _, src := range s.Sources {
		files, err := src.Files(Traces)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := f.lines(problems, func(l *stream.Lines, line *stream.Line) error {
				return each(place{f, line.Num}, src, l, line.Bytes)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *File) lines(problems *stream.Problems, each func(*stream.Lines, *stream.Line) error) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	lines := stream.NewLines(problems, in)
	for {
		line, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(lines, line); err != nil {
			return err
		}
	}
}

// Close frees what was kept of stdin and pipes.
func (s *Set) Close() error {
	var errs []error
	for _, src := range s.Sources {
		if src.bare != nil {
			errs = append(errs, src.bare.Close())
		}
	}
	return errors.Join(errs...)
}

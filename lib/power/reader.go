package power

import (
	"encoding/json"
	"errors"
	"fmt"

	"ipw/lib/stream"
)

// Record is one line of a power stream: exactly one field is set.
type Record struct {
	Header *Header
	Sample *Sample // valid until the next call of Next
	Note   *Note
	End    string // the segment's status: ok, interrupted, failed, incomplete or open
	File   string
	Line   int
	Raw    []byte // the line, valid until the next call; nil for an end that was not written
}

// Reader reads a power stream.
type Reader struct {
	r      *stream.Reader
	all    bool // records of unknown types too
	rec    Record
	own    Sample
	sample *Sample // where the next one goes
	header *Header
	ahead  []byte // what has come behind the last record, nil if Next must read on
	at     int    // how much of it was taken
	lines  int    // the same in lines
}

// NewReader reads the inputs, in order, as one stream.
func NewReader(problems *stream.Problems, inputs ...*stream.Input) *Reader {
	r := &Reader{r: stream.NewReader(Schema, problems, inputs...)}
	r.sample = &r.own
	return r
}

// Take puts the next record into s, whose memory is reused, if it is a sample in
// the usual form and has come; util and what follows is left out. If not, Next
// reads on. It is several times as fast.
func (r *Reader) Take(s *Sample) bool {
	if r.ahead == nil {
		if r.ahead = r.r.Ahead(); r.ahead == nil {
			return false
		}
	}
	n := shape(r.ahead[r.at:], len(r.header.Domains), s)
	if n > 0 {
		r.at += n
		r.lines++
	}
	return n > 0
}

// NextInto is Next with samples put into s, whose memory is reused.
func (r *Reader) NextInto(s *Sample) (*Record, error) {
	r.sample = s
	rec, err := r.Next()
	r.sample = &r.own
	return rec, err
}

// Unknown makes Next return records of types that are not known, too, with
// nothing set but where they are and Raw: a filter passes them on.
func (r *Reader) Unknown() { r.all = true }

// Next returns the next record, valid until the next call, and io.EOF at the
// end. Lines that cannot be decoded are rejected and skipped.
func (r *Reader) Next() (*Record, error) {
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		r.rec = Record{File: line.File, Line: line.Num, Raw: line.Bytes}
		switch {
		case line.Kind == stream.Header:
			h := new(Header)
			if err := parseHeader(line.Bytes, h); err != nil {
				return nil, line.Errorf("header: %v", err)
			}
			r.header, r.rec.Header = h, h
		case line.Kind == stream.End:
			r.rec.End = line.Status
		case line.Type == "note":
			n, err := parseNote(line.Bytes)
			if err != nil {
				r.r.Reject(err)
				continue
			}
			r.rec.Note = n
		case line.Type == "":
			err := ParseSample(line.Bytes, r.sample)
			if err == nil {
				err = r.sample.check(r.header)
			}
			if err != nil {
				r.r.Reject(err)
				continue
			}
			r.rec.Sample = r.sample
		default: // a type of a later version
			if !json.Valid(line.Bytes) {
				r.r.Reject(stream.NotJSON(line.Bytes))
				continue
			}
			if !r.all {
				continue
			}
		}
		return &r.rec, nil
	}
}

// line reads the next line behind what was taken.
func (r *Reader) line() (*stream.Line, error) {
	if r.lines > 0 {
		r.r.Pass(r.at, r.lines)
	}
	r.ahead, r.at, r.lines = nil, 0, 0
	return r.r.Next()
}

// Close closes the inputs.
func (r *Reader) Close() error { return r.r.Close() }

func parseNote(b []byte) (*Note, error) {
	n := new(Note)
	if err := json.Unmarshal(b, n); err != nil {
		return nil, stream.WrongType(err)
	}
	return n, nil
}

func parseHeader(b []byte, h *Header) error {
	if err := json.Unmarshal(b, h); err != nil {
		return stream.WrongType(err)
	}
	seen := make(map[string]bool)
	for _, d := range h.Domains {
		switch {
		case d.ID == "":
			return errors.New("domain without id")
		case seen[d.ID]:
			return fmt.Errorf("domain %q twice", d.ID)
		case d.Kind == "":
			return fmt.Errorf("domain %q without kind", d.ID)
		}
		seen[d.ID] = true
	}
	return nil
}

package event

import (
	"bytes"
	"encoding/json"

	"ipw/lib/stream"
)

// Record is one line of an event stream: exactly one of Header, Event, End is
// set.
type Record struct {
	Header *Header
	Event  *Event
	End    string // the segment's status: ok, interrupted, failed, incomplete or open
	File   string
	Line   int
	Raw    []byte // the line, valid until the next call; nil for an end that was not written
}

// Reader reads an event stream.
type Reader struct {
	r    *stream.Reader
	mem  stream.Memory
	rec  Record
	room room
}

// NewReader reads the inputs, in order, as one stream.
func NewReader(problems *stream.Problems, inputs ...*stream.Input) *Reader {
	return &Reader{r: stream.NewReader(Schema, problems, inputs...)}
}

// Next returns the next record and io.EOF at the end. The Record is valid until
// the next call; the Header or Event in it may be kept, see Release. Lines that cannot be
// decoded are rejected and skipped, records of unknown types are returned.
func (r *Reader) Next() (*Record, error) {
	for {
		if r.take() {
			return &r.rec, nil
		}
		line, err := r.r.Next()
		if err != nil {
			return nil, err
		}
		r.rec = Record{File: line.File, Line: line.Num, Raw: line.Bytes}
		switch line.Kind {
		case stream.Header:
			h := new(Header)
			if err := json.Unmarshal(line.Bytes, h); err != nil {
				return nil, line.Errorf("header: %v", stream.WrongType(err))
			}
			r.rec.Header = h
		case stream.End:
			r.rec.End = line.Status
		default:
			e, err := r.parse(line.Bytes)
			if err != nil {
				r.r.Reject(err)
				continue
			}
			r.rec.Event = e
		}
		return &r.rec, nil
	}
}

// take takes the next line, if it has come, begins as nearly all do and is right:
// with its type, which is one of those above and so not that of a header or an
// end. It need not be looked at by stream.Reader then.
func (r *Reader) take() bool {
	line, _, whole := bytes.Cut(r.r.Ahead(), []byte{'\n'})
	n := len(line) + 1
	line = bytes.TrimSuffix(line, []byte{'\r'})
	rest, ok := bytes.CutPrefix(line, []byte(`{"type":"`))
	if !ok || !whole || line[len(line)-1] != '}' {
		return false
	}
	if typ, _, _ := bytes.Cut(rest, []byte{'"'}); !known(typ) {
		return false
	}
	e, err := r.parse(line)
	if err != nil {
		return false // Next says so
	}
	r.rec = Record{Event: e, Raw: line}
	r.rec.File, r.rec.Line = r.r.Pass(n, 1)
	return true
}

// Known reports whether this version knows the record's type.
func (e *Event) Known() bool { return known([]byte(e.Type)) }

// known reports the types of records.
func known(typ []byte) bool {
	switch string(typ) {
	case QueryStart, QueryEnd, SetupStart, SetupEnd, ScoringStart, ScoringEnd, LMStart, LMFirstToken, LMEnd,
		ToolStart, ToolEnd, SubmodelStart, SubmodelEnd, Retry:
		return true
	}
	return false
}

// parse reads an event, which may be kept.
func (r *Reader) parse(line []byte) (*Event, error) {
	e := r.room.next()
	if err := parse(line, e, &r.mem); err != nil {
		return nil, err
	}
	r.room.take()
	return e, nil
}

// Close closes the inputs.
func (r *Reader) Close() error { return r.r.Close() }

package event

import (
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
	r   *stream.Reader
	mem stream.Memory
	rec Record
}

// NewReader reads the inputs, in order, as one stream.
func NewReader(problems *stream.Problems, inputs ...*stream.Input) *Reader {
	return &Reader{r: stream.NewReader(Schema, problems, inputs...)}
}

// Next returns the next record and io.EOF at the end. The Record is valid until
// the next call; the Header or Event in it may be kept. Lines that cannot be
// decoded are rejected and skipped, records of unknown types are returned.
func (r *Reader) Next() (*Record, error) {
	for {
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
			e := new(Event)
			if err := parse(line.Bytes, e, &r.mem); err != nil {
				r.r.Reject(err)
				continue
			}
			r.rec.Event = e
		}
		return &r.rec, nil
	}
}

// Close closes the inputs.
func (r *Reader) Close() error { return r.r.Close() }

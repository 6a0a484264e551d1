package event

import (
	"encoding/json"

	"ipw/lib/clock"
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
			if err := Parse(line.Bytes, e); err != nil {
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

// Writer writes events, stamping each as it writes it.
type Writer struct {
	w     *stream.Writer
	clock clock.Clock
}

// NewWriter writes to w with the time of a clock.
func NewWriter(w *stream.Writer, c clock.Clock) *Writer { return &Writer{w, c} }

// Header begins a segment; type, schema and t_us are filled in.
func (w *Writer) Header(h Header) error {
	h.Type, h.Schema, h.TUs = "header", Schema, w.clock().TUs
	return w.w.Header(h)
}

// Emit stamps and writes e. Stamp and place in the stream are taken under one
// lock, so records stand in time order.
func (w *Writer) Emit(e Event) error {
	return w.w.Append(func(b []byte) ([]byte, error) {
		now := w.clock()
		e.TUs, e.MUs = now.TUs, &now.MUs
		return stream.AppendJSON(b, e)
	})
}

// End ends the segment.
func (w *Writer) End(status string) error { return w.w.End(status, nil) }

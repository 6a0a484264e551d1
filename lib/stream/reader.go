package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Kind tells what a line is for.
type Kind int

const (
	Record Kind = iota
	Header
	End
)

// Line is one line of a stream and its place.
type Line struct {
	Kind   Kind
	Type   string // the "type" field; "" if it has none
	Bytes  []byte // the JSON text, without newline; nil for an End that was not written
	Status string // of an End: ok, interrupted, failed, incomplete, or open (a followed file whose reading was stopped)
	File   string
	Num    int
}

// Errorf makes an error at this line.
func (l *Line) Errorf(format string, args ...any) error {
	return &Error{l.File, l.Num, fmt.Sprintf(format, args...)}
}

// Reader reads one stream of one schema from inputs in order. Every Header it
// returns is followed, in time, by exactly one End.
type Reader struct {
	schema   string
	inputs   []*Input
	at       int // the input being read
	problems *Problems

	line    Line
	open    bool // a segment is open
	any     bool // a header was seen
	records int64
	last    place  // the open segment's last line so far
	fresh   bool   // the current input has given no line yet
	barren  bool   // the current input has given torn lines only, of no segment
	glued   []byte // a header to be read again: found behind a torn line, or before the end that it implies

	mem      Memory
	rejected rejected
}

// place is where a line stands.
type place struct {
	file string
	num  int
}

// rejected is a line that could not be decoded. Whether it is wrong or torn is
// known only when it is known what follows.
type rejected struct {
	why  error // nil for none
	at   Line
	torn bool // torn if it is its producer's last
}

// NewReader reads the inputs as one stream.
func NewReader(schema string, problems *Problems, inputs ...*Input) *Reader {
	return &Reader{schema: schema, inputs: inputs, problems: problems, fresh: true}
}

// Reject reports that the last line returned could not be decoded. The stream
// goes on; Next returns an error if the command is strict.
func (r *Reader) Reject(why error) {
	r.rejected = rejected{why, r.line, cut(r.line.Bytes)}
	r.rejected.at.Bytes = nil
}

// Next returns the next line, valid until the next call, and io.EOF at the end.
func (r *Reader) Next() (*Line, error) {
	for {
		if r.at == len(r.inputs) {
			return r.finish()
		}
		in := r.inputs[r.at]
		b, torn, err := r.read(in)
		var line *Line
		switch {
		case err != nil:
			line, err = r.without(in, err)
		default:
			line, err = r.take(in, b, torn)
		}
		if line != nil || err != nil {
			return line, err
		}
	}
}

func (r *Reader) read(in *Input) ([]byte, bool, error) {
	if b := r.glued; b != nil {
		r.glued = nil
		return b, false, nil
	}
	b, torn, err := in.next()
	return trim(b), torn, err
}

// take looks at a line. It returns nil for one that is no news.
func (r *Reader) take(in *Input, b []byte, torn bool) (*Line, error) {
	first := r.fresh || r.barren
	r.fresh = false
	r.line = Line{Type: r.mem.topString(b, "type"), Bytes: b, File: in.Name, Num: in.line}
	header := r.line.Type == "header" && json.Valid(b)
	if head := gluedHeader(b); head != nil && !header {
		return r.unglue(in, b[:len(b)-len(head)], head)
	}
	if err := r.settle(header); err != nil {
		return nil, err
	}
	r.barren = first && !header && !r.open && cut(b)
	switch {
	case header:
		return r.header(in, b)
	case torn && cut(b):
		if !in.stopped() {
			r.problems.Warn("%s:%d: torn last line dropped", in.Name, in.line)
		}
		return nil, nil
	case !r.any:
		err := fmt.Errorf(`record before any header: a stream begins with {"type":"header","schema":%q,…}`, r.schema)
		if cut(b) { // perhaps the first try of a restarted producer
			r.Reject(err)
			return nil, nil
		}
		return nil, &Error{in.Name, in.line, err.Error()}
	case !r.open:
		r.Reject(errors.New("record behind the segment's end, before a header"))
		return nil, nil
	}
	r.last = place{in.Name, in.line}
	if r.line.Type == "end" {
		return r.end(in)
	}
	r.records++
	return &r.line, nil
}

// unglue takes what stands before a header in its line.
func (r *Reader) unglue(in *Input, b, head []byte) (*Line, error) {
	r.glued = bytes.Clone(head)
	if json.Valid(b) {
		return r.take(in, b, false)
	}
	if err := r.settle(false); err != nil {
		return nil, err
	}
	r.line.Bytes = b
	r.Reject(errors.New("not JSON"))
	return nil, nil
}

// settle decides about the last rejected line, now that what follows is known:
// a header or nothing, or something else of the same producer.
func (r *Reader) settle(last bool) error {
	x := r.rejected
	r.rejected = rejected{}
	switch {
	case x.why == nil:
		return nil
	case last && x.torn:
		r.problems.Warn("%s:%d: torn last line dropped", x.at.File, x.at.Num)
		return nil
	}
	return r.problems.Reject(x.at.File, x.at.Num, x.why)
}

func (r *Reader) header(in *Input, b []byte) (*Line, error) {
	if r.open { // the producer before died; come back for the header
		r.glued = bytes.Clone(b)
		return r.implied("no end line before the next header"), nil
	}
	if got := topString(b, "schema"); got != r.schema {
		return nil, r.line.Errorf("schema %q, want %q", got, r.schema)
	}
	in.over(false)
	r.open, r.any, r.records = true, true, 0
	r.last = place{in.Name, in.line}
	r.line.Kind = Header
	return &r.line, nil
}

func (r *Reader) end(in *Input) (*Line, error) {
	var end struct {
		Records *int64 `json:"records"`
		Status  string `json:"status"`
	}
	if err := json.Unmarshal(r.line.Bytes, &end); err != nil {
		r.records++
		r.Reject(WrongType(err))
		return nil, nil
	}
	in.over(true)
	r.open = false
	r.line.Kind, r.line.Status = End, end.Status
	switch {
	case end.Records == nil:
		r.incomplete(in.Name, in.line, "the end line does not say how many records there are")
	case *end.Records != r.records:
		r.incomplete(in.Name, in.line, fmt.Sprintf("the end line says %s, %d are there", count(*end.Records, "record"), r.records))
	case end.Status != "ok" && end.Status != "interrupted" && end.Status != "failed":
		r.problems.Warn("%s:%d: end with unknown status %q, taken as failed", in.Name, in.line, end.Status)
		r.line.Status = "failed"
	}
	return &r.line, nil
}

func (r *Reader) incomplete(file string, line int, why string) {
	r.line.Status = "incomplete"
	r.problems.Incomplete(file, line, "incomplete: "+why)
}

// close ends the open segment without an end line.
func (r *Reader) close(status string) *Line {
	r.open = false
	r.line = Line{Kind: End, Type: "end", Status: status, File: r.last.file, Num: r.last.num}
	return &r.line
}

// implied ends a segment whose producer died.
func (r *Reader) implied(why string) *Line {
	line := r.close("incomplete")
	r.incomplete(line.File, line.Num, why)
	return line
}

// Close closes every input.
func (r *Reader) Close() error {
	var errs []error
	for _, in := range r.inputs {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
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
	problems *Problems

	line    Line
	open    bool // a segment is open
	any     bool // a header was seen
	records int64
	fresh   bool   // the current input has given no line yet
	glued   []byte // a header found behind a torn line

	rejected   error // why the last line was rejected; torn if a header or the end follows
	rejectedAt Line
}

// NewReader reads the inputs as one stream.
func NewReader(schema string, problems *Problems, inputs ...*Input) *Reader {
	return &Reader{schema: schema, inputs: inputs, problems: problems, fresh: true}
}

// Reject reports that the last line returned could not be decoded. The stream
// goes on; Next returns an error if the command is strict.
func (r *Reader) Reject(why error) {
	r.rejected, r.rejectedAt = why, r.line
	r.rejectedAt.Bytes = nil
}

// Next returns the next line, valid until the next call, and io.EOF at the end.
func (r *Reader) Next() (*Line, error) {
	for {
		if len(r.inputs) == 0 {
			return r.finish()
		}
		in := r.inputs[0]
		b, torn, err := r.read(in)
		switch {
		case err == errLong:
			if err := r.settle(false); err != nil {
				return nil, err
			}
			r.records++
			if err := r.problems.Reject(in.Name, in.line, err); err != nil {
				return nil, err
			}
			continue
		case err == io.EOF:
			if r.fresh {
				return nil, &Error{in.Name, 0, "empty: a stream begins with a header line"}
			}
			if len(r.inputs) == 1 {
				return r.finish()
			}
			r.inputs, r.fresh = r.inputs[1:], true
			continue
		case err != nil:
			return r.broken(in, err)
		}
		r.line = Line{Type: Type(b), Bytes: b, File: in.Name, Num: in.line}
		isHeader := r.line.Type == "header" && json.Valid(b)
		if !isHeader && r.unglue(b) {
			continue
		}
		if err := r.settle(isHeader); err != nil {
			return nil, err
		}
		r.fresh = false
		if torn && !json.Valid(b) {
			r.problems.Warn("%s:%d: torn last line dropped", in.Name, in.line)
			continue
		}
		switch {
		case isHeader:
			return r.header(in, b)
		case !r.any:
			return nil, r.line.Errorf("record before any header: a stream begins with {\"type\":\"header\",\"schema\":%q,…}", r.schema)
		case r.line.Type == "end" && r.open:
			return r.end(in)
		case !r.open:
			if err := r.problems.Reject(in.Name, in.line, errors.New("record after the segment's end, before a header")); err != nil {
				return nil, err
			}
			continue
		}
		r.records++
		return &r.line, nil
	}
}

func (r *Reader) read(in *Input) ([]byte, bool, error) {
	if b := r.glued; b != nil {
		r.glued = nil
		return b, false, nil
	}
	return in.next()
}

// unglue splits a line that a crash tore and the next producer's header
// follows without a newline.
func (r *Reader) unglue(b []byte) bool {
	i := bytes.LastIndex(b, []byte(`{"type":"header"`))
	if i <= 0 || json.Valid(b) || !json.Valid(b[i:]) {
		return false
	}
	r.Reject(errors.New("torn"))
	r.glued = bytes.Clone(b[i:])
	return true
}

// settle decides about the last rejected line, now that what follows is known.
func (r *Reader) settle(lastOfProducer bool) error {
	why := r.rejected
	if why == nil {
		return nil
	}
	r.rejected = nil
	if at := r.rejectedAt; lastOfProducer {
		r.problems.Warn("%s:%d: torn last line dropped", at.File, at.Num)
		return nil
	} else {
		return r.problems.Reject(at.File, at.Num, why)
	}
}

func (r *Reader) header(in *Input, b []byte) (*Line, error) {
	if r.open { // the producer before died; come back for the header
		r.glued = bytes.Clone(b)
		return r.implied(in, "segment without end before this header"), nil
	}
	if got := topString(b, "schema"); got != r.schema {
		return nil, r.line.Errorf("schema %q, want %q", got, r.schema)
	}
	in.over(false)
	r.open, r.any, r.records = true, true, 0
	r.line.Kind = Header
	return &r.line, nil
}

func (r *Reader) end(in *Input) (*Line, error) {
	var end struct {
		Records int64  `json:"records"`
		Status  string `json:"status"`
	}
	if err := json.Unmarshal(r.line.Bytes, &end); err != nil {
		r.records++
		return nil, r.problems.Reject(in.Name, in.line, err)
	}
	in.over(true)
	r.open = false
	r.line.Kind, r.line.Status = End, end.Status
	switch {
	case end.Records != r.records:
		r.problems.Incomplete(in.Name, in.line, fmt.Sprintf("incomplete: end says %d records, %d are there", end.Records, r.records))
		r.line.Status = "incomplete"
	case end.Status != "ok" && end.Status != "interrupted" && end.Status != "failed":
		r.problems.Warn("%s:%d: end with unknown status %q, taken as failed", in.Name, in.line, end.Status)
		r.line.Status = "failed"
	}
	return &r.line, nil
}

// implied closes a segment that has no end line.
func (r *Reader) implied(in *Input, why string) *Line {
	r.open = false
	r.line = Line{Kind: End, Type: "end", Status: "incomplete", File: in.Name, Num: in.line}
	r.problems.Incomplete(in.Name, in.line, "incomplete: "+why)
	return &r.line
}

func (r *Reader) finish() (*Line, error) {
	if err := r.settle(true); err != nil {
		return nil, err
	}
	if !r.open {
		return nil, io.EOF
	}
	in := r.inputs[len(r.inputs)-1]
	if in.followed() {
		r.open = false
		r.line = Line{Kind: End, Type: "end", Status: "open", File: in.Name, Num: in.line}
		return &r.line, nil
	}
	return r.implied(in, "no end line, the producer died"), nil
}

// broken ends the reading of an input that cannot be decompressed or read
// further: what came before it stands.
func (r *Reader) broken(in *Input, err error) (*Line, error) {
	if err != io.ErrUnexpectedEOF && !strings.Contains(err.Error(), "unexpected EOF") {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	r.inputs, r.fresh = r.inputs[1:], true
	if err := r.settle(true); err != nil {
		return nil, err
	}
	if r.open {
		return r.implied(in, "compressed data cut short"), nil
	}
	r.problems.Incomplete(in.Name, in.line, "incomplete: compressed data cut short")
	return r.Next()
}

// Close closes every input.
func (r *Reader) Close() error {
	var errs []error
	for _, in := range r.inputs {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

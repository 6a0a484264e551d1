package trace

import (
	"io"

	"ipw/lib/stream"
)

// Reader reads traces, one a line, from inputs in order.
type Reader struct {
	lines *stream.Lines
	raw   []byte
}

// NewReader reads the inputs, in order, as one list of traces.
func NewReader(problems *stream.Problems, inputs ...*stream.Input) *Reader {
	return &Reader{lines: stream.NewLines(problems, inputs...)}
}

// Next returns the next trace and io.EOF at the end. Lines that are no trace
// are rejected and skipped.
func (r *Reader) Next() (*QueryTrace, error) {
	for {
		line, err := r.lines.Next()
		if err != nil {
			return nil, err
		}
		q := new(QueryTrace)
		err = q.UnmarshalJSON(line.Bytes)
		if err != nil && stream.Type(line.Bytes) == "header" {
			return nil, line.Errorf("this is a stream with a header, not traces")
		}
		if err != nil {
			r.lines.Reject(err)
			continue
		}
		r.raw = line.Bytes
		return q, nil
	}
}

// Raw is the text of the last trace, valid until the next call of Next.
func (r *Reader) Raw() []byte { return r.raw }

// ReadAll reads every trace.
func (r *Reader) ReadAll() ([]*QueryTrace, error) {
	var all []*QueryTrace
	for {
		q, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, q)
	}
}

// Valid keeps of every query_id within a run the last trace, in the order of
// the first ones: earlier ones are earlier attempts.
func Valid(all []*QueryTrace) []*QueryTrace {
	type key struct{ run, query string }
	at := make(map[key]int)
	var out []*QueryTrace
	for _, q := range all {
		k := key{query: q.QueryID}
		if q.Run != nil {
			k.run = *q.Run
		}
		if i, ok := at[k]; ok {
			out[i] = q
			continue
		}
		at[k] = len(out)
		out = append(out, q)
	}
	return out
}

package trace

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"

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
		if err := json.Unmarshal(line.Bytes, q); err != nil {
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

// Patch returns the line with top-level keys replaced, or added at the end;
// every other byte stays as it is. For filters, which must not lose what they
// do not know.
func Patch(line []byte, values map[string]any) ([]byte, error) {
	out := []byte{'{'}
	done := make(map[string]bool)
	dec := json.NewDecoder(bytes.NewReader(line))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key := k.(string)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, err
		}
		if v, ok := values[key]; ok {
			done[key] = true
			if raw, err = stream.AppendJSON(nil, v); err != nil {
				return nil, err
			}
		}
		out = appendPair(out, key, raw)
	}
	for _, key := range sortedKeys(values) {
		if done[key] {
			continue
		}
		raw, err := stream.AppendJSON(nil, values[key])
		if err != nil {
			return nil, err
		}
		out = appendPair(out, key, raw)
	}
	return append(out, '}'), nil
}

func appendPair(b []byte, key string, raw []byte) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	b, _ = stream.AppendJSON(b, key)
	return append(append(b, ':'), raw...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

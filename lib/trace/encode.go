package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// MarshalJSON writes every key, then the Extra ones.
func (q *QueryTrace) MarshalJSON() ([]byte, error) { return appendFields(nil, q.Fields(), q.Extra) }

// MarshalJSON writes every key, then the Extra ones.
func (t *TurnTrace) MarshalJSON() ([]byte, error) { return appendFields(nil, t.Fields(), t.Extra) }

// Append appends q as one line of JSON without newline.
func (q *QueryTrace) Append(b []byte) ([]byte, error) {
	line, err := q.MarshalJSON()
	if err != nil {
		return b, err
	}
	return stream.AppendEscaped(b, line), nil
}

func appendFields(b []byte, fields []Field, extra map[string]json.RawMessage) ([]byte, error) {
	b = append(b, '{')
	var err error
	for _, f := range fields {
		if o, ok := f.Ptr.(*Opt); ok && !o.Exists {
			continue
		}
		if len(b) > 1 && b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.Name...), `":`...)
		if b, err = appendValue(b, f.Ptr); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for _, key := range sortedKeys(extra) {
		b = append(b, ',')
		if b, err = appendAny(b, key); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendRaw(b, extra[key]); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return append(b, '}'), nil
}

// appendValue writes the value behind p. Empty lists and maps are [] and {}.
func appendValue(b []byte, p any) ([]byte, error) {
	switch v := p.(type) {
	case *int:
		return strconv.AppendInt(b, int64(*v), 10), nil
	case *int64:
		return strconv.AppendInt(b, *v, 10), nil
	case *bool:
		return strconv.AppendBool(b, *v), nil
	case **int64:
		if *v != nil {
			return strconv.AppendInt(b, **v, 10), nil
		}
	case **bool:
		if *v != nil {
			return strconv.AppendBool(b, **v), nil
		}
	case **float64:
		if *v != nil {
			return appendFloat(b, **v)
		}
	case **string:
		if *v != nil {
			return appendAny(b, **v)
		}
	case **unit.Joules:
		if *v != nil {
			return (*v).Append(b), nil
		}
	case *Opt:
		return appendValue(b, &v.Joules)
	case *[]TurnTrace:
		return appendTurns(b, *v)
	case *[]string:
		return appendOr(b, len(*v) == 0, "[]", v)
	case *[]ToolTrace:
		return appendOr(b, len(*v) == 0, "[]", v)
	case *map[string]float64:
		return appendOr(b, len(*v) == 0, "{}", v)
	case *json.RawMessage:
		if len(*v) == 0 {
			return append(b, "{}"...), nil
		}
		return appendRaw(b, *v)
	default:
		return appendAny(b, v)
	}
	return append(b, "null"...), nil
}

func appendTurns(b []byte, turns []TurnTrace) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range turns {
		if i > 0 {
			b = append(b, ',')
		}
		t := &turns[i]
		if b, err = appendFields(b, t.Fields(), t.Extra); err != nil {
			return nil, fmt.Errorf("turn %d: %w", t.TurnIndex, err)
		}
	}
	return append(b, ']'), nil
}

func appendOr(b []byte, empty bool, text string, v any) ([]byte, error) {
	if empty {
		return append(b, text...), nil
	}
	return appendAny(b, v)
}

// appendFloat writes f as encoding/json does.
func appendFloat(b []byte, f float64) ([]byte, error) {
	if abs := math.Abs(f); abs < 1e21 && (abs >= 1e-6 || abs == 0) {
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	return appendAny(b, f)
}

func appendAny(b []byte, v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...), nil
}

// appendRaw writes foreign JSON on one line.
func appendRaw(b []byte, raw []byte) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	err := json.Compact(buf, raw)
	return buf.Bytes(), err
}

// MarshalJSON writes every key; empty lists and maps are [] and {}.
func (e Energy) MarshalJSON() ([]byte, error) {
	type plain Energy
	orEmpty(&e.Sharers)
	orEmpty(&e.UncertaintyJoules)
	orEmpty(&e.UncertaintyKind)
	orEmpty(&e.ByDomain)
	orEmpty(&e.Missing)
	if e.Basis == nil {
		e.Basis = []string{}
	}
	if e.Partial == nil {
		e.Partial = []string{}
	}
	return appendAny(nil, plain(e))
}

// MarshalJSON writes every key.
func (t ToolTrace) MarshalJSON() ([]byte, error) {
	type plain ToolTrace
	orEmpty(&t.UncertaintyJoules)
	return appendAny(nil, plain(t))
}

func orEmpty[M ~map[string]V, V any](m *M) {
	if *m == nil {
		*m = M{}
	}
}

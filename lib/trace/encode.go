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
func (q *QueryTrace) MarshalJSON() ([]byte, error) { return q.Append(nil) }

// MarshalJSON writes every key, then the Extra ones.
func (t *TurnTrace) MarshalJSON() ([]byte, error) { return t.append(nil) }

// Append appends q as one line of JSON without newline.
func (q *QueryTrace) Append(b []byte) ([]byte, error) {
	var memory [96]Field
	line, err := appendFields(b, q.fields(memory[:0]), q.Extra)
	if err != nil {
		return b, err
	}
	return line, nil
}

func (t *TurnTrace) append(b []byte) ([]byte, error) {
	var memory [64]Field
	return appendFields(b, t.fields(memory[:0]), t.Extra)
}

func appendFields(b []byte, fields []Field, extra map[string]json.RawMessage) ([]byte, error) {
	b = append(b, '{')
	var err error
	for i := range fields {
		f := &fields[i]
		if o, ok := f.Ptr.(*Opt); ok && !o.Exists {
			continue
		}
		b = appendKey(b, f.Name)
		if b, err = appendValue(b, f.Ptr); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for _, key := range sortedKeys(extra) {
		if b, err = stream.AppendString(append(b, ','), key); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendRaw(b, extra[key]); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return append(b, '}'), nil
}

// appendKey appends a key of ours, and the comma before it.
func appendKey(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), `":`...)
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
	case *float64:
		return appendFloat(b, *v)
	case *string:
		return stream.AppendString(b, *v)
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
			return stream.AppendString(b, **v)
		}
	case **unit.Joules:
		if *v != nil {
			return (*v).Append(b), nil
		}
	case *Opt:
		return appendValue(b, &v.Joules)
	case *Energy:
		return v.append(b)
	case *[]TurnTrace:
		return appendTurns(b, *v)
	case *[]ToolTrace:
		return appendList(b, *v, appendTool)
	case *[]string:
		return appendList(b, *v, appendText)
	case *map[string]float64:
		return appendMap(b, *v, appendNumber)
	case *json.RawMessage:
		if len(*v) == 0 {
			return append(b, "{}"...), nil
		}
		return appendRaw(b, *v)
	default:
		return stream.AppendJSON(b, v)
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
		if b, err = turns[i].append(b); err != nil {
			return nil, fmt.Errorf("turn %d: %w", turns[i].TurnIndex, err)
		}
	}
	return append(b, ']'), nil
}

// appendFloat writes f as encoding/json does.
func appendFloat(b []byte, f float64) ([]byte, error) {
	if b, ok := unit.AppendFloat(b, f); ok {
		return b, nil
	}
	if abs := math.Abs(f); abs < 1e21 && (abs >= 1e-6 || abs == 0) {
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	return stream.AppendJSON(b, f)
}

// appendRaw writes foreign JSON on one line.
func appendRaw(b []byte, raw []byte) ([]byte, error) {
	var buf bytes.Buffer
	if err := json.Compact(&buf, raw); err != nil {
		return nil, err
	}
	return stream.AppendEscaped(b, buf.Bytes()), nil
}

package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// UnmarshalJSON reads a trace; keys it does not know go to Extra.
func (q *QueryTrace) UnmarshalJSON(b []byte) error {
	*q = QueryTrace{}
	var err error
	q.Extra, q.HasAboveIdle, q.HasElectricity, err = readFields(b, q.all(nil), queryIndex())
	switch {
	case err != nil:
		return err
	case q.Schema != "" && q.Schema != Schema:
		return fmt.Errorf("schema %q, want %q", q.Schema, Schema)
	case q.QueryID == "":
		return errors.New("trace without query_id")
	}
	return nil
}

// UnmarshalJSON reads a turn; keys it does not know go to Extra.
func (t *TurnTrace) UnmarshalJSON(b []byte) error {
	*t = TurnTrace{}
	var err error
	t.Extra, t.HasAboveIdle, t.HasElectricity, err = readFields(b, t.all(nil), turnIndex())
	return err
}

// Where each key stands in all().
var (
	queryIndex = sync.OnceValue(func() map[string]int { return index((&QueryTrace{}).all(nil)) })
	turnIndex  = sync.OnceValue(func() map[string]int { return index((&TurnTrace{}).all(nil)) })
)

func index(fields []Field) map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		m[f.Name] = i
	}
	return m
}

func readFields(b []byte, fields []Field, at map[string]int) (extra map[string]json.RawMessage, idle, electricity bool, err error) {
	electricityAt := len(fields) - electricityKeys
	idleAt := electricityAt - idleKeys
	s := stream.Scan(b)
	for s.Next() {
		i, ok := at[string(s.Key())]
		if !ok {
			if extra == nil {
				extra = make(map[string]json.RawMessage)
			}
			extra[string(s.Key())] = bytes.Clone(s.Value())
			continue
		}
		electricity = electricity || i >= electricityAt
		idle = idle || i >= idleAt && i < electricityAt
		readValue(&s, fields[i].Ptr)
	}
	return extra, idle, electricity, s.Err()
}

func readValue(s *stream.Scanner, p any) {
	switch v := p.(type) {
	case *string:
		s.Text(v)
	case **string:
		s.OptText(v)
	case *int:
		n := int64(*v)
		s.Int(&n)
		*v = int(n)
	case *int64:
		s.Int(v)
	case **int64:
		s.OptInt(v)
	case *bool:
		s.Bool(v)
	case **bool:
		s.OptBool(v)
	case **float64:
		s.OptFloat(v)
	case **unit.Joules:
		readJoules(s, v)
	case *Opt:
		v.Exists = true
		readJoules(s, &v.Joules)
	case *json.RawMessage:
		if s.Object(v); string(*v) == "{}" {
			*v = nil
		}
	case *[]TurnTrace:
		readTurns(s, v)
	default:
		if err := json.Unmarshal(s.Value(), p); err != nil {
			s.Fail("is wrong: %v", stream.WrongType(err))
		}
	}
}

func readJoules(s *stream.Scanner, p **unit.Joules) {
	if *p = nil; s.Null() {
		return
	}
	raw := s.Number()
	if raw == nil {
		s.Wrong("a number")
		return
	}
	n, err := unit.ParseDecimal(raw, 9)
	if err != nil {
		s.Fail("is %.40s: %v", raw, err)
		return
	}
	j := unit.Joules(n)
	*p = &j
}

func readTurns(s *stream.Scanner, p *[]TurnTrace) {
	if *p = nil; s.Null() || !s.Array() {
		return
	}
	for s.More() {
		var t TurnTrace
		if err := t.UnmarshalJSON(s.Value()); err != nil {
			s.Fail("is wrong: turn %d: %v", len(*p), err)
		}
		*p = append(*p, t)
	}
}

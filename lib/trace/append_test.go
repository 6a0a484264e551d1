package trace

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"ipw/lib/stream"
)

// A trace is written as encoding/json writes its Fields one by one.
func TestAppendIsFields(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 300 {
		q := randomTrace(r)
		got, err := q.Append(nil)
		want := plainQuery(t, q)
		if err != nil || string(got) != string(want) {
			t.Fatalf("%v, wrote\n%.3000s, want\n%.3000s", err, got, want)
		}
	}
}

// Many entries are in order too.
func TestAppendSortsMaps(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for n := range 30 {
		m := make(map[string]string)
		for range n {
			m[string(rune('a'+r.IntN(26)))+text(r)] = text(r)
		}
		e := Energy{Missing: m, UncertaintyKind: m}
		got, err := e.MarshalJSON()
		if want := plain(t, &e); err != nil || string(got) != string(want) {
			t.Fatalf("%v, wrote\n%s, want\n%s", err, got, want)
		}
	}
}

func plainQuery(t *testing.T, q *QueryTrace) []byte {
	return plainFields(t, q.Fields(), q.Extra)
}

func plainFields(t *testing.T, fields []Field, extra map[string]json.RawMessage) []byte {
	b := []byte{'{'}
	put := func(key string, value []byte) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, plain(t, key)...), ':'), value...)
	}
	for _, f := range fields {
		switch p := f.Ptr.(type) {
		case *Opt:
			if p.Exists {
				put(f.Name, plain(t, p.Joules))
			}
		case *[]TurnTrace:
			list := []byte{'['}
			for i := range *p {
				if i > 0 {
					list = append(list, ',')
				}
				list = append(list, plainFields(t, (*p)[i].Fields(), (*p)[i].Extra)...)
			}
			put(f.Name, append(list, ']'))
		case *[]ToolTrace:
			type tool ToolTrace
			tools := make([]tool, len(*p))
			for i, one := range *p {
				tools[i] = tool(one)
			}
			put(f.Name, plain(t, tools))
		default:
			put(f.Name, plain(t, p))
		}
	}
	for _, key := range sortedKeys(extra) {
		put(key, plain(t, extra[key]))
	}
	return append(b, '}')
}

// plain is v as encoding/json writes it, [] and {} for nil lists and maps.
func plain(t *testing.T, v any) []byte {
	switch p := v.(type) {
	case *Energy:
		type energy Energy
		e := energy(*p)
		v = &e
	case *json.RawMessage:
		if len(*p) == 0 {
			return []byte("{}")
		}
	}
	v = emptied(reflect.ValueOf(v)).Interface()
	b, err := stream.AppendJSON(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// emptied copies v with empty lists and maps instead of nil ones.
func emptied(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.Set(reflect.New(v.Type().Elem()))
			c.Elem().Set(emptied(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			c.Field(i).Set(emptied(v.Field(i)))
		}
	case reflect.Slice:
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(emptied(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			c.Set(reflect.MakeMap(v.Type()))
		}
	}
	return c
}

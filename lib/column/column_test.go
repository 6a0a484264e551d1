package column

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ipw/lib/trace"
	"ipw/lib/trace/tracetest"
)

// excluded are the keys of traces that are no column of their own name.
var excluded = map[string]string{
	"energy": "laid out as energy_… columns",
}

func names(columns []Column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.Name)
	}
	return out
}

func TestEveryKeyIsAColumn(t *testing.T) {
	check := func(what string, keys, columns []string) {
		for _, k := range keys {
			if excluded[k] == "" && !slices.Contains(columns, k) {
				t.Errorf("%s: key %q is no column", what, k)
			}
		}
		for i, c := range columns {
			if slices.Contains(columns[:i], c) {
				t.Errorf("%s: column %q twice", what, c)
			}
		}
	}
	keys := func(fields []trace.Field) (out []string) {
		for _, f := range fields {
			out = append(out, f.Name)
		}
		return out
	}
	check("trace", keys((&trace.QueryTrace{HasAboveIdle: true, HasElectricity: true}).Fields()), names(Trace()))
	check("turn", keys((&trace.TurnTrace{HasAboveIdle: true, HasElectricity: true}).Fields()), names(Turn()))
	check("tool", tags[trace.ToolTrace]("uncertainty_joules"), names(Tool()))
	var energy []string
	for _, k := range tags[trace.Energy]("uncertainty_joules", "uncertainty_kind") {
		energy = append(energy, "energy_"+k)
	}
	check("energy", energy, names(Trace()))
	check("energy of turns", energy, names(Turn()))
}

// tags lists the JSON keys of a struct, less those laid out otherwise.
func tags[T any](less ...string) (out []string) {
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		if key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ","); !slices.Contains(less, key) {
			out = append(out, key)
		}
	}
	return out
}

func TestSchemaIsTheSameForEveryTrace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		q := tracetest.Random(r, "q")
		if !reflect.DeepEqual(columnsOf(func(l *layout) { l.trace(q) }), Trace()) {
			t.Fatal("the columns depend on the trace")
		}
		for i := range q.Turns {
			if !reflect.DeepEqual(columnsOf(func(l *layout) { l.turn(&q.Turns[i]) }), Turn()) {
				t.Fatal("the columns depend on the turn")
			}
		}
	}
}

// TestValuesAreTheTraces compares columns with what a reader of the JSON sees,
// which knows nothing of this package.
func TestValuesAreTheTraces(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 300 {
		q := tracetest.Random(r, "q")
		line, err := q.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		want["turns"] = structs(Turn(), q.Turns, TurnValues)
		compare(t, Trace(), TraceValues(q), want)
	}
}

func compare(t *testing.T, columns []Column, values []any, want map[string]any) {
	t.Helper()
	if len(columns) != len(values) {
		t.Fatalf("%d columns, %d values", len(columns), len(values))
	}
	for i, c := range columns {
		if got, want := plain(t, c.Type, values[i]), lookUp(want, c.Name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", c.Name, got, want)
		}
	}
}

// lookUp finds a column's value in the JSON of a trace, turn or tool call.
func lookUp(of map[string]any, column string) any {
	if v, ok := of[column]; ok {
		if column == "metadata" || column == "score_metadata" {
			b, _ := json.Marshal(v)
			return string(b)
		}
		return v
	}
	energy, inEnergy := of, strings.HasPrefix(column, "energy_")
	if inEnergy {
		energy, _ = of["energy"].(map[string]any)
		column = strings.TrimPrefix(column, "energy_")
	}
	if key, ok := strings.CutPrefix(column, "uncertainty_"); ok {
		if k, ok := strings.CutSuffix(key, "_joules"); ok {
			m, _ := energy["uncertainty_joules"].(map[string]any)
			return m[k]
		}
		m, _ := energy["uncertainty_kind"].(map[string]any)
		return m[strings.TrimSuffix(key, "_kind")]
	}
	if inEnergy {
		return energy[column]
	}
	return nil // a key that this trace does not have
}

// plain turns a value into what encoding/json would have made of it.
func plain(t *testing.T, typ Type, v any) any {
	if v == nil {
		return nil
	}
	switch typ.Kind {
	case Int:
		return float64(v.(int64))
	case List:
		out := []any{}
		for _, e := range v.([]any) {
			out = append(out, plain(t, *typ.Elem, e))
		}
		return out
	case Map:
		out := map[string]any{}
		for _, e := range v.([]Entry) {
			out[e.Key] = plain(t, *typ.Elem, e.Value)
		}
		return out
	case Struct:
		return structValue{typ.Fields, v.([]any)}
	case String:
		if s := v.(string); strings.HasPrefix(s, "{") { // JSON texts, in one spelling
			var x any
			if json.Unmarshal([]byte(s), &x) == nil {
				b, _ := json.Marshal(x)
				return string(b)
			}
		}
	}
	return v
}

// structValue stands for a struct until it is compared with its JSON.
type structValue struct {
	fields []Column
	values []any
}

func TestTurnsAndToolsAreTheTraces(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	turns, tools := 0, 0
	for range 200 {
		q := tracetest.Random(r, "q")
		for i := range q.Turns {
			line, err := json.Marshal(&q.Turns[i])
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal(line, &want); err != nil {
				t.Fatal(err)
			}
			for j, raw := range want["tools"].([]any) {
				compare(t, Tool(), ToolValues(&q.Turns[i].Tools[j]), raw.(map[string]any))
				tools++
			}
			want["tools"] = structs(Tool(), q.Turns[i].Tools, ToolValues)
			compare(t, Turn(), TurnValues(&q.Turns[i]), want)
			turns++
		}
	}
	if turns < 100 || tools < 100 {
		t.Fatalf("only %d turns and %d tools were compared", turns, tools)
	}
}

// structs is what a list of structs is compared with; the structs are compared
// with their JSON by themselves.
func structs[T any](fields []Column, s []T, values func(*T) []any) []any {
	out := []any{}
	for i := range s {
		out = append(out, structValue{fields, values(&s[i])})
	}
	return out
}

func TestJoulesAreTheNearestFloat(t *testing.T) {
	for _, text := range []string{"9223372036.854775807", "9007199.254740993", "12.5", "0", "-0.000000001"} {
		q := new(trace.QueryTrace)
		if err := json.Unmarshal([]byte(`{"query_id":"q","query_energy_joules":`+text+`}`), q); err != nil {
			t.Fatal(err)
		}
		var want float64
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		i := slices.Index(names(Trace()), "query_energy_joules")
		if got := TraceValues(q)[i]; got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func BenchmarkTraceValues(b *testing.B) {
	r := rand.New(rand.NewPCG(4, 4))
	q := tracetest.Random(r, "q")
	for len(q.Turns) < 8 {
		q.Turns = append(q.Turns, tracetest.Random(r, "q").Turns...)
	}
	b.ReportAllocs()
	for b.Loop() {
		TraceValues(q)
	}
}

package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/stream"
)

// events is the table the fuzz target is seeded from: a line, and what is wrong
// with it.
var events = []struct{ line, err string }{
	{`{"type":"query_start","t_us":1763884800000000,"m_us":83920000000,"query":"q0000","attempt":1,"workload_type":"demo","query_text":"What is 6 × 7?\n","reference":"42","metadata":{"level":1,"tags":["a"]}}`, ""},
	{`{"type":"lm_inference_start","t_us":1763884800000100,"m_us":83920000100,"query":"q0000","attempt":1,"span":"s1","turn":0,"model":"m","provider":"openai","endpoint":"http://127.0.0.1:8000/v1","local":true}`, ""},
	{`{"type":"lm_first_token","t_us":1763884800100000,"m_us":83920100000,"query":"q0000","attempt":1,"span":"s1","turn":0}`, ""},
	{`{"type":"lm_inference_end","t_us":1763884800200000,"m_us":83920200000,"query":"q0000","attempt":1,"span":"s1","turn":0,"input_tokens":310,"output_tokens":25,"cached_tokens":0,"cost_usd":0.00012,"queue_s":0.5,"finish_reason":"tool_calls","attempts":2,"tokens_estimated":true}`, ""},
	{`{"type":"tool_call_start","t_us":1763884800200100,"m_us":83920200100,"query":"q0000","attempt":1,"span":"s2","parent":"s0","turn":0,"tool":"calculator","call_id":"c1","arguments":"{\"expression\":\"6*7\"}"}`, ""},
	{`{"type":"tool_call_end","t_us":1763884800200200,"query":"q0000","span":"s2","turn":0,"tool":"calculator","ok":false,"error":"division by zero","result_tokens":2,"result_bytes":5}`, ""},
	{`{"type":"retry","t_us":1,"query":"q","span":"s1","error_class":"429","wait_s":0.25}`, ""},
	{`{"type":"query_end","t_us":1,"query":"q","attempt":2,"response_text":"42","completed":true,"timed_out":false,"error":null,"reason":"finished"}`, ""},
	{`{"type":"scoring_end","t_us":1,"query":"q","span":"u","is_resolved":false,"unscorable_reason":"no tests","score_metadata":{"scorer":"tests","passed":3}}`, ""},
	{`{"type":"setup_start","t_us":1,"query":"q","span":"u","what":"container"}`, ""}, {`{"type":"marker","t_us":1,"new":{"turn":"x"}}`, ""},
	{`{"t_us":1}`, ""}, {`{"type":null,"t_us":1,"turn":null,"metadata":null,"query":null,"attempt":null}`, ""}, {`{"Type":"x","T_US":5,"t_us":1}`, ""}, {`{"type":"\u0071","t_us":1}`, ""},
	{`{"type":"later","new":1}`, ""}, {`{"type":"retry","span":"s1"}`, "record without t_us"},
	{`{}`, "record without t_us"}, {`{"t_us":0}`, ""}, {`{"t_us":null}`, "record without t_us"},
	{`{"t_us":"1"}`, `field "t_us" is a string, not an integer`}, {`{"t_us":1.5}`, `field "t_us" is 1.5, not an integer`},
	{`{"t_us":1,"type":5}`, `field "type" is a number, not a string`}, {`{"t_us":1,"turn":"0"}`, `field "turn" is a string, not an integer`},
	{`{"t_us":1,"attempt":1.0}`, `field "attempt" is 1.0, not an integer`}, {`{"t_us":1,"query":7}`, `field "query" is a number, not a string`},
	{`{"t_us":1,"metadata":[]}`, `field "metadata" is an array, not an object`}, {`{"t_us":1,"ok":"yes"}`, `field "ok" is a string, not true or false`},
	{`{"t_us":1,"arguments":{}}`, `field "arguments" is an object, not a string`}, {`{"t_us":1,"input_tokens":-1e2}`, `field "input_tokens" is -1e2, not an integer`},
	{`{"t_us":1,"cost_usd":"free"}`, `field "cost_usd" is a string, not a number`}, {`{"t_us":1,"reference":42}`, `field "reference" is a number, not a string`},
	{`{"t_us":1,"is_resolved":1}`, `field "is_resolved" is a number, not true or false`}, {`{"t_us":1,"score_metadata":"ok"}`, `field "score_metadata" is a string, not an object`},
	{`{"t_us":1`, "not JSON: unexpected end of JSON input"}, {`[]`, "an array, not an object"}, {``, "not JSON: unexpected end of JSON input"},
}

func TestParse(t *testing.T) {
	for _, c := range events {
		var e Event
		if err := Parse([]byte(c.line), &e); message(err) != c.err {
			t.Errorf("%s: %v, want %s", c.line, err, c.err)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// fields lists the names of an Event's fields in JSON.
var fields = func() map[string]bool {
	m := make(map[string]bool)
	for f := range reflect.TypeFor[Event]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m[name] = true
	}
	return m
}()

// slow is Parse by encoding/json. Through a map, so that keys are exact and the
// last of two equal ones counts.
func slow(line []byte) (*Event, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return nil, errors.Join(err, errors.New("not an object"))
	}
	for k, v := range keys {
		if !fields[k] || string(v) == "null" {
			delete(keys, k)
		}
	}
	for _, k := range []string{"metadata", "score_metadata"} {
		if m := keys[k]; m != nil && m[0] != '{' {
			return nil, errors.New(k + " is no object")
		}
	}
	known, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	e := new(Event)
	if err := json.Unmarshal(known, e); err != nil {
		return nil, err
	}
	e.Metadata, e.ScoreMetadata = keys["metadata"], keys["score_metadata"] // as they were written
	if keys["t_us"] == nil && (e.Type == "" || e.Known()) {
		return nil, errors.New("no t_us")
	}
	return e, nil
}

// Parse reads what encoding/json reads; and what it read is the same after it
// was written and read again.
func FuzzParse(f *testing.F) {
	for _, c := range events {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if repeated(line) {
			return // an error in the first of two equal keys is one for Parse only
		}
		var e Event
		err := Parse(line, &e)
		want, wantErr := slow(line)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, by encoding/json %v", line, err, wantErr)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(&e, want) {
			t.Fatalf("%q:\n%+v, by encoding/json\n%+v", line, e, *want)
		}
		text, err := stream.AppendJSON(nil, &e)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		var again Event
		if err := Parse(text, &again); err != nil {
			t.Fatalf("%q written as %s: %v", line, text, err)
		}
		if second, _ := stream.AppendJSON(nil, &again); !bytes.Equal(text, second) {
			t.Fatalf("%q\nwritten as %s\nthen      %s", line, text, second)
		}
	})
}

func repeated(line []byte) bool {
	seen := make(map[string]bool)
	s := stream.Scan(line)
	for s.Next() {
		if seen[string(s.Key())] {
			return true
		}
		seen[string(s.Key())] = true
		s.Skip()
	}
	return false
}

// Any event is the same after writing and reading: every field of the struct is
// one that Parse knows.
func TestEventRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 3000 {
		want := randomEvent(r)
		line, err := stream.AppendJSON(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := Parse(line, &got); err != nil || !reflect.DeepEqual(&got, want) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", line, got, err, want)
		}
	}
}

// randomEvent fills the fields of an Event by their types.
func randomEvent(r *rand.Rand) *Event {
	e := new(Event)
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if r.IntN(2) == 0 || !v.Type().Field(i).IsExported() {
			continue
		}
		switch p := v.Field(i).Addr().Interface().(type) {
		case *string:
			*p = randomText(r)
		case **string:
			s := randomText(r)
			*p = &s
		case *int:
			*p = r.IntN(1000)
		case **int:
			n := r.IntN(1000)
			*p = &n
		case *int64:
			*p = int64(r.Uint64())
		case **int64:
			n := int64(r.Uint64())
			*p = &n
		case *bool:
			*p = true
		case **bool:
			b := r.IntN(2) == 0
			*p = &b
		case **float64:
			f := r.NormFloat64()
			*p = &f
		case *json.RawMessage:
			*p = json.RawMessage(`{"a":[1,{"b":"\u001b"}]}`)
		default:
			panic(v.Type().Field(i).Name)
		}
	}
	e.TUs = 1 + int64(r.Uint64()>>1)
	return e
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteRune([]rune{'a', '"', '\\', '\n', 0, 0x1b, 0x7f, 0x9b, 'ü', 0x2028, '😀', '<', 0xfffd}[r.IntN(13)])
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	lines := make([][]byte, 8)
	for i := range lines {
		lines[i] = []byte(events[i].line)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var e Event
		if err := Parse(lines[i%8], &e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEncodingJSON(b *testing.B) {
	lines := make([][]byte, 8)
	for i := range lines {
		lines[i] = []byte(events[i].line)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var e Event
		if err := json.Unmarshal(lines[i%8], &e); err != nil {
			b.Fatal(err)
		}
	}
}

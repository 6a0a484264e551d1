package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// Any trace is the same after writing and reading, other keys included.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 300 {
		want := randomTrace(r)
		line, err := want.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got QueryTrace
		if err := got.UnmarshalJSON(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := got.Append(nil)
		emptyIsNil(reflect.ValueOf(&got))
		emptyIsNil(reflect.ValueOf(want))
		if err != nil || !bytes.Equal(line, again) || !reflect.DeepEqual(&got, want) {
			t.Fatalf("wrote %.2000s\nread  %.2000s", line, again)
		}
		for _, r := range string(line) {
			if r < 0x20 || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q holds %U", line, r)
			}
		}
	}
}

func randomTrace(r *rand.Rand) *QueryTrace {
	q := new(QueryTrace)
	q.HasAboveIdle, q.HasElectricity = r.IntN(2) == 0, r.IntN(2) == 0
	fill(r, q.Fields())
	q.Schema, q.QueryID = Schema, "q"+q.QueryID
	q.Turns = nil
	for range r.IntN(3) {
		var turn TurnTrace
		turn.HasAboveIdle, turn.HasElectricity = r.IntN(2) == 0, r.IntN(2) == 0
		fill(r, turn.Fields())
		turn.Extra = extra(r)
		q.Turns = append(q.Turns, turn)
	}
	q.Extra = extra(r)
	return q
}

func extra(r *rand.Rand) map[string]json.RawMessage {
	if r.IntN(2) == 0 {
		return nil
	}
	return map[string]json.RawMessage{"new": json.RawMessage(`{"x":[1,null,"ü"]}`), "a\"b\u001b": json.RawMessage(`-1.50e3`)}
}

// fill gives every field a value of its type, or none.
func fill(r *rand.Rand, fields []Field) {
	for _, f := range fields {
		if r.IntN(3) > 0 {
			fillOne(r, reflect.ValueOf(f.Ptr).Elem())
		}
	}
}

// emptyIsNil makes empty lists and maps nil: they are written the same.
func emptyIsNil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			emptyIsNil(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			emptyIsNil(v.Field(i))
		}
	case reflect.Slice, reflect.Map:
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := 0; v.Kind() == reflect.Slice && i < v.Len(); i++ {
			emptyIsNil(v.Index(i))
		}
	}
}

// fillOne fills a value of any type.
func fillOne(r *rand.Rand, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *unit.Joules:
		*p = unit.Joules(int64(r.Uint64()) >> r.IntN(64))
	case *Opt:
		if p.Exists = true; r.IntN(2) == 0 {
			p.Joules = new(unit.Joules)
			fillOne(r, reflect.ValueOf(p.Joules).Elem())
		}
	case *json.RawMessage:
		*p = json.RawMessage(`{"a":[1,{"b":"\u001b"}]}`)
	case *string:
		*p = text(r)
	case *int:
		*p = r.IntN(1000)
	case *int64:
		*p = int64(r.Uint64()) >> r.IntN(64)
	case *bool:
		*p = r.IntN(2) == 0
	case *float64:
		if r.IntN(2) == 0 {
			*p = float64(r.Int64N(1e15)>>r.IntN(50)) / []float64{1, 1e3, 1e6, 1e9}[r.IntN(4)]
			return
		}
		for *p = math.NaN(); math.IsNaN(*p) || math.IsInf(*p, 0); {
			*p = math.Float64frombits(r.Uint64())
		}
	case *[]TurnTrace:
	default:
		fillDeep(r, v)
	}
}

func fillDeep(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fillOne(r, v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(2), 3))
		for i := range v.Len() {
			fillOne(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range 1 + r.IntN(2) {
			e := reflect.New(v.Type().Elem()).Elem()
			fillOne(r, e)
			v.SetMapIndex(reflect.ValueOf(fmt.Sprintf("k%d", i)), e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillOne(r, v.Field(i))
		}
	default:
		panic(v.Type())
	}
}

func text(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteRune([]rune{'a', '"', '\\', '\n', 0, 0x1b, 0x7f, 0x9b, 'ü', 0x2028, '😀', '<', 0xfffd}[r.IntN(13)])
	}
	return b.String()
}

// turnKeys and queryKeys are the design's, in no order; those of soc, ane and
// board only where such a domain is.
const turnKeys = `turn_index input_tokens output_tokens tool_result_tokens tools_called tool_latencies_s wall_clock_s gpu_energy_joules cpu_energy_joules
gpu_power_avg_watts cpu_power_avg_watts cost_usd error start_us end_us cached_tokens cache_write_tokens reasoning_tokens ttft_s dram_energy_joules energy_joules
peak_watts lm_gpu_energy_joules lm_cpu_energy_joules prefill_gpu_energy_joules decode_gpu_energy_joules tools has_parallel_tools energy`

const queryKeys = `schema query_id workload_type query_text response_text turns total_wall_clock_s completed timed_out reference metadata error reason attempt start_us end_us
run agent model dataset host num_turns total_input_tokens total_output_tokens total_tool_calls total_gpu_energy_joules total_cpu_energy_joules total_dram_energy_joules
total_cost_usd query_gpu_energy_joules query_cpu_energy_joules query_dram_energy_joules query_energy_joules query_gpu_power_avg_watts query_cpu_power_avg_watts
overhead_gpu_energy_joules overhead_cpu_energy_joules overhead_dram_energy_joules setup_s setup_gpu_energy_joules setup_cpu_energy_joules setup_dram_energy_joules
scoring_s scoring_gpu_energy_joules scoring_cpu_energy_joules scoring_dram_energy_joules attempt_gpu_energy_joules attempt_cpu_energy_joules attempt_dram_energy_joules
attempt_cost_usd is_resolved accuracy_score unscorable_reason score_metadata energy`

const energyKeys = `basis method share share_rule sharers coverage samples uncertainty_joules uncertainty_kind below_resolution by_domain partial missing`

const toolKeys = `name span latency_s gpu_energy_joules cpu_energy_joules ok error result_tokens uncertainty_joules`

// Every key is always written, null, [] or {} when there is nothing.
func TestEveryKeyIsWritten(t *testing.T) {
	q := QueryTrace{Turns: []TurnTrace{{Tools: []ToolTrace{{}}}}}
	line, err := q.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	turn := got["turns"].([]any)[0].(map[string]any)
	tool := turn["tools"].([]any)[0].(map[string]any)
	for _, c := range []struct {
		name string
		got  map[string]any
		want string
	}{{"query", got, queryKeys}, {"turn", turn, turnKeys}, {"tool", tool, toolKeys}, {"energy of a query", got["energy"].(map[string]any), energyKeys}, {"energy of a turn", turn["energy"].(map[string]any), energyKeys}} {
		want := strings.Fields(c.want)
		for _, key := range want {
			if _, ok := c.got[key]; !ok {
				t.Errorf("%s without %s", c.name, key)
			}
		}
		if len(c.got) != len(want) {
			t.Errorf("%s has %d keys, want %d", c.name, len(c.got), len(want))
		}
	}
	for key, want := range map[string]string{"metadata": "{}", "score_metadata": "{}", "num_turns": "0", "total_tool_calls": "0", "total_gpu_energy_joules": "null", "query_text": `""`} {
		if !bytes.Contains(line, fmt.Appendf(nil, `"%s":%s`, key, want)) {
			t.Errorf("%s is not %s in %s", key, want, line)
		}
	}
	if !bytes.Contains(line, []byte(`"tools_called":[],"tool_latencies_s":{}`)) || !bytes.Contains(line, []byte(`"basis":[]`)) || !bytes.Contains(line, []byte(`"missing":{}`)) {
		t.Errorf("%s", line)
	}
}

func TestKindsBesideDRAM(t *testing.T) {
	var q QueryTrace
	j := unit.Joules(1500000000)
	for _, kind := range []string{"gpu", "cpu", "dram", "soc", "ane", "board"} {
		q.Query.Set(kind, &j)
		if q.Query.Get(kind) != &j {
			t.Errorf("%s was not set", kind)
		}
	}
	q.Overhead.Set("soc", nil)
	q.Query.Set("core", &j)
	if q.Query.Get("core") != nil {
		t.Error("core is counted")
	}
	line, err := q.Append(nil)
	if err != nil || !bytes.Contains(line, []byte(`"query_gpu_energy_joules":1.5,"query_cpu_energy_joules":1.5,"query_dram_energy_joules":1.5,"query_soc_energy_joules":1.5,"query_ane_energy_joules":1.5,"query_board_energy_joules":1.5`)) ||
		!bytes.Contains(line, []byte(`"overhead_soc_energy_joules":null,"setup_s"`)) {
		t.Errorf("%s, %v", line, err)
	}
}

// lines is the table the fuzz targets are seeded from.
var traces = []struct{ line, err string }{
	{`{"query_id":"q1"}`, ""}, {`{"schema":"ipw.trace/1","query_id":"q1","turns":[{"turn_index":0,"gpu_energy_joules":12.5,"tools":[{"name":"t"}],"energy":{"basis":["gpu"]}}],"new":{"x":1}}`, ""},
	{`{"query_id":"q1","turns":null,"metadata":null,"energy":null,"num_turns":null,"query_gpu_energy_joules":1e-9,"above_idle_gpu_joules":null}`, ""},
	{`{"query_id":"q1","query_soc_energy_joules":null,"total_wall_clock_s":1e-7,"turns":[{"above_idle_cpu_joules":-0.5,"new":[1]}]}`, ""},
	{`{}`, "trace without query_id"}, {`{"query_id":null}`, "trace without query_id"}, {`{"schema":"ipw.trace/2","query_id":"q"}`, `schema "ipw.trace/2", want "ipw.trace/1"`},
	{`{"query_id":1}`, `field "query_id" is a number, not a string`}, {`{"query_id":"q","turns":{}}`, `field "turns" is an object, not an array`},
	{`{"query_id":"q","turns":[{},{"input_tokens":"5"}]}`, `field "turns" is wrong: turn 1: field "input_tokens" is a string, not an integer`},
	{`{"query_id":"q","query_gpu_energy_joules":"1"}`, `field "query_gpu_energy_joules" is a string, not a number`}, {`{"query_id":"q","query_gpu_energy_joules":1e30}`, `field "query_gpu_energy_joules" is 1e30: number out of range`},
	{`{"query_id":"q","metadata":[]}`, `field "metadata" is an array, not an object`}, {`{"query_id":"q","energy":{"coverage":"x"}}`, `field "energy" is wrong: field "coverage" is a string, not a number`},
	{`{"query_id":"q","energy":{"by_domain":{"gpu:0":"x"}}}`, `field "energy" is wrong: not a number: "\"x\""`}, {`{"query_id":"q","turns":[{"tools":[{"ok":1}]}]}`, `field "turns" is wrong: turn 0: field "tools" is wrong: field "ok" is a number, not true or false`},
	{`{"query_id":"q"`, "not JSON: unexpected end of JSON input"}, {`[]`, "an array, not an object"}, {`null`, "null, not an object"},
}

func TestUnmarshal(t *testing.T) {
	for _, c := range traces {
		var q QueryTrace
		if err := q.UnmarshalJSON([]byte(c.line)); message(err) != c.err {
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

// What is read is written and read the same, and every key of the line is in it.
func FuzzTrace(f *testing.F) {
	for _, c := range traces {
		f.Add([]byte(c.line))
	}
	full, _ := randomTrace(rand.New(rand.NewPCG(15, 16))).Append(nil)
	f.Add(full)
	f.Fuzz(func(t *testing.T, line []byte) {
		var q, again QueryTrace
		if q.UnmarshalJSON(line) != nil {
			return
		}
		text, err := q.Append(nil)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := again.UnmarshalJSON(text); err != nil {
			t.Fatalf("%q\nwritten as %s: %v", line, text, err)
		}
		if second, _ := again.Append(nil); !bytes.Equal(text, second) || bytes.ContainsAny(text, "\n\r") {
			t.Fatalf("%q\nwritten as %s\nthen       %s", line, text, second)
		}
		var had, has map[string]json.RawMessage
		if json.Unmarshal(line, &had) != nil || json.Unmarshal(text, &has) != nil {
			t.Fatalf("%q written as %s", line, text)
		}
		for key := range had {
			if _, ok := has[key]; !ok {
				t.Fatalf("%q: %q is lost in %s", line, key, text)
			}
		}
	})
}

// A line of many lines, as a pretty-printer writes it, becomes one.
func TestAppendIsOneLine(t *testing.T) {
	var q QueryTrace
	if err := q.UnmarshalJSON([]byte("{\n \"query_id\": \"q\",\n \"metadata\": {\n  \"a\": 1\n },\n \"new\": [\n  1\n ]\n}\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := q.Append(nil); err != nil || bytes.ContainsAny(line, "\n") || !bytes.Contains(line, []byte(`"new":[1]}`)) {
		t.Errorf("%s, %v", line, err)
	}
}

func TestNaNIsRefused(t *testing.T) {
	nan := math.NaN()
	for _, q := range []*QueryTrace{{TotalCostUSD: &nan}, {Turns: []TurnTrace{{PeakWatts: &nan}}}, {Energy: Energy{Coverage: &nan}}, {Metadata: json.RawMessage("{")}, {Extra: map[string]json.RawMessage{"x": nil}}} {
		if line, err := q.Append([]byte("x")); err == nil || string(line) != "x" {
			t.Errorf("%s", line)
		}
	}
}

func TestReader(t *testing.T) {
	var said []string
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	a := stream.NewInput("a", strings.NewReader("\xef\xbb\xbf"+`{"query_id":"q1","run":"r"}`+"\r\n\n"+`{"query_id":5}`+"\n"+`{"query_id":"q2","run":"r"}`+"\n"+`{"query_id":"q1","run":"r","att`))
	b := stream.NewInput("b", strings.NewReader(`{"query_id":"q1","run":"r","attempt":2}`+"\n"+`{"query_id":"q1","run":"s"}`))
	r := NewReader(p, a, b)
	all, err := r.ReadAll()
	if err != nil || len(all) != 4 || string(r.Raw()) != `{"query_id":"q1","run":"s"}` {
		t.Fatalf("%d traces, %v", len(all), err)
	}
	if s := strings.Join(said, "|"); s != `a:3: field "query_id" is a number, not a string|a:5: torn last line dropped` || message(p.Err()) != "1 record rejected" {
		t.Errorf("said %s, %v", s, p.Err())
	}
	valid := Valid(all)
	if len(valid) != 3 || valid[0].Attempt != 2 || valid[1].QueryID != "q2" || *valid[2].Run != "s" {
		t.Errorf("%+v", valid)
	}
	for text, want := range map[string]string{
		`{"type":"header","schema":"ipw.events/1"}`: `a:1: this is a stream with a header, not traces`,
	} {
		if _, err := NewReader(p, stream.NewInput("a", strings.NewReader(text))).Next(); message(err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := NewReader(p, stream.NewInput("a", strings.NewReader(""))).Next(); err != io.EOF {
		t.Errorf("no traces: %v", err)
	}
	strict := &stream.Problems{Strict: true}
	if _, err := NewReader(strict, stream.NewInput("a", strings.NewReader("{}\n"))).ReadAll(); message(err) != "a:1: trace without query_id" {
		t.Errorf("strict: %v", err)
	}
}

func benchmarkLine(b *testing.B) (*QueryTrace, []byte) {
	q := randomTrace(rand.New(rand.NewPCG(17, 18)))
	for seed := uint64(0); len(q.Turns) < 10; seed++ {
		q.Turns = append(q.Turns, randomTrace(rand.New(rand.NewPCG(seed, 1))).Turns...)
	}
	line, err := q.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	return q, line
}

func BenchmarkUnmarshal(b *testing.B) {
	_, line := benchmarkLine(b)
	for b.Loop() {
		var q QueryTrace
		if err := q.UnmarshalJSON(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	q, line := benchmarkLine(b)
	for b.Loop() {
		var err error
		if line, err = q.Append(line[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

package attribute_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/price"
	"ipw/lib/trace"
)

// values is one field in the plain scene and in a changed one.
type values struct {
	path         string
	plain, other string // JSON
	change       func(*scene)
}

// A second attempt: the first one used 50 J, 10 J and 2 J.
var secondAttempt = all(
	before(`-900 query_start {"attempt":1}
-900 lm_inference_start {"attempt":1,"span":"e","turn":0,"local":true}
-400 lm_inference_end {"attempt":1,"span":"e","turn":0,"cost_usd":0.125}
-400 query_end {"attempt":1,"reason":"error"}`),
	func(s *scene) { s.attempt = 2 })

var (
	remote   = sub(`"endpoint":"http://127.0.0.1:8000/v1","local":true`, `"endpoint":"https://api.example.com/v1","local":false`)
	noTokens = all(without("lm_inference_end"), sub("3000 tool_call_start", `3000 lm_inference_end {"span":"l0","turn":0}
3000 tool_call_start`, "7000 scoring_start", `6000 lm_inference_end {"span":"l1","turn":1}
7000 scoring_start`))
	noTurns = without("lm_", "tool_")
	others  = func(s *scene) {
		s.power.domains = append(s.power.domains,
			domain{watts: 10, header: `{"id":"soc:0","kind":"soc","energy":"counter","power":"none","update_us":0}`},
			domain{watts: 3, header: `{"id":"ane:0","kind":"ane","energy":"counter","power":"none","update_us":0}`},
			domain{watts: 500, header: `{"id":"psys:0","kind":"board","energy":"counter","power":"none","update_us":0}`})
	}
	idle = func(s *scene) { s.opts.Idle = attribute.Idle{Watts: map[string]float64{"gpu": 30, "cpu": 25, "": 1}} }
	kwh  = func(s *scene) { usd := 3.6; s.opts.KWhPrice = &usd }
	// a second query all the time
	beside = all(before(`-900 query_start {"query":"z"}`), after(`9000 query_end {"query":"z"}`))
	share  = func(rule string) func(*scene) { return func(s *scene) { s.opts.Share = rule } }
	gpuIs  = func(header string) func(*scene) {
		return func(s *scene) {
			s.power.domains[0] = domain{watts: 100, header: header, w: true, noJ: strings.Contains(header, `"energy":"none"`)}
		}
	}
	scored = func(verdict string) func(*scene) {
		return sub(`8000 scoring_end {"span":"G"}`, `8000 scoring_end {"span":"G",`+verdict+`}`)
	}
	note = func(text string) func(*scene) { return func(s *scene) { s.power.notes = text } }
)

const noSensor = `{"gpu":"no power stream","cpu":"no power stream","dram":"no power stream"}`

var fields = []values{
	{"query_id", `"q"`, `"p"`, func(s *scene) { s.query = "p" }},
	{"workload_type", `"w"`, `""`, sub(`"workload_type":"w",`, "")},
	{"query_text", `"how many?"`, `""`, sub(`"query_text":"how many?",`, "")},
	{"response_text", `"42"`, `""`, sub(`"response_text":"42",`, "")},
	{"turns", "[", "[]", noTurns},
	{"total_wall_clock_s", "8", "9.5", sub("8000 query_end", "9500 query_end")},
	{"completed", "true", "false", sub(`"completed":true`, `"completed":false`)},
	{"timed_out", "false", "true", sub(`"timed_out":false`, `"timed_out":true`)},
	{"reference", `"42"`, "null", sub(`"reference":"42",`, "")},
	{"metadata", `{"level":1}`, "{}", sub(`,"metadata":{"level":1}`, "")},
	{"error", "null", `"no key"`, sub(`"reason":"finished"`, `"reason":"error","error":"no key"`)},
	{"reason", `"finished"`, `"timeout"`, sub(`"reason":"finished"`, `"reason":"timeout"`)},
	{"reason", `"finished"`, `"interrupted"`, without("query_end")},
	{"reason", `"finished"`, "null", sub(`,"reason":"finished"`, "")},
	{"attempt", "1", "2", secondAttempt},
	{"start_us", "1763884800000000", "1763884799500000", sub("0 query_start", "-500 query_start")},
	{"end_us", "1763884808000000", "1763884809000000", sub("8000 query_end", "9000 query_end")},
	{"run", `"r"`, "null", sub(`"run":"r",`, "")},
	{"agent", `"a"`, "null", sub(`"agent":"a",`, "")},
	{"model", `"m"`, "null", sub(`"agent":"a","model":"m",`, "")},
	{"dataset", `"d"`, "null", sub(`,"dataset":"d"`, "")},
	{"host", `"h"`, "null", sub(`"host":"h",`, "")},
	{"num_turns", "2", "0", noTurns},
	{"total_input_tokens", "230", "null", noTokens},
	{"total_output_tokens", "50", "null", noTokens},
	{"total_tool_calls", "2", "0", noTurns},
	{"total_gpu_energy_joules", "500", "null", unpowered},
	{"total_gpu_energy_joules", "500", "null", noTurns},
	{"total_cpu_energy_joules", "100", "null", unpowered},
	{"total_dram_energy_joules", "20", "null", unpowered},
	{"total_soc_energy_joules", "absent", "50", others},
	{"total_ane_energy_joules", "absent", "15", others},
	{"total_board_energy_joules", "absent", "2500", others},
	{"total_cost_usd", "0.75", "null", noTokens},
	{"query_gpu_energy_joules", "600", "null", unpowered},
	{"query_cpu_energy_joules", "120", "null", unpowered},
	{"query_dram_energy_joules", "24", "null", unpowered},
	{"query_soc_energy_joules", "absent", "60", others},
	{"query_ane_energy_joules", "absent", "18", others},
	{"query_board_energy_joules", "absent", "3000", others},
	{"query_energy_joules", "744", "null", unpowered},
	{"query_energy_joules", "744", "822", others}, // the board contains the others
	{"query_gpu_power_avg_watts", "100", "null", unpowered},
	{"query_cpu_power_avg_watts", "20", "null", unpowered},
	{"overhead_gpu_energy_joules", "100", "null", unpowered},
	{"overhead_cpu_energy_joules", "20", "null", unpowered},
	{"overhead_dram_energy_joules", "4", "0", sub("6000 lm_inference_end", "7000 lm_inference_end")},
	{"overhead_soc_energy_joules", "absent", "10", others},
	{"overhead_ane_energy_joules", "absent", "3", others},
	{"overhead_board_energy_joules", "absent", "500", others},
	{"setup_s", "1", "null", without("setup_")},
	{"setup_gpu_energy_joules", "100", "null", without("setup_")},
	{"setup_cpu_energy_joules", "20", "null", without("setup_")},
	{"setup_dram_energy_joules", "4", "null", without("setup_")},
	{"setup_soc_energy_joules", "absent", "10", others},
	{"setup_ane_energy_joules", "absent", "3", others},
	{"setup_board_energy_joules", "absent", "500", others},
	{"scoring_s", "1", "null", without("scoring_")},
	{"scoring_gpu_energy_joules", "100", "null", without("scoring_")},
	{"scoring_cpu_energy_joules", "20", "null", without("scoring_")},
	{"scoring_dram_energy_joules", "4", "null", without("scoring_")},
	{"scoring_soc_energy_joules", "absent", "10", others},
	{"scoring_ane_energy_joules", "absent", "3", others},
	{"scoring_board_energy_joules", "absent", "500", others},
	{"attempt_gpu_energy_joules", "null", "50", secondAttempt},
	{"attempt_cpu_energy_joules", "null", "10", secondAttempt},
	{"attempt_dram_energy_joules", "null", "2", secondAttempt},
	{"attempt_gpu_energy_joules", "null", "null", before("-900 query_start {}\n-400 query_end {}")}, // of the same number
	{"attempt_soc_energy_joules", "absent", "5", all(others, secondAttempt)},
	{"attempt_ane_energy_joules", "absent", "1.5", all(others, secondAttempt)},
	{"attempt_board_energy_joules", "absent", "250", all(others, secondAttempt)},
	{"attempt_cost_usd", "null", "0.125", secondAttempt},
	{"above_idle_gpu_joules", "absent", "420", idle},
	{"above_idle_cpu_joules", "absent", "-30", idle}, // the baseline is wrong, and that shows
	{"above_idle_dram_joules", "absent", "18", idle},
	{"above_idle_soc_joules", "absent", "54", all(others, idle)},
	{"above_idle_ane_joules", "absent", "12", all(others, idle)},
	{"above_idle_board_joules", "absent", "2994", all(others, idle)},
	{"electricity_cost_usd", "absent", "0.000744", kwh}, // 744 J, 3.60 USD for 3.6 MJ
	{"electricity_cost_usd", "absent", "null", all(unpowered, kwh)},
	{"energy", "{", "{", nil},

	{"turns/0/turn_index", "0", "1", sub(`"turn":0`, `"turn":7`)},
	{"turns/0/input_tokens", "100", "null", noTokens},
	{"turns/0/output_tokens", "20", "null", noTokens},
	{"turns/0/tool_result_tokens", "8", "null", without("tool_")},
	{"turns/0/tools_called", `["x","x"]`, "[]", without("tool_")},
	{"turns/0/tool_latencies_s", `{"x":1,"x#2":1}`, "{}", without("tool_")},
	{"turns/0/wall_clock_s", "4", "2", without("tool_")},
	{"turns/0/gpu_energy_joules", "400", "200", without("tool_")},
	{"turns/0/gpu_energy_joules", "400", "null", unpowered},
	{"turns/0/cpu_energy_joules", "80", "null", unpowered},
	{"turns/0/dram_energy_joules", "16", "null", unpowered},
	{"turns/0/soc_energy_joules", "absent", "40", others},
	{"turns/0/ane_energy_joules", "absent", "12", others},
	{"turns/0/board_energy_joules", "absent", "2000", others},
	{"turns/0/gpu_power_avg_watts", "100", "null", unpowered},
	{"turns/0/cpu_power_avg_watts", "20", "null", unpowered},
	{"turns/0/cost_usd", "0.5", "null", noTokens},
	{"turns/0/cost_usd", "0.5", "0.00013", all(sub(`,"cost_usd":0.5`, ""), func(s *scene) { s.opts.Prices = prices })},
	{"turns/0/error", "null", `"429"`, sub(`"cost_usd":0.5}`, `"cost_usd":0.5,"error":"429"}`)},
	{"turns/0/start_us", "1763884801000000", "1763884801500000", sub(`1000 lm_`, `1500 lm_`)},
	{"turns/0/end_us", "1763884805000000", "1763884803000000", without("tool_")},
	{"turns/0/cached_tokens", "10", "null", noTokens},
	{"turns/0/cache_write_tokens", "5", "null", noTokens},
	{"turns/0/reasoning_tokens", "3", "null", noTokens},
	{"turns/0/ttft_s", "1", "null", without("first_token")},
	{"turns/0/energy_joules", "496", "null", unpowered},
	{"turns/0/peak_watts", "100", "null", meters(domain{watts: 100, header: gpu}, domain{watts: 20, header: cpu})},
	{"turns/0/lm_gpu_energy_joules", "200", "null", without("lm_")},
	{"turns/0/lm_cpu_energy_joules", "40", "null", without("lm_")},
	{"turns/0/prefill_gpu_energy_joules", "100", "null", without("first_token")},
	{"turns/0/decode_gpu_energy_joules", "100", "null", without("first_token")},
	{"turns/0/tools", "[", "[]", without("tool_")},
	{"turns/0/has_parallel_tools", "false", "true", sub(`4000 tool_call_end {"span":"x0"`, `4500 tool_call_end {"span":"x0"`)},
	{"turns/0/energy", "{", "{", nil},
	{"turns/0/above_idle_gpu_joules", "absent", "280", idle},
	{"turns/0/above_idle_cpu_joules", "absent", "-20", idle},
	{"turns/0/above_idle_dram_joules", "absent", "12", idle},
	{"turns/0/above_idle_soc_joules", "absent", "36", all(others, idle)},
	{"turns/0/above_idle_ane_joules", "absent", "8", all(others, idle)},
	{"turns/0/above_idle_board_joules", "absent", "1996", all(others, idle)},
	{"turns/0/electricity_cost_usd", "absent", "0.000496", kwh},
	{"turns/0/electricity_cost_usd", "absent", "null", all(unpowered, kwh)},

	{"turns/0/tools/0/name", `"x"`, `"y"`, sub(`"span":"x0","turn":0,"tool":"x"`, `"span":"x0","turn":0,"tool":"y"`)},
	{"turns/0/tools/0/span", `"x0"`, `"w0"`, sub("x0", "w0")},
	{"turns/0/tools/0/latency_s", "1", "0.5", sub(`3000 tool_call_start`, `3500 tool_call_start`)},
	{"turns/0/tools/0/gpu_energy_joules", "100", "null", unpowered},
	{"turns/0/tools/0/cpu_energy_joules", "20", "null", unpowered},
	{"turns/0/tools/0/ok", "true", "false", sub(`"ok":true`, `"ok":false`)},
	{"turns/0/tools/0/ok", "true", "null", without("tool_call_end")},
	{"turns/0/tools/0/error", "null", `"not found"`, sub(`"ok":true`, `"ok":false,"error":"not found"`)},
	{"turns/0/tools/0/result_tokens", "7", "null", without("tool_call_end")},
	{"turns/0/tools/0/uncertainty_joules", `{"cpu":0,"gpu":0}`, "{}", unpowered},

	{"is_resolved", "null", "true", scored(`"is_resolved":true`)},
	{"accuracy_score", "null", "1", scored(`"is_resolved":true`)},
	{"accuracy_score", "null", "0", scored(`"is_resolved":false`)},
	{"accuracy_score", "null", "null", scored(`"unscorable_reason":"no tests"`)},
	{"unscorable_reason", "null", `"no tests"`, scored(`"unscorable_reason":"no tests"`)},
	{"score_metadata", "{}", `{"scorer":"tests"}`, scored(`"score_metadata":{"scorer":"tests"}`)},

	{"energy/basis", `["gpu","cpu","dram"]`, "[]", unpowered},
	{"energy/basis", `["gpu","cpu","dram"]`, `["board"]`, meters(domain{watts: 9, header: `{"id":"psys:0","kind":"board","energy":"counter","power":"none","update_us":0}`})},
	{"energy/method", `"counter"`, `"none"`, unpowered},
	{"energy/method", `"counter"`, `"mixed"`, gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"integrated","power":"instant"}`)},
	{"energy/method", `"counter"`, `"integrated"`, meters(domain{watts: 100, w: true, noJ: true, header: `{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant"}`})},
	{"energy/method", `"counter"`, `"estimate"`, meters(domain{watts: 20, header: `{"id":"cpu:0","kind":"cpu","energy":"integrated","power":"instant","estimated":true,"model":"load"}`})},
	{"energy/share", `"alone"`, `"shared"`, beside},
	{"energy/share", `"alone"`, "null", unpowered},
	{"turns/0/energy/share", `"alone"`, `"shared"`, sub(`4000 tool_call_start {"span":"x1"`, `4000 lm_inference_start {"span":"l2","turn":1,"local":true}
4000 tool_call_start {"span":"x1"`)},
	{"energy/share_rule", `"active"`, `"equal"`, share(attribute.Equal)},
	{"energy/share_rule", `"active"`, `"whole"`, share(attribute.Whole)},
	{"energy/share_rule", `"active"`, `"tokens"`, share(attribute.Tokens)},
	{"energy/sharers/cpu", "1", "2", beside},
	{"energy/sharers/gpu", "1", "1.3333333333333333", beside}, // 300 J of calls alone, 150 J of the rest shared by two
	{"energy/sharers", "{", "{}", unpowered},
	{"energy/coverage", "1", "null", unpowered},
	{"energy/coverage", "1", "0.9833333333333333", func(s *scene) { s.power.from = 1100 }},
	{"energy/samples", "161", "139", func(s *scene) { s.power.from = 1100 }},
	{"energy/samples", "161", "null", unpowered},
	{"energy/uncertainty_joules/gpu", "0", "20", gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"counter","power":"instant","update_us":200000}`)}, // 200 ms at an edge
	{"energy/uncertainty_joules", "{", "{}", unpowered},
	{"energy/uncertainty_kind/gpu", `"bound"`, `"assumed"`, gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"counter","power":"instant"}`)},
	{"energy/uncertainty_kind/gpu", `"bound"`, `"assumed"`, gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"none","power":"averaged","power_window_us":200000}`)},
	{"energy/uncertainty_kind/gpu", `"bound"`, `"none"`, gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"none","power":"averaged","power_window_us":80000}`)},
	{"energy/uncertainty_kind/gpu", `"bound"`, `"none"`, gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant"}`)},
	{"energy/uncertainty_kind/gpu", `"bound"`, `"statistical"`, all(gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant"}`), func(s *scene) { s.power.header += `,"ticks":"random"` })},
	{"energy/uncertainty_joules/gpu", "0", "null", gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant"}`)},
	{"energy/uncertainty_kind", "{", "{}", unpowered},
	{"energy/below_resolution", "false", "null", unpowered},
	{"energy/below_resolution", "false", "true", func(s *scene) { s.power.every, s.power.header = 9500, `"host":"h"` }},
	{"turns/1/energy/below_resolution", "false", "true", gpuIs(`{"id":"gpu:0","kind":"gpu","energy":"counter","power":"averaged","power_window_us":1500000,"update_us":0}`)},
	{"energy/by_domain/gpu:0", "600", "null", remote},
	{"energy/by_domain", "{", "{}", unpowered},
	{"energy/partial", "[]", `["cpu","dram","gpu","total_cpu","total_dram","total_gpu"]`, func(s *scene) { s.power.from = 1100 }},
	{"energy/missing", "{}", noSensor, unpowered},
	{"energy/missing/cpu", "absent", `"no sensor"`, meters(domain{watts: 100, header: gpu})},
	{"energy/missing/dram", "absent", `"permission"`, func(s *scene) {
		s.power.domains[2] = domain{header: `{"id":"dram:0","kind":"dram","energy":"none","power":"none"}`, noJ: true}
		s.power.notes = `-1000 {"domain":"dram:0","what":"permission"}`
	}},
	{"energy/missing/gpu", "absent", `"no samples"`, away("gpu:0", -1000, 10_000)},
	{"energy/missing/gpu", "absent", `"low coverage"`, away("gpu:0", 3000, 10_000)},
	{"energy/missing/gpu", "absent", `"sensor lost"`, all(away("gpu:0", 3000, 10_000), note(`3000 {"domain":"gpu:0","what":"lost"}`))},
	{"energy/missing/gpu", "absent", `"remote endpoint"`, remote},
	{"turns/0/energy/missing/lm_gpu", "absent", `"remote endpoint"`, remote},
	{"energy/missing/gpu", "absent", `"clock"`, all(
		sub(`"host":"h",`, `"host":"h","clock_error_us":3000000,`, "http://127.0.0.1:8000", "http://server:8000", `"local":true`, `"local":false`),
		func(s *scene) { s.power.header = `"host":"server","interval_us":50000,"clock_error_us":2000000` })},
}

var prices = mustPrices(`{"schema":"ipw.prices/1","date":"2025-11-01","models":{"m":{"input":1,"cached_input":0.5,"cache_write":2,"output":1.5}}}`)

func mustPrices(text string) *price.Table {
	p, err := price.Read(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	return p
}

// notOurs are keys that the attribution does not fill.
var notOurs = map[string]string{
	"schema": "says what a line is, always the same",
}

// TestOtherValues: every key of a trace has the value that the plain scene
// makes, and another one where the scene is another.
func TestOtherValues(t *testing.T) {
	plain := newScene().run(t).lines[0]
	for _, f := range fields {
		check := func(in string, line []byte, want string) {
			got := lookup(t, line, f.path)
			if whole := want != "{" && want != "["; whole && !sameJSON(got, want) || !whole && !strings.HasPrefix(got, want+`"`) && !strings.HasPrefix(got, want+"{") {
				t.Errorf("%s of the %s scene is %s, want %s", f.path, in, got, want)
			}
		}
		check("plain", plain, f.plain)
		if f.change == nil {
			continue
		}
		s := newScene()
		f.change(s)
		r := s.run(t)
		line := r.lines[len(r.lines)-1]
		for i, q := range r.traces { // the one that the scene is about
			if q.QueryID == s.query && q.Attempt == s.attempt {
				line = r.lines[i]
			}
		}
		check("other", line, f.other)
		if rule := s.opts.Share; !r.totals.Balanced && rule != attribute.Whole {
			t.Errorf("%s: not balanced: %+v", f.path, r.totals)
		}
	}
}

// TestEveryFieldVaries: no key is left out above.
func TestEveryFieldVaries(t *testing.T) {
	has := make(map[string]bool)
	for _, f := range fields {
		has[f.path] = true
	}
	var q trace.QueryTrace
	var turn trace.TurnTrace
	q.HasAboveIdle, turn.HasAboveIdle, q.HasElectricity, turn.HasElectricity = true, true, true, true
	var keys []string
	for _, f := range q.Fields() {
		keys = append(keys, f.Name)
	}
	for _, f := range turn.Fields() {
		keys = append(keys, "turns/0/"+f.Name)
	}
	keys = append(keys, jsonKeys("turns/0/tools/0/", trace.ToolTrace{})...)
	keys = append(keys, jsonKeys("energy/", trace.Energy{})...)
	for _, key := range keys {
		if !has[key] && notOurs[key] == "" {
			t.Errorf("%s is in no scene", key)
		}
	}
}

// sameJSON compares texts, "absent" included.
func sameJSON(got, want string) bool {
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return got == want
	}
	return reflect.DeepEqual(a, b)
}

func jsonKeys(prefix string, v any) []string {
	var keys []string
	for i := range reflect.TypeOf(v).NumField() {
		name, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
		keys = append(keys, prefix+name)
	}
	return keys
}

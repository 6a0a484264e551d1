package conform

import (
	"fmt"
	"strings"
	"testing"
)

// good is a run as it should be: a parallel turn, a retry, a resumed query.
const good = `{"type":"header","schema":"ipw.events/1","run":"r@1","host":"h","t_us":1,"tool":"t","agent":"react","model":"m","dataset":"d","config":{"max_turns":3}}
{"type":"query_start","t_us":1,"m_us":1,"query":"a","attempt":1,"workload_type":"w","query_text":"?","reference":"42","metadata":{"k":[1]}}
{"type":"lm_inference_start","t_us":1,"m_us":2,"query":"a","attempt":1,"span":"s1","turn":0,"model":"m","provider":"p","endpoint":"http://x","local":false}
{"type":"retry","t_us":1,"m_us":3,"query":"a","attempt":1,"span":"s1","turn":0,"error_class":"rate_limit","wait_s":0.5}
{"type":"lm_first_token","t_us":1,"m_us":4,"query":"a","attempt":1,"span":"s1","turn":0}
{"type":"lm_inference_end","t_us":1,"m_us":5,"query":"a","attempt":1,"span":"s1","turn":0,"input_tokens":1,"output_tokens":2,"finish_reason":"tool_calls","attempts":2}
{"type":"tool_call_start","t_us":1,"m_us":6,"query":"a","attempt":1,"span":"s2","turn":0,"tool":"x","call_id":"1","arguments":"{}"}
{"type":"tool_call_start","t_us":1,"m_us":7,"query":"a","attempt":1,"span":"s3","turn":0,"tool":"y","call_id":"2","arguments":""}
{"type":"tool_call_end","t_us":1,"m_us":8,"query":"a","attempt":1,"span":"s3","turn":0,"tool":"y","call_id":"2","ok":false,"error":"no","result_tokens":1,"result_bytes":2}
{"type":"tool_call_end","t_us":1,"m_us":9,"query":"a","attempt":1,"span":"s2","turn":0,"tool":"x","ok":true,"result_tokens":0,"result_bytes":0}
{"type":"lm_inference_start","t_us":1,"m_us":10,"query":"a","attempt":1,"span":"s4","turn":1,"model":"m","provider":"p","endpoint":"http://x","local":false}
{"type":"lm_inference_end","t_us":1,"m_us":11,"query":"a","attempt":1,"span":"s4","turn":1,"attempts":1,"error":"HTTP 500"}
{"type":"query_end","t_us":1,"m_us":12,"query":"a","attempt":1,"response_text":"","completed":false,"timed_out":false,"reason":"error","error":"HTTP 500"}
{"type":"query_start","t_us":1,"m_us":13,"query":"a","attempt":2,"workload_type":"w","query_text":"?"}
{"type":"lm_inference_start","t_us":1,"m_us":14,"query":"a","attempt":2,"span":"s5","turn":0,"model":"m","provider":"p","endpoint":"http://x","local":false}
{"type":"lm_inference_end","t_us":1,"m_us":15,"query":"a","attempt":2,"span":"s5","turn":0,"input_tokens":1,"output_tokens":2,"finish_reason":"stop","attempts":1}
{"type":"query_end","t_us":1,"m_us":16,"query":"a","attempt":2,"response_text":"42","completed":true,"timed_out":false,"reason":"finished"}
{"type":"end","records":16,"status":"ok"}
`

func TestGood(t *testing.T) {
	for _, bad := range Check(strings.NewReader(good)) {
		t.Error(bad)
	}
}

// TestMissingLine leaves out each line in turn. All but the retry and the
// first token are missed; their absence is no fault.
func TestMissingLine(t *testing.T) {
	lines := strings.SplitAfter(strings.TrimSuffix(good, "\n"), "\n")
	for i, line := range lines {
		if strings.Contains(line, "lm_first_token") || strings.Contains(line, `"retry"`) {
			continue
		}
		text := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		text = strings.Replace(text, `"records":16`, fmt.Sprintf(`"records":%d`, strings.Count(text, "\n")-1), 1)
		if len(Check(strings.NewReader(text))) == 0 {
			t.Errorf("not missed: %s", line)
		}
	}
}

// TestChanged changes one thing at a time.
func TestChanged(t *testing.T) {
	for _, change := range [][2]string{
		{`"span":"s3","turn":0,"tool":"y","call_id":"2","arguments"`, `"span":"s2","turn":0,"tool":"y","call_id":"2","arguments"`},
		{`"span":"s4","turn":1,"model"`, `"span":"s4","turn":2,"model"`},
		{`"span":"s4","turn":1,"attempts"`, `"span":"s4","turn":0,"attempts"`},
		{`"m_us":9`, `"m_us":7`},
		{`"m_us":9,`, ``},
		{`"attempt":2,"workload_type"`, `"attempt":3,"workload_type"`},
		{`"wait_s":0.5`, `"wait_s":-1`},
		{`"ok":true`, `"ok":false`},
		{`"tool":"x","ok"`, `"tool":"y","ok"`},
		{`"attempts":2`, `"attempts":1`},
		{`"attempts":2`, `"attempts":2,"ok":true`},
		{`"input_tokens":1,"output_tokens":2,"finish_reason":"stop",`, ``},
		{`"input_tokens":1,"output_tokens":2,"finish_reason":"stop"`, `"input_tokens":-1,"output_tokens":2,"finish_reason":"stop"`},
		{`"reason":"finished"`, `"reason":"max_turns"`},
		{`"reason":"finished"`, `"reason":"timeout"`},
		{`"reason":"finished"`, `"reason":"done"`},
		{`"completed":true`, `"completed":false`},
		{`"completed":true,"timed_out":false`, `"completed":true,"timed_out":true`},
		{`"reason":"error","error":"HTTP 500"`, `"reason":"error"`},
		{`"metadata":{"k":[1]}`, `"metadata":[1]`},
		{`"local":false`, `"local":"no"`},
		{`"type":"lm_first_token"`, `"type":"lm_second_token"`},
		{`"max_turns":3`, `"max_turns":1`},
		{`"run":"r@1",`, ``},
		{`"config":{"max_turns":3}`, `"config":{"max_turns":"3"}`},
		{`"arguments":"{}"`, `"arguments":"` + strings.Repeat("x", 17<<10) + `"`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("nothing to change: %s", change[0])
		}
		if len(Check(strings.NewReader(text))) == 0 {
			t.Errorf("not seen: %s → %s", change[0], change[1])
		}
	}
}

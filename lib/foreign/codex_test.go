package foreign

import (
	"fmt"
	"strings"
	"testing"
)

// cx is a record of Codex.
func cx(typ string, seconds float64, payload string) string {
	return fmt.Sprintf(`{"timestamp":"1970-01-01T00:%02d:%06.3fZ","type":%q,"payload":%s}`, int(seconds)/60, seconds-float64(int(seconds)/60*60), typ, payload)
}

func meta(more string) string {
	return cx("session_meta", 1, `{"id":"S","timestamp":"1970-01-01T00:00:01Z","cwd":"/src","originator":"codex_cli_rs","cli_version":"0.60.1","git":{"branch":"main"}`+more+`}`)
}

func count(in, cached, out, reasoning, total int) string {
	usage := func(n int) string {
		return fmt.Sprintf(`{"input_tokens":%d,"cached_input_tokens":%d,"output_tokens":%d,"reasoning_output_tokens":%d,"total_tokens":%d}`, in, cached, out, reasoning, n)
	}
	return fmt.Sprintf(`{"type":"token_count","info":{"total_token_usage":%s,"last_token_usage":%s,"model_context_window":272000},"rate_limits":{}}`, usage(total), usage(in+out))
}

var codexCases = []struct {
	name, text, want, said string
}{
	{"a task with two turns and tools", lines(
		meta(`,"model_provider":"openai"`),
		cx("event_msg", 2, `{"type":"task_started","turn_id":"1","model_context_window":272000}`),
		cx("turn_context", 2, `{"cwd":"/src","model":"gpt-5-codex","effort":"high"}`),
		cx("response_item", 2, `{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>"}]}`),
		cx("response_item", 2.1, `{"type":"message","role":"user","content":[{"type":"input_text","text":"list"}]}`),
		cx("event_msg", 2.1, `{"type":"user_message","message":"list","kind":"plain"}`),
		cx("event_msg", 2.2, `{"type":"token_count","info":null,"rate_limits":{}}`),
		cx("response_item", 4, `{"type":"reasoning","summary":[],"encrypted_content":"x"}`),
		cx("response_item", 5, `{"type":"function_call","name":"shell","arguments":"{\"command\":[\"ls\"]}","call_id":"c1"}`),
		cx("response_item", 5.1, `{"type":"custom_tool_call","name":"apply_patch","input":"*** Begin Patch","call_id":"c2","status":"completed"}`),
		cx("event_msg", 5.2, count(1000, 800, 50, 30, 1050)),
		cx("response_item", 7, `{"type":"function_call_output","call_id":"c1","output":"{\"output\":\"a.txt\\n\",\"metadata\":{\"exit_code\":2,\"duration_seconds\":0.5}}"}`),
		cx("event_msg", 7.1, count(1000, 800, 50, 30, 1050)),
		cx("response_item", 7.5, `{"type":"custom_tool_call_output","call_id":"c2","output":"Exit code: 0\nWall time: 0.1 seconds\nOutput:\nSuccess"}`),
		cx("response_item", 9, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"one file"}]}`),
		cx("event_msg", 9, `{"type":"agent_message","message":"one file"}`),
		cx("event_msg", 9.1, count(1100, 1000, 10, 0, 2160)),
		cx("event_msg", 9.2, `{"type":"task_complete","turn_id":"1","last_agent_message":"one file","time_to_first_token_ms":1500}`)), `
header codex gpt-5-codex
query_start 2000000 S-q0000 type=rollout.jsonl asked=list
lm_inference_start 2100000~ s1.0 model=gpt-5-codex provider=openai local=false
lm_first_token 3500000 s1.0
lm_inference_end 5100000 s1.0 input=1000 output=50 cached=800 reasoning=30
tool_call_start 6500000~ s2.0 tool=shell call=c1 args={"command":["ls"]}
tool_call_end 7000000 s2.0 tool=shell call=c1 ok=false bytes=70 error=exit code 2
tool_call_start 7400000~ s3.0 tool=apply_patch call=c2 args=*** Begin Patch
tool_call_end 7500000 s3.0 tool=apply_patch call=c2 ok=true bytes=51
lm_inference_start 7500000~ s4.1 model=gpt-5-codex provider=openai local=false
lm_inference_end 9000000 s4.1 input=1100 output=10 cached=1000 reasoning=0
query_end 9200000 S-q0000 answered=one file reason=finished
end ok`, ""},

	{"aborted; unknown provider; no start of the task", lines(
		meta(`,"model_provider":"mine"`), cx("turn_context", 2, `{"model":"m"}`), cx("event_msg", 3, `{"type":"user_message","message":"q"}`),
		cx("response_item", 4, `{"type":"function_call","name":"shell","arguments":"{}","call_id":"c1"}`),
		cx("event_msg", 6, `{"type":"turn_aborted","reason":"interrupted"}`),
		cx("event_msg", 10, `{"type":"user_message","message":"again"}`), cx("response_item", 11, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}`),
		cx("event_msg", 20, `{"type":"user_message","message":"last"}`), cx("response_item", 21, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}`)), `
header codex m
query_start 3000000 S-q0000 type=rollout.jsonl asked=q
lm_inference_start 3000000~ s1.0 model=m provider=mine
lm_inference_end 4000000 s1.0
tool_call_start 4000000~ s2.0 tool=shell call=c1 args={}
tool_call_end 6000000~ s2.0 tool=shell call=c1 ok=true
query_end 6000000 S-q0000 reason=interrupted
query_start 10000000 S-q0001 type=rollout.jsonl asked=again
lm_inference_start 10000000~ s3.0 model=m provider=mine
lm_inference_end 11000000 s3.0
query_end 11000000 S-q0001 answered=ok reason=finished
query_start 20000000 S-q0002 type=rollout.jsonl asked=last
lm_inference_start 20000000~ s4.0 model=m provider=mine
lm_inference_end 21000000 s4.0
query_end 21000000 S-q0002 answered=ok reason=finished
end ok`, ""},

	{"measured tools; two calls without a tool between; a local model", lines(
		meta(`,"model_provider":"oss"`), cx("event_msg", 2, `{"type":"task_started"}`),
		cx("response_item", 3, `{"type":"local_shell_call","call_id":"c1","status":"completed","action":{"type":"exec"}}`),
		cx("event_msg", 5, `{"type":"exec_command_end","call_id":"c1","exit_code":1,"duration":{"secs":1,"nanos":500000000}}`),
		cx("response_item", 5.1, `{"type":"function_call_output","call_id":"c1","output":{"content":"bad","success":false}}`),
		cx("response_item", 6, `{"type":"reasoning"}`), cx("event_msg", 6, count(1, 0, 1, 0, 2)), cx("response_item", 7, `{"type":"message","role":"assistant","content":[]}`), cx("event_msg", 7, count(2, 0, 1, 0, 5))), `
header codex
query_start 2000000 S-q0000 type=rollout.jsonl
lm_inference_start 2000000~ s1.0 provider=oss local=true
lm_inference_end 3000000 s1.0
tool_call_start 3500000~ s2.0 tool=local_shell call=c1 args={"type":"exec"}
tool_call_end 5000000 s2.0 tool=local_shell call=c1 ok=false bytes=3 error=exit code 1
lm_inference_start 5100000~ s3.1 provider=oss local=true
lm_inference_end 6000000 s3.1 input=1 output=1 cached=0 reasoning=0
lm_inference_start 6000000~ s4.2 provider=oss local=true
lm_inference_end 7000000 s4.2 input=2 output=1 cached=0 reasoning=0
query_end 7000000 S-q0000 reason=interrupted
end ok`, ""},
}

func TestCodex(t *testing.T) {
	for _, c := range codexCases {
		t.Run(c.name, func(t *testing.T) {
			check(t, read(Options{}, file{"rollout.jsonl", c.text}), c.want, c.said, "")
		})
	}
	if got := read(Options{}, file{"rollout.jsonl", codexCases[0].text}).metadata()[0]; got != `{"session_id":"S","cwd":"/src","cli_version":"0.60.1","originator":"codex_cli_rs","model_provider":"openai","git.branch":"main","time_derived":["lm_inference_start","tool_call_start"]}` {
		t.Error(got)
	}
	check(t, read(Options{}, file{"rollout.jsonl", lines(meta(""), `{"type":"message","role":"user"}`, `{"type":"event_msg","payload":{},"timestamp":"x"}`, `{"type":"event_msg","payload":5,"timestamp":"1970-01-01T00:00:05Z"}`)}), `
header
end ok`, `
rollout.jsonl:2: no record with type and payload: a transcript of before September 2025 has no times
rollout.jsonl:3: timestamp "x" is no time`, "2 records rejected")
	if o := read(Options{}, file{"a.jsonl", strings.ReplaceAll(codexCases[0].text, "00:00:0", "00:00:1")}, file{"b.jsonl", claudeCases[0].text}); o.err != nil || len(o.laws()) > 0 || len(o.metadata()) != 3 {
		t.Error(o.text(), o.laws())
	}
}

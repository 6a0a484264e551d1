package foreign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// ev is one event of the reference's list; metadata without braces.
func ev(typ string, seconds float64, metadata string) string {
	return fmt.Sprintf(`{"event_type":%q,"timestamp":%g,"metadata":{%s}}`, typ, seconds, metadata)
}

var recorderCases = []struct {
	name       string
	events     []string
	want, said string
}{
	{"a turn with a tool, an answer", []string{
		ev("lm_inference_start", 10, `"model":"m"`), ev("lm_inference_end", 11.5, `"model":"m","prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"cost_usd":0.5,"token_source":"litellm_response_usage"`),
		ev("tool_call_start", 11.5, `"tool":"calc"`), ev("tool_call_end", 12, `"tool":"calc"`),
		ev("lm_inference_start", 12, `"model":"m"`), ev("lm_inference_end", 13.000001, `"model":"m","prompt_tokens":0,"completion_tokens":0,"token_source":"missing","cost_usd":0.0`)}, `
header m
query_start 10000000 events type=events.json
lm_inference_start 10000000 s1.0 model=m
lm_inference_end 11500000 s1.0 input=10 output=5 usd=0.5
tool_call_start 11500000 s2.0 tool=calc
tool_call_end 12000000 s2.0 tool=calc ok=true
lm_inference_start 12000000 s3.1 model=m
lm_inference_end 13000001 s3.1
query_end 13000001 events reason=finished
end ok`, ""},

	{"two tools of one name at once, another between", []string{
		ev("lm_inference_start", 1, ``), ev("lm_inference_end", 2, ``),
		ev("tool_call_start", 2, `"tool":"a"`), ev("tool_call_start", 3, `"tool":"b"`), ev("tool_call_start", 4, `"tool":"a"`), ev("tool_call_end", 5, `"tool":"a"`), ev("tool_call_end", 6, `"tool":"b"`), ev("tool_call_end", 7, `"tool":"a"`)}, `
header
query_start 1000000 events type=events.json
lm_inference_start 1000000 s1.0
lm_inference_end 2000000 s1.0
tool_call_start 2000000 s2.0 tool=a
tool_call_start 3000000 s3.0 tool=b
tool_call_start 4000000 s4.0 tool=a
tool_call_end 5000000~ s2.0 tool=a ok=true
tool_call_end 6000000 s3.0 tool=b ok=true
tool_call_end 7000000 s4.0 tool=a ok=true
query_end 7000000 events reason=finished
end ok`, ""},

	{"by correlation id", []string{
		ev("tool_call_start", 2, `"tool":"a","correlation_id":"x","args":{"q":1}`), ev("tool_call_start", 3, `"tool":"a","correlation_id":"y","args":"text"`),
		ev("tool_call_end", 5, `"tool":"a","correlation_id":"y","status":"error","error":"no"`), ev("tool_call_end", 6, `"tool":"a","correlation_id":"x","status":"ok"`)}, `
header
query_start 2000000 events type=events.json
tool_call_start 2000000 s1.0 tool=a call=x args={"q":1}
tool_call_start 3000000 s2.0 tool=a call=y args=text
tool_call_end 5000000 s2.0 tool=a call=y ok=false error=no
tool_call_end 6000000 s1.0 tool=a call=x ok=true
query_end 6000000 events reason=finished
end ok`, ""},

	{"a model call in a tool, a first token", []string{
		ev("lm_inference_start", 1, `"model":"m"`), ev("decode_start", 1.5, ``), ev("lm_inference_end", 2, `"model":"m"`),
		ev("tool_call_start", 2, `"tool":"ask"`), ev("submodel_call_start", 3, `"model_id":"n","backend":"openai","tool_name":"ask"`), ev("submodel_call_end", 4, `"model_id":"n","prompt_tokens":3,"completion_tokens":4,"cost_usd":0.1`), ev("tool_call_end", 5, `"tool":"ask"`)}, `
header m
query_start 1000000 events type=events.json
lm_inference_start 1000000 s1.0 model=m
lm_first_token 1500000 s1.0
lm_inference_end 2000000 s1.0
tool_call_start 2000000 s2.0 tool=ask
submodel_call_start 3000000 s3.0 in=s2 model=n provider=openai local=false
submodel_call_end 4000000 s3.0 input=3 output=4 usd=0.1
tool_call_end 5000000 s2.0 tool=ask ok=true
query_end 5000000 events reason=finished
end ok`, ""},

	{"an end without a start, a start without an end", []string{
		ev("tool_call_start", 1, `"tool":"a"`), ev("lm_inference_end", 3, `"model":"m","error":"429"`), ev("tool_call_end", 4, `"tool":"b"`), ev("lm_inference_start", 5, `"model":"m"`), ev("agent_end", 6, ``)}, `
header m
query_start 1000000 events type=events.json
tool_call_start 1000000 s1.0 tool=a
lm_inference_start 1000000~ s2.0 model=m
lm_inference_end 3000000 s2.0 error=429
tool_call_start 3000000~ s3.0 tool=b
tool_call_end 4000000 s3.0 tool=b ok=true
lm_inference_start 5000000 s4.1 model=m
tool_call_end 6000000~ s1.0 tool=a ok=true
lm_inference_end 6000000~ s4.1
query_end 6000000 events reason=finished
end ok`, "events.json:2: ends without a start begin at the event before them: 2, this is the first\nevents.json:1: starts without an end last to their query's end: 2, this is the first"},

	{"two agents, one within another", []string{
		ev("agent_start", 1, `"agent_name":"x"`), ev("agent_start", 2, ``), ev("lm_inference_start", 2, ``), ev("lm_inference_end", 3, ``), ev("agent_end", 3, ``), ev("agent_end", 4, `"status":"error"`),
		ev("agent_start", 5, `"agent_name":"y"`), ev("agent_end", 6, ``)}, `
header x
query_start 1000000 events type=events.json
lm_inference_start 2000000 s1.0
lm_inference_end 3000000 s1.0
query_end 4000000 events error=error reason=error
end ok
header y
query_start 5000000 events#2 type=events.json
query_end 6000000 events#2 reason=finished
end ok`, ""},

	{"queries by name, interleaved", []string{
		ev("lm_inference_start", 1, `"query_id":"a"`), ev("lm_inference_start", 2, `"task_id":7`), ev("lm_inference_end", 3, `"query_id":"a"`), ev("lm_inference_end", 4, `"task_id":7`)}, `
header
query_start 1000000 a type=events.json
lm_inference_start 1000000 s1.0
query_start 2000000 7 type=events.json
lm_inference_start 2000000 s2.0
lm_inference_end 3000000 s1.0
query_end 3000000 a reason=finished
lm_inference_end 4000000 s2.0
query_end 4000000 7 reason=finished
end ok`, ""},

	{"in any order", []string{ev("lm_inference_end", 3, ``), ev("lm_inference_start", 1, ``)}, `
header
query_start 1000000 events type=events.json
lm_inference_start 1000000 s1.0
lm_inference_end 3000000 s1.0
query_end 3000000 events reason=finished
end ok`, ""},
}

func TestRecorder(t *testing.T) {
	for _, c := range recorderCases {
		t.Run(c.name, func(t *testing.T) {
			o := read(Options{}, file{"events.json", lines(c.events...)})
			check(t, o, c.want, c.said, "")
			list := "[" + strings.Join(c.events, ",") + "]"
			for layout, text := range map[string]string{"list": list, "indented": indented(list), "rows": "[\n" + strings.Join(c.events, ",\n") + "\n]"} {
				if got := read(Options{}, file{"events.json", text}); got.text() != o.text() {
					t.Errorf("%s:\n%s", layout, got.text())
				}
			}
		})
	}
}

func TestRecorderLists(t *testing.T) {
	a, b := ev("lm_inference_start", 5, `"level":"hard"`)+","+ev("lm_inference_end", 6, ``), ev("lm_inference_start", 1, ``)+","+ev("lm_inference_end", 2, ``)
	for _, text := range []string{"[" + a + "]\n[" + b + "]\n", "[[" + a + "],[" + b + "]]"} {
		check(t, read(Options{TypeFrom: "level"}, file{"x.jsonl", text}), `
header
query_start 1000000 x type=x.jsonl
lm_inference_start 1000000 s1.0
lm_inference_end 2000000 s1.0
query_end 2000000 x reason=finished
query_start 5000000 x#2 type=hard
lm_inference_start 5000000 s2.0
lm_inference_end 6000000 s2.0
query_end 6000000 x#2 reason=finished
end ok`, "", "")
	}
	check(t, read(Options{}, file{"x.jsonl", lines(ev("lm_inference_start", 5, ``), `{"event_type":"x"}`, `{"event_type":5,"timestamp":1}`, `{"timestamp":1}`, `{"event_type":"x","timestamp":"soon"}`, `{"event_type":"x","timestamp":-1}`, `{"event_type":"lm_inference_end","timestamp":"1970-01-01T00:00:06.5Z","metadata":null}`)}), `
header
query_start 5000000 x type=x.jsonl
lm_inference_start 5000000 s1.0
lm_inference_end 6500000 s1.0
query_end 6500000 x reason=finished
end ok`, `
x.jsonl:2: event without timestamp
x.jsonl:3: field "event_type" is a number, not a string
x.jsonl:4: event without event_type
x.jsonl:5: timestamp "soon" is no time
x.jsonl:6: timestamp -1 is no time in seconds since 1970`, "5 records rejected")
}

// Whatever starts and ends in whatever order, the laws hold and each start and
// each end is in the stream.
func TestRandomLists(t *testing.T) {
	types := []string{"lm_inference_start", "lm_inference_end", "tool_call_start", "tool_call_end", "submodel_call_start", "submodel_call_end", "agent_start", "agent_end", "prefill_end", "turn_start"}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var events []string
		for range 2 + r.IntN(20) {
			events = append(events, ev(types[r.IntN(len(types))], float64(1+r.IntN(30)), fmt.Sprintf(`"tool":"t%d","model":"m%d"`, r.IntN(2), r.IntN(2))))
		}
		o := read(Options{}, file{"events.json", lines(events...)})
		for _, bad := range o.laws() {
			t.Errorf("seed %d: %s\n%s\n%s", seed, bad, lines(events...), o.text())
		}
		if o.err != nil || t.Failed() {
			t.Fatal(o.err)
		}
	}
}

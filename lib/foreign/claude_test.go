package foreign

import (
	"fmt"
	"strings"
	"testing"
)

// cc is a record of Claude Code: type, seconds, a message's content, more members.
func cc(typ string, seconds float64, message, more string) string {
	return fmt.Sprintf(`{"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/src","sessionId":"S","version":"2.1.0","gitBranch":"main","type":%q,"message":%s,"uuid":"u%g-%s%d","timestamp":"1970-01-01T00:%02d:%06.3fZ"%s}`,
		typ, message, seconds, typ, len(message), int(seconds)/60, seconds-float64(int(seconds)/60*60), more)
}

func says(text string) string { return fmt.Sprintf(`{"role":"user","content":%q}`, text) }

// msg is an assistant's message of one block.
func msg(id, block, stop, usage string) string {
	return fmt.Sprintf(`{"id":%q,"type":"message","role":"assistant","model":"claude-x","content":[%s],"stop_reason":%s,"usage":{%s}}`, id, block, stop, usage)
}

func use(id, name, input string) string {
	return fmt.Sprintf(`{"type":"tool_use","id":%q,"name":%q,"input":%s}`, id, name, input)
}

func result(id, content, more string) string {
	return fmt.Sprintf(`{"role":"user","content":[{"type":"tool_result","tool_use_id":%q,"content":%s%s}]}`, id, content, more)
}

func tokens(in, written, read, out int) string {
	return fmt.Sprintf(`"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d`, in, written, read, out)
}

const said0 = `{"type":"text","text":"well"}`

func side(record, agent string) string {
	record = strings.Replace(record, `"isSidechain":false`, `"isSidechain":true`, 1)
	return strings.Replace(record, `"sessionId"`, `"agentId":"`+agent+`","sessionId"`, 1)
}

var claudeCases = []struct {
	name, text, want, said string
}{
	{"a prompt, a tool, an answer; another prompt", lines(
		`{"type":"summary","summary":"s","leafUuid":"u"}`,
		cc("user", 1, says("do it"), ""),
		cc("assistant", 3, msg("m1", `{"type":"thinking","thinking":"hm"}`, "null", tokens(10, 5, 100, 1)), `,"requestId":"r1"`),
		cc("assistant", 4, msg("m1", said0, "null", tokens(10, 5, 100, 1)), ""),
		cc("assistant", 5, msg("m1", use("t1", "Bash", `{"command":"ls"}`), `"tool_use"`, tokens(10, 5, 100, 40)), ""),
		cc("user", 8, result("t1", `"a.txt"`, ""), `,"toolUseResult":{"stdout":"a.txt"}`),
		cc("assistant", 9.5, msg("m2", `{"type":"text","text":"done"}`, `"end_turn"`, tokens(1, 0, 115, 7)), ""),
		`{"type":"system","subtype":"turn_duration","durationMs":8500,"timestamp":"1970-01-01T00:00:09.600Z","sessionId":"S"}`,
		cc("user", 100, says("thanks"), ""),
		cc("assistant", 101, msg("m3", said0, `"end_turn"`, tokens(1, 0, 0, 2)), "")), `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=do it
lm_inference_start 1000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 5000000 s1.0 input=115 output=40 cached=100 written=5 finish=tool_use
tool_call_start 5000000~ s2.0 tool=Bash call=t1 args={"command":"ls"}
tool_call_end 8000000 s2.0 tool=Bash call=t1 ok=true bytes=5
lm_inference_start 8000000~ s3.1 model=claude-x provider=anthropic local=false
lm_inference_end 9500000 s3.1 input=116 output=7 cached=115 written=0 finish=end_turn
query_end 9500000 S-q0000 answered=done reason=finished
query_start 100000000 S-q0001 type=S.jsonl asked=thanks
lm_inference_start 100000000~ s4.0 model=claude-x provider=anthropic local=false
lm_inference_end 101000000 s4.0 input=1 output=2 cached=0 written=0 finish=end_turn
query_end 101000000 S-q0001 answered=well reason=finished
end ok`, ""},

	{"tools at once, their results turned round; a measured one; one that fails", lines(
		cc("user", 1, says("q"), ""),
		cc("assistant", 2, msg("m1", use("t1", "Glob", "{}"), `"tool_use"`, tokens(1, 0, 0, 1)), ""), cc("assistant", 3, msg("m1", use("t2", "Bash", "{}"), `"tool_use"`, tokens(1, 0, 0, 9)), ""),
		cc("user", 6, result("t2", `[{"type":"text","text":"no such file"}]`, `,"is_error":true`), ""), cc("user", 7, result("t1", `""`, ""), `,"toolUseResult":{"durationMs":250}`),
		cc("assistant", 8, msg("m2", said0, `"end_turn"`, tokens(1, 0, 0, 2)), "")), `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=q
lm_inference_start 1000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 3000000 s1.0 input=1 output=9 cached=0 written=0 finish=tool_use
tool_call_start 3000000~ s3.0 tool=Bash call=t2 args={}
tool_call_end 6000000 s3.0 tool=Bash call=t2 ok=false bytes=12 error=no such file
tool_call_start 6750000~ s2.0 tool=Glob call=t1 args={}
tool_call_end 7000000 s2.0 tool=Glob call=t1 ok=true bytes=0
lm_inference_start 7000000~ s4.1 model=claude-x provider=anthropic local=false
lm_inference_end 8000000 s4.1 input=1 output=2 cached=0 written=0 finish=end_turn
query_end 8000000 S-q0000 answered=well reason=finished
end ok`, ""},

	{"an agent in the same file", lines(
		cc("user", 1, says("q"), ""),
		cc("assistant", 2, msg("m1", use("t1", "Task", `{"prompt":"look"}`), `"tool_use"`, tokens(1, 0, 0, 1)), ""),
		side(cc("user", 3, says("look"), ""), "A"), side(cc("assistant", 4, msg("n1", use("t2", "Grep", "{}"), `"tool_use"`, tokens(2, 0, 0, 2)), ""), "A"),
		side(cc("user", 5, result("t2", `"x"`, ""), ""), "A"), side(cc("assistant", 6, msg("n2", said0, `"end_turn"`, tokens(3, 0, 0, 3)), ""), "A"),
		cc("user", 7, result("t1", `"found"`, ""), `,"toolUseResult":{"agentId":"A"}`),
		cc("assistant", 8, msg("m2", said0, `"end_turn"`, tokens(1, 0, 0, 2)), "")), `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=q
lm_inference_start 1000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 2000000 s1.0 input=1 output=1 cached=0 written=0 finish=tool_use
tool_call_start 2000000~ s2.0 tool=Task call=t1 args={"prompt":"look"}
submodel_call_start 3000000~ s3.0 in=s2 model=claude-x provider=anthropic local=false
submodel_call_end 4000000 s3.0 input=2 output=2 cached=0 written=0 finish=tool_use
tool_call_start 4000000~ s4.0 in=s2 tool=Grep call=t2 args={}
tool_call_end 5000000 s4.0 tool=Grep call=t2 ok=true bytes=1
submodel_call_start 5000000~ s5.0 in=s2 model=claude-x provider=anthropic local=false
submodel_call_end 6000000 s5.0 input=3 output=3 cached=0 written=0 finish=end_turn
tool_call_end 7000000 s2.0 tool=Task call=t1 ok=true bytes=5
lm_inference_start 7000000~ s6.1 model=claude-x provider=anthropic local=false
lm_inference_end 8000000 s6.1 input=1 output=2 cached=0 written=0 finish=end_turn
query_end 8000000 S-q0000 answered=well reason=finished
end ok`, ""},

	{"interrupted; commands that ask no model; a note in between", lines(
		cc("user", 1, says("q"), ""), cc("assistant", 2, msg("m1", use("t1", "Bash", "{}"), `"tool_use"`, tokens(1, 0, 0, 1)), ""),
		cc("user", 3, says("hurry up"), ""),
		cc("user", 4, result("t1", `"The user doesn't want to proceed"`, `,"is_error":true`), ""), cc("user", 4, says("[Request interrupted by user for tool use]"), ""),
		cc("user", 10, says("<command-name>/clear</command-name>"), ""), cc("user", 11, says("caveat"), `,"isMeta":true`)), `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=q
lm_inference_start 1000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 2000000 s1.0 input=1 output=1 cached=0 written=0 finish=tool_use
tool_call_start 2000000~ s2.0 tool=Bash call=t1 args={}
tool_call_end 4000000 s2.0 tool=Bash call=t1 ok=false bytes=32 error=The user doesn't want to proceed
query_end 4000000 S-q0000 reason=interrupted
end ok`, ""},

	{"cut off; a partial count; an old one with its cost", lines(
		cc("user", 1, says("q"), ""), cc("assistant", 2, msg("m1", use("t1", "Bash", "{}"), "null", tokens(3, 0, 0, 1)), `,"costUSD":0.25`)), `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=q
lm_inference_start 1000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 2000000 s1.0 input=3 output=1 cached=0 written=0 usd=0.25 estimated=true
tool_call_start 2000000~ s2.0 tool=Bash call=t1 args={}
tool_call_end 2000000~ s2.0 tool=Bash call=t1 ok=true
query_end 2000000 S-q0000 reason=interrupted
end ok`, ""},

	{"an error of the API; a picture; time going back", lines(
		cc("user", 5, `{"role":"user","content":[{"type":"image","source":{}}]}`, ""),
		cc("assistant", 4, `{"id":"e1","model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","content":[{"type":"text","text":"API Error: 529"}],"usage":{"input_tokens":0,"output_tokens":0}}`, `,"isApiErrorMessage":true`)), `
header claude-code
query_start 5000000 S-q0000 type=S.jsonl
lm_inference_start 5000000~ s1.0
lm_inference_end 5000000 s1.0 error=API Error: 529
query_end 5000000 S-q0000 error=API Error: 529 reason=error
end ok`, "S.jsonl:2: records that stand before an earlier one are taken at its time: 1, this is the first"},
}

func TestClaude(t *testing.T) {
	for _, c := range claudeCases {
		t.Run(c.name, func(t *testing.T) {
			check(t, read(Options{}, file{"S.jsonl", c.text}), c.want, c.said, "")
		})
	}
	o := read(Options{TypeFrom: "gitBranch"}, file{"S.jsonl", claudeCases[0].text})
	if got := o.metadata()[0]; got != `{"sessionId":"S","cwd":"/src","version":"2.1.0","gitBranch":"main","time_derived":["lm_inference_start","tool_call_start"]}` {
		t.Error(got)
	}
	if o.events[0].WorkloadType != "main" {
		t.Error(o.events[0].WorkloadType)
	}
}

// An agent's own file is joined with its session's, in any order; alone it is a
// session.
func TestClaudeAgentFiles(t *testing.T) {
	all := strings.SplitAfter(strings.TrimSuffix(claudeCases[2].text, "\n"), "\n")
	want := read(Options{}, file{"S.jsonl", strings.Join(all, "")})
	main, agent := strings.Join(all[:2], "")+strings.Join(all[6:], ""), strings.Join(all[2:6], "")
	for _, files := range [][]file{{{"S.jsonl", main}, {"agent-A.jsonl", agent}}, {{"agent-A.jsonl", agent}, {"S.jsonl", main}}} {
		got := read(Options{}, files...)
		if g, w := strings.ReplaceAll(got.text(), "type=agent-A.jsonl", "type=S.jsonl"), want.text(); g != w {
			t.Errorf("got\n%s\nwant\n%s", g, w)
		}
	}
	check(t, read(Options{}, file{"agent-A.jsonl", agent}), `
header claude-code claude-x
query_start 3000000 S-q0000 type=agent-A.jsonl asked=look
lm_inference_start 3000000~ s1.0 model=claude-x provider=anthropic local=false
lm_inference_end 4000000 s1.0 input=2 output=2 cached=0 written=0 finish=tool_use
tool_call_start 4000000~ s2.0 tool=Grep call=t2 args={}
tool_call_end 5000000 s2.0 tool=Grep call=t2 ok=true bytes=1
lm_inference_start 5000000~ s3.1 model=claude-x provider=anthropic local=false
lm_inference_end 6000000 s3.1 input=3 output=3 cached=0 written=0 finish=end_turn
query_end 6000000 S-q0000 answered=well reason=finished
end ok`, "", "")
}

// Two sessions at the same time are one stream, and what a fork copied counts
// once.
func TestClaudeSessions(t *testing.T) {
	text := claudeCases[0].text
	fork := strings.ReplaceAll(text, `"sessionId":"S"`, `"sessionId":"F"`) + strings.ReplaceAll(lines(cc("user", 200, says("more"), ""), cc("assistant", 201, msg("m9", said0, `"end_turn"`, tokens(1, 0, 0, 2)), "")), `"sessionId":"S"`, `"sessionId":"F"`)
	other := strings.NewReplacer(`"sessionId":"S"`, `"sessionId":"O"`, `"uuid":"`, `"uuid":"o`, `"id":"m`, `"id":"o`).Replace(text)
	o := read(Options{}, file{"S.jsonl", text}, file{"F.jsonl", fork}, file{"O.jsonl", other})
	for _, bad := range o.laws() {
		t.Error(bad)
	}
	var starts []string
	for _, w := range o.words {
		if strings.HasPrefix(w, "query_start") {
			starts = append(starts, strings.Fields(w)[2])
		}
	}
	if got := strings.Join(starts, " "); got != "S-q0000 O-q0000 S-q0001 O-q0001 F-q0000" {
		t.Error(got)
	}
}

// A fork that says so is only what it adds, whether the old session is there or
// not.
func TestClaudeFork(t *testing.T) {
	old := strings.ReplaceAll(claudeCases[0].text, `"userType"`, `"forkedFrom":{"sessionId":"S","messageUuid":"u"},"userType"`)
	o := read(Options{}, file{"S.jsonl", old + lines(cc("user", 200, says("more"), ""), cc("assistant", 201, msg("m9", said0, `"end_turn"`, tokens(1, 0, 0, 2)), ""))})
	if len(o.metadata()) != 1 || *o.events[0].QueryText != "more" {
		t.Error(o.text())
	}
}

func TestClaudeWrong(t *testing.T) {
	o := read(Options{}, file{"S.jsonl", lines(cc("user", 1, says("q"), ""), `{"type":"user","timestamp":"yesterday","sessionId":"S"}`, `{"type":5}`, `nonsense`,
		cc("assistant", 2, `{"id":7,"content":{"a":1},"usage":[]}`, ""), cc("assistant", 3, msg("m1", `5,{"type":"tool_use"},{"type":"tool_result"}`, `"end_turn"`, tokens(1, 0, 0, 1)), "")) + `{"type":"assis`})
	check(t, o, `
header claude-code claude-x
query_start 1000000 S-q0000 type=S.jsonl asked=q
lm_inference_start 1000000~ s1.0
lm_inference_end 2000000 s1.0
lm_inference_start 2000000~ s2.1 model=claude-x provider=anthropic local=false
lm_inference_end 3000000 s2.1 input=1 output=1 cached=0 written=0 finish=end_turn
tool_call_start 3000000~ s3.1
tool_call_end 3000000~ s3.1 ok=true
query_end 3000000 S-q0000 reason=interrupted
end ok`, `
S.jsonl:2: timestamp "yesterday" is no time
S.jsonl:3: field "type" is a number, not a string
S.jsonl:4: not JSON: invalid character 'o' in literal null (expecting 'u')
S.jsonl:7: torn last line dropped`, "3 records rejected")
}

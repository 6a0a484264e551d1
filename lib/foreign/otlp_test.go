package foreign

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// at is a time of the tests: microseconds since 1970 as nanoseconds.
func at(us int64) string { return fmt.Sprintf(`"%d"`, us*1000) }

// attrs are a span's attributes: names and values in turn.
func attrs(pairs ...any) string {
	var list []string
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"key":%q,"value":%s}`, pairs[i], anyValue(pairs[i+1])))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func anyValue(v any) string {
	switch v := v.(type) {
	case int:
		return fmt.Sprintf(`{"intValue":"%d"}`, v)
	case float64:
		return fmt.Sprintf(`{"doubleValue":%g}`, v)
	case bool:
		return fmt.Sprintf(`{"boolValue":%v}`, v)
	case []string:
		var list []string
		for _, s := range v {
			list = append(list, anyValue(s))
		}
		return fmt.Sprintf(`{"arrayValue":{"values":[%s]}}`, strings.Join(list, ","))
	case json.RawMessage:
		return string(v)
	}
	b, _ := json.Marshal(v)
	return fmt.Sprintf(`{"stringValue":%s}`, b)
}

// id makes a span id of a short name.
func id(name string) string { return fmt.Sprintf("%016x", []byte(name)) }

// sp is a span of trace 1: name, parent ("" for none), start and end, attributes.
func sp(name, parent, title string, start, end int64, pairs ...any) string {
	return spanIn("1", name, parent, title, start, end, "", pairs...)
}

func spanIn(trace, name, parent, title string, start, end int64, more string, pairs ...any) string {
	if parent != "" {
		parent = id(parent)
	}
	return fmt.Sprintf(`{"traceId":"%032s","spanId":%q,"parentSpanId":%q,"name":%q,"startTimeUnixNano":%s,"endTimeUnixNano":%s%s,"attributes":%s}`,
		trace, id(name), parent, title, at(start), at(end), more, attrs(pairs...))
}

// data is a TracesData of spans.
func data(spans ...string) string {
	return `{"resourceSpans":[{"resource":{"attributes":` + attrs("host.name", "n1", "service.name", "bot") + `},"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[` + strings.Join(spans, ",") + `]}]}]}`
}

// short writes the hexadecimal ids of a text as the names they were made of.
func short(text string) string {
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "r", "s", "t", "u"} {
		text = strings.ReplaceAll(text, id(name), name)
	}
	for _, trace := range []string{"1", "2", "3"} {
		text = strings.ReplaceAll(text, fmt.Sprintf("%032s", trace), "T"+trace)
	}
	return text
}

const chat, tool, agent = "chat", "execute_tool", "invoke_agent"

// op is the attribute that says what a GenAI span is.
func op(name string, pairs ...any) []any {
	return append([]any{"gen_ai.operation.name", name}, pairs...)
}

var otlpCases = []struct {
	name, text, want, said, err string
}{
	{"an agent, two turns, a tool between", lines(
		data(sp("b", "a", "chat m", 110, 150, op(chat, "gen_ai.request.model", "m", "gen_ai.provider.name", "openai", "server.address", "127.0.0.1", "server.port", 8000,
			"gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5, "gen_ai.usage.cache_read.input_tokens", 4, "gen_ai.usage.cache_creation.input_tokens", 2, "gen_ai.usage.reasoning.output_tokens", 3,
			"gen_ai.response.finish_reasons", []string{"tool_calls"}, "gen_ai.usage.cost", 0.25)...),
			sp("c", "a", "execute_tool calc", 150, 170, op(tool, "gen_ai.tool.name", "calc", "gen_ai.tool.call.id", "c1", "gen_ai.tool.call.arguments", `{"e":"6*7"}`, "gen_ai.tool.call.result", "42")...)),
		data(sp("d", "a", "chat m", 170, 190, op(chat, "gen_ai.request.model", "m", "gen_ai.response.time_to_first_chunk", 0.000005)...),
			sp("a", "", "invoke_agent bob", 100, 200, op(agent, "gen_ai.agent.name", "bob", "gen_ai.request.model", "m")...))), `
header n1 bob m
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 b.0 model=m provider=openai at=http://127.0.0.1:8000
lm_inference_end 150 b.0 input=10 output=5 cached=4 written=2 reasoning=3 usd=0.25 finish=tool_calls
tool_call_start 150 c.0 tool=calc call=c1 args={"e":"6*7"}
tool_call_end 170 c.0 tool=calc call=c1 ok=true bytes=2
lm_inference_start 170 d.1 model=m
lm_first_token 175 d.1
lm_inference_end 190 d.1
query_end 200 T1 reason=finished
end ok`, "", ""},

	{"a model call within a tool, and an agent in a tool", lines(data(
		sp("a", "", "invoke_agent x", 100, 300, op(agent)...), sp("b", "a", "chat", 100, 110, op(chat)...),
		sp("t", "a", "execute_tool ask", 110, 200, op(tool)...), sp("c", "t", "chat sub", 120, 130, op(chat, "gen_ai.request.model", "sub")...),
		sp("u", "t", "invoke_agent y", 140, 190, op(agent)...), sp("d", "u", "chat", 150, 160, op(chat)...), sp("e", "u", "execute_tool z", 160, 170, op(tool)...),
		sp("f", "a", "chat", 210, 220, op(chat)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 100 b.0
lm_inference_end 110 b.0
tool_call_start 110 t.0 tool=ask
submodel_call_start 120 c.0 in=t model=sub
submodel_call_end 130 c.0
submodel_call_start 150 d.0 in=t
submodel_call_end 160 d.0
tool_call_start 160 e.0 in=t tool=z
tool_call_end 170 e.0 tool=z ok=true
tool_call_end 200 t.0 tool=ask ok=true
lm_inference_start 210 f.1
lm_inference_end 220 f.1
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"OpenInference", lines(data(
		sp("r", "", "agent", 100, 300, "openinference.span.kind", "AGENT", "agent.name", "oi", "input.value", "why?", "output.value", "because", "session.id", "s9"),
		sp("s", "r", "step", 100, 290, "openinference.span.kind", "CHAIN"),
		spanIn("1", "a", "s", "ChatCompletion", 110, 150, `,"events":[{"timeUnixNano":`+at(120)+`,"name":"First Token Stream Event"},{"timeUnixNano":`+at(121)+`,"name":"First Token Stream Event"}]`,
			"openinference.span.kind", "LLM", "llm.model_name", "gpt", "llm.provider", "anthropic", "llm.token_count.prompt", 12, "llm.token_count.completion", 3, "llm.token_count.prompt_details.cache_read", 7,
			"llm.token_count.completion_details.reasoning", 1, "llm.cost.total", 0.5, "llm.finish_reason", "stop", "llm.input_messages.0.message.role", "user"),
		sp("b", "s", "search", 160, 180, "openinference.span.kind", "TOOL", "tool.name", "search", "input.value", "{}", "output.value", "12345"),
		sp("c", "s", "retrieve", 160, 170, "openinference.span.kind", "RETRIEVER"),
		sp("d", "c", "embed", 161, 165, "openinference.span.kind", "EMBEDDING", "embedding.model_name", "e5"),
		sp("e", "s", "embed", 185, 186, "openinference.span.kind", "EMBEDDING", "embedding.model_name", "e5"))), `
header n1 oi gpt
query_start 100 T1 type=spans.jsonl asked=why?
lm_inference_start 110 a.0 model=gpt provider=anthropic local=false
lm_first_token 120 a.0
lm_inference_end 150 a.0 input=12 output=3 cached=7 reasoning=1 usd=0.5 finish=stop
tool_call_start 160 b.0 tool=search args={}
tool_call_start 160 c.0 tool=retrieve
submodel_call_start 161 d.0 in=c model=e5
submodel_call_end 165 d.0
tool_call_end 170 c.0 tool=retrieve ok=true
tool_call_end 180 b.0 tool=search ok=true bytes=5
submodel_call_start 185 e.0 model=e5
submodel_call_end 186 e.0
query_end 300 T1 answered=because reason=finished
end ok`, "", ""},

	{"vLLM: in flight when it has left the queue", lines(data(
		spanIn("1", "a", "b", "llm_request", 1_000_000, 4_000_000, `,"kind":2`, "gen_ai.request.id", "cmpl-1", "gen_ai.response.model", "qwen", "gen_ai.latency.time_in_queue", 1.25, "gen_ai.latency.time_to_first_token", 1.5,
			"gen_ai.latency.e2e", 3.0, "gen_ai.usage.prompt_tokens", 100, "gen_ai.usage.completion_tokens", 20),
		spanIn("2", "c", "", "llm_request", 1_000_000, 2_000_000, `,"kind":"SPAN_KIND_SERVER"`, "gen_ai.response.model", "qwen", "gen_ai.latency.time_in_queue", 0, "gen_ai.usage.prompt_tokens", 1))), `
header n1 bot qwen
query_start 1000000 T1 type=spans.jsonl
query_start 1000000 T2 type=spans.jsonl
lm_inference_start 1000000 c.0 model=qwen
lm_inference_end 2000000 c.0 input=1
query_end 2000000 T2 reason=finished
lm_inference_start 2250000 a.0 model=qwen
lm_first_token 2500000 a.0
lm_inference_end 4000000 a.0 input=100 output=20
query_end 4000000 T1 reason=finished
end ok`, "", ""},

	{"a client's call and its server's are one", lines(data(
		sp("r", "", "invoke_agent", 1_000_000, 9_000_000, op(agent)...),
		sp("a", "r", "chat m", 1_000_000, 5_000_000, op(chat, "gen_ai.request.model", "m", "gen_ai.usage.input_tokens", 7)...),
		sp("b", "a", "POST", 1_100_000, 4_900_000),
		spanIn("1", "c", "b", "llm_request", 1_200_000, 4_800_000, `,"kind":2`, "gen_ai.latency.time_in_queue", 2.0, "gen_ai.latency.time_to_first_token", 2.5, "gen_ai.usage.prompt_tokens", 8, "gen_ai.usage.completion_tokens", 9, "gen_ai.response.model", "served"),
		sp("d", "r", "chat m", 6_000_000, 8_000_000, op(chat)...), // its server's clock is an hour ahead
		spanIn("1", "e", "d", "llm_request", 3606_000_000, 3607_000_000, `,"kind":2`, "gen_ai.latency.time_in_queue", 0.5, "gen_ai.usage.completion_tokens", 4))), `
header n1 bot m
query_start 1000000 T1 type=spans.jsonl
lm_inference_start 3200000 a.0 model=m
lm_first_token 3700000 a.0
lm_inference_end 4800000 a.0 input=7
lm_inference_start 6500000~ d.1
lm_inference_end 8000000 d.1 output=4
query_end 9000000 T1 reason=finished
end ok`, "", ""},

	{"a server on another host", lines(data(
		sp("r", "", "invoke_agent", 1_000_000, 9_000_000, op(agent)...), sp("a", "r", "chat m", 2_000_000, 5_000_000, op(chat)...)),
		strings.Replace(data(spanIn("1", "b", "a", "llm_request", 2_000_000, 5_000_000, "", "gen_ai.latency.time_in_queue", 1.0)), `"n1"`, `"gpu7"`, 1)), `
header n1 bot
query_start 1000000 T1 type=spans.jsonl
lm_inference_start 3000000 a.0 at=http://gpu7
lm_inference_end 5000000 a.0
query_end 9000000 T1 reason=finished
end ok`, "", ""},

	{"layers of one call", lines(data(
		sp("a", "", "RunnableSequence", 100, 300, "openinference.span.kind", "CHAIN", "input.value", "q"),
		sp("b", "a", "ChatOpenAI", 110, 150, "openinference.span.kind", "LLM"),
		sp("c", "b", "ChatCompletion", 111, 149, "openinference.span.kind", "LLM", "llm.token_count.prompt", 5, "llm.model_name", "m"),
		sp("d", "c", "chat m", 112, 148, op(chat, "gen_ai.usage.input_tokens", 5, "gen_ai.usage.output_tokens", 2)...))), `
header n1 bot m
query_start 100 T1 type=spans.jsonl asked=q
lm_inference_start 110 b.0 model=m
lm_inference_end 150 b.0 input=5 output=2
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"a call that holds calls and tools is the loop", lines(data(
		sp("a", "", "ai.streamText", 100, 300, op(chat, "gen_ai.usage.input_tokens", 30)...),
		sp("b", "a", "chat m", 110, 150, op(chat, "gen_ai.usage.input_tokens", 10)...), sp("t", "a", "tool", 150, 160, op(tool)...), sp("c", "a", "chat m", 170, 180, op(chat, "gen_ai.usage.input_tokens", 20)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 b.0
lm_inference_end 150 b.0 input=10
tool_call_start 150 t.0 tool=tool
tool_call_end 160 t.0 tool=tool ok=true
lm_inference_start 170 c.1
lm_inference_end 180 c.1 input=20
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"a tool under its model call", lines(data(
		sp("a", "", "invoke_agent", 100, 300, op(agent)...), sp("b", "a", "chat m", 110, 120, op(chat)...), sp("c", "a", "chat m", 130, 190, op(chat)...),
		sp("t", "c", "execute_tool x", 140, 160, op(tool)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 b.0
lm_inference_end 120 b.0
lm_inference_start 130 c.1
tool_call_start 140 t.1 tool=x
tool_call_end 160 t.1 tool=x ok=true
lm_inference_end 190 c.1
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"parallel agents: a tool goes to its own agent's turn", lines(data(
		sp("r", "", "invoke_agent", 100, 300, op(agent)...), sp("a", "r", "invoke_agent x", 100, 200, op(agent)...), sp("b", "r", "invoke_agent y", 100, 200, op(agent)...),
		sp("c", "a", "chat", 110, 120, op(chat)...), sp("d", "b", "chat", 115, 125, op(chat)...), sp("t", "a", "execute_tool x", 130, 140, op(tool)...), sp("u", "b", "execute_tool y", 130, 140, op(tool)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 c.0
lm_inference_start 115 d.1
lm_inference_end 120 c.0
lm_inference_end 125 d.1
tool_call_start 130 t.0 tool=x
tool_call_start 130 u.1 tool=y
tool_call_end 140 t.0 tool=x ok=true
tool_call_end 140 u.1 tool=y ok=true
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"no agent: the root is the query", lines(data(
		spanIn("1", "r", "", "POST /ask", 100, 300, `,"kind":2`), sp("a", "r", "chat m", 110, 120, op(chat)...), sp("b", "r", "SELECT", 120, 130), sp("c", "b", "chat m", 130, 140, op(chat)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 a.0
lm_inference_end 120 a.0
lm_inference_start 130 c.1
lm_inference_end 140 c.1
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"several agents under a root are several queries", lines(data(
		sp("r", "", "evaluation", 100, 900), sp("a", "r", "invoke_agent", 110, 200, op(agent)...), sp("b", "a", "chat", 120, 130, op(chat)...),
		sp("c", "r", "invoke_agent", 210, 300, op(agent)...), sp("d", "c", "chat", 220, 230, op(chat)...))), `
header n1 bot
query_start 110 T1-a type=spans.jsonl
lm_inference_start 120 b.0
lm_inference_end 130 b.0
query_end 200 T1-a reason=finished
query_start 210 T1-c type=spans.jsonl
lm_inference_start 220 d.0
lm_inference_end 230 d.0
query_end 300 T1-c reason=finished
end ok`, "", ""},

	{"a call beside the agents: the root is the query", lines(data(
		sp("r", "", "route", 100, 900), sp("s", "r", "chat", 100, 105, op(chat)...), sp("a", "r", "invoke_agent", 110, 200, op(agent)...), sp("b", "a", "chat", 120, 130, op(chat)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 100 s.0
lm_inference_end 105 s.0
lm_inference_start 120 b.1
lm_inference_end 130 b.1
query_end 900 T1 reason=finished
end ok`, "", ""},

	{"no root: each call is a query", lines(data(
		sp("a", "x", "chat", 100, 110, op(chat)...), spanIn("1", "b", "x", "chat", 120, 130, `,"status":{"code":2,"message":"429"}`, op(chat)...))), `
header n1 bot
query_start 100 T1-a type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 110 a.0
query_end 110 T1-a reason=finished
query_start 120 T1-b type=spans.jsonl
lm_inference_start 120 b.0
lm_inference_end 130 b.0 error=429
query_end 130 T1-b error=429 reason=error
end ok`, "", ""},

	{"no root, but tools: an agent that was cut off", lines(data(
		sp("a", "x", "chat", 100, 110, op(chat)...), sp("t", "x", "execute_tool y", 110, 115, op(tool)...), sp("b", "x", "chat", 120, 130, op(chat)...))), `
header n1 bot
query_start 100~ T1-a type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 110 a.0
tool_call_start 110 t.0 tool=y
tool_call_end 115 t.0 tool=y ok=true
lm_inference_start 120 b.1
lm_inference_end 130 b.1
query_end 130~ T1-a reason=interrupted
end ok`, "", ""},

	{"no parents at all: one query if there are tools", lines(data(
		sp("a", "", "chat", 100, 110, op(chat)...), sp("t", "", "execute_tool y", 110, 115, op(tool)...), sp("b", "", "chat", 120, 130, op(chat)...),
		spanIn("2", "c", "", "chat", 200, 210, "", op(chat)...), spanIn("2", "d", "", "chat", 220, 230, "", op(chat)...), spanIn("3", "u", "", "execute_tool y", 300, 310, "", op(tool)...))), `
header n1 bot
query_start 100~ T1 type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 110 a.0
tool_call_start 110 t.0 tool=y
tool_call_end 115 t.0 tool=y ok=true
lm_inference_start 120 b.1
lm_inference_end 130 b.1
query_end 130~ T1 reason=finished
query_start 200 T2-c type=spans.jsonl
lm_inference_start 200 c.0
lm_inference_end 210 c.0
query_end 210 T2-c reason=finished
query_start 220 T2-d type=spans.jsonl
lm_inference_start 220 d.0
lm_inference_end 230 d.0
query_end 230 T2-d reason=finished
query_start 300 T3 type=spans.jsonl
tool_call_start 300 u.0 tool=y
tool_call_end 310 u.0 tool=y ok=true
query_end 310 T3 reason=finished
end ok`, "", ""},

	{"a missing parent in between: the query that it falls into", lines(data(
		sp("r", "", "invoke_agent", 100, 300, op(agent)...), sp("a", "r", "chat", 110, 120, op(chat)...), sp("t", "x", "execute_tool y", 130, 140, op(tool)...), sp("b", "x", "chat", 150, 160, op(chat)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 a.0
lm_inference_end 120 a.0
tool_call_start 130 t.0 tool=y
tool_call_end 140 t.0 tool=y ok=true
lm_inference_start 150 b.1
lm_inference_end 160 b.1
query_end 300 T1 reason=finished
end ok`, "", ""},

	{"errors", lines(data(
		spanIn("1", "r", "", "invoke_agent", 100, 300, `,"status":{"code":"STATUS_CODE_ERROR"},"events":[{"timeUnixNano":"1","name":"exception","attributes":`+attrs("exception.type", "E", "exception.message", "too bad")+`}]`, op(agent)...),
		spanIn("1", "a", "r", "chat", 110, 120, `,"status":{"code":2}`, op(chat, "error.type", "timeout")...), sp("t", "r", "execute_tool y", 130, 140, op(tool, "error.type", "E")...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 a.0
lm_inference_end 120 a.0 error=timeout
tool_call_start 130 t.0 tool=y
tool_call_end 140 t.0 tool=y ok=false error=E
query_end 300 T1 error=too bad reason=error
end ok`, "", ""},

	{"spans without an end, backwards, of another clock, twice", lines(data(
		sp("r", "", "invoke_agent", 100, 200, op(agent)...), sp("a", "r", "chat", 90, 120, op(chat)...), spanIn("1", "b", "r", "chat", 130, 0, "", op(chat)...), sp("t", "r", "execute_tool y", 150, 140, op(tool)...),
		sp("c", "r", "chat", 160, 250, op(chat)...), sp("c", "r", "chat", 160, 250, op(chat)...))), `
header n1 bot
query_start 90~ T1 type=spans.jsonl
lm_inference_start 90 a.0
lm_inference_end 120 a.0
lm_inference_start 130 b.1
tool_call_start 150 t.1 tool=y
tool_call_end 150~ t.1 tool=y ok=true
lm_inference_start 160 c.2
lm_inference_end 250~ b.1
lm_inference_end 250 c.2
query_end 250~ T1 reason=finished
end ok`, `
x/spans.jsonl:1: spans that were there already are ignored: 1, this is the first
x/spans.jsonl:1: spans without an end: 1, this is the first
x/spans.jsonl:1: spans that end before they start have no length: 1, this is the first
x/spans.jsonl:1: queries lengthened to hold spans that begin before or end after them: 1, this is the first`, ""},

	{"spans in a circle", lines(data(
		sp("a", "b", "invoke_agent", 100, 200, op(agent)...), sp("b", "a", "chat", 110, 120, op(chat)...), sp("c", "c", "chat", 300, 310, op(chat)...))), `
header n1 bot
query_start 100 T1-a type=spans.jsonl
lm_inference_start 110 b.0
lm_inference_end 120 b.0
query_end 200 T1-a reason=finished
query_start 300 T1-c type=spans.jsonl
lm_inference_start 300 c.0
lm_inference_end 310 c.0
query_end 310 T1-c reason=finished
end ok`, "", ""},

	{"traces that have nothing to do with models", lines(data(sp("a", "", "GET /", 1, 2), sp("b", "a", "SELECT", 1, 2))), "header\nend ok",
		"x/spans.jsonl:1: spans of traces without model calls, tools and agents are left out: 2, this is the first", ""},

	{"numbers, names and ids as other writers have them", lines(`{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"AAAAAAAAAAAAAAAAAAAAAQ==","span_id":"AAAAAAAAAAE=","parent_span_id":"","name":"chat","start_time_unix_nano":1000000,"end_time_unix_nano":2.0e6,"kind":"SPAN_KIND_CLIENT","attributes":[{"key":"gen_ai.operation.name","value":{"string_value":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"int_value":5}},{"key":"gen_ai.usage.output_tokens","value":{"doubleValue":6}},{"key":"empty","value":{}},{"key":"gen_ai.usage.cost","value":{"doubleValue":"NaN"}}]}]}]}]}`), `
header OTLP
query_start 1000 T1 type=spans.jsonl
lm_inference_start 1000 0000000000000001.0
lm_inference_end 2000 0000000000000001.0 input=5 output=6
query_end 2000 T1 reason=finished
end ok`, "", ""},

	{"by the name alone", lines(data(sp("a", "", "invoke_agent bob", 100, 200), sp("b", "a", "chat m", 110, 120, "gen_ai.system", "ollama"), sp("t", "a", "execute_tool calc", 130, 140), sp("c", "a", "chat with the customer", 150, 160))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 110 b.0 provider=ollama
lm_inference_end 120 b.0
tool_call_start 130 t.0 tool=calc
tool_call_end 140 t.0 tool=calc ok=true
query_end 200 T1 reason=finished
end ok`, "", ""},

	{"OpenLLMetry", lines(data(sp("a", "", "joke.workflow", 100, 200, "traceloop.span.kind", "workflow", "traceloop.entity.input", "in"), sp("b", "a", "openai.chat", 110, 120, "llm.request.type", "chat", "traceloop.span.kind", "task",
		"gen_ai.prompt.0.role", "system", "gen_ai.prompt.0.content", "be", "gen_ai.prompt.1.role", "user", "gen_ai.prompt.1.content", "joke", "gen_ai.completion.0.role", "assistant", "gen_ai.completion.0.content", "ha", "gen_ai.usage.prompt_tokens", 9), sp("t", "a", "x.tool", 130, 140, "traceloop.span.kind", "tool"))), `
header n1 bot
query_start 100 T1 type=spans.jsonl asked=in
lm_inference_start 110 b.0
lm_inference_end 120 b.0 input=9
tool_call_start 130 t.0 tool=x.tool
tool_call_end 140 t.0 tool=x.tool ok=true
query_end 200 T1 answered=ha reason=finished
end ok`, "", ""},

	{"messages", lines(data(sp("a", "", "invoke_agent", 100, 200, op(agent)...),
		sp("b", "a", "chat", 110, 120, op(chat, "gen_ai.input.messages", json.RawMessage(`{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"role","value":{"stringValue":"user"}},{"key":"parts","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"text"}},{"key":"content","value":{"stringValue":"why"}}]}}]}}}]}}]}}`))...),
		sp("c", "a", "chat", 130, 140, op(chat, "gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","name":"x"},{"type":"text","content":"so"},{"type":"text","content":"what"}]}]`)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl asked=why
lm_inference_start 110 b.0
lm_inference_end 120 b.0
lm_inference_start 130 c.1
lm_inference_end 140 c.1
query_end 200 T1 answered=so
what reason=finished
end ok`, "", ""},

	{"input without the cached tokens", lines(data(sp("a", "", "chat", 100, 200, op(chat, "gen_ai.usage.input_tokens", 3, "gen_ai.usage.cache_read.input_tokens", 100, "gen_ai.usage.cache_creation.input_tokens", 20, "gen_ai.usage.output_tokens", -1)...))), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 200 a.0 input=123 cached=100 written=20
query_end 200 T1 reason=finished
end ok`, "", ""},

	{"wrong spans", lines(data(sp("a", "", "chat", 100, 200, op(chat)...), `{"spanId":"1"}`, `{"traceId":"1","spanId":"2","startTimeUnixNano":"soon"}`, `{"traceId":"1","spanId":"2"}`, `{"traceId":1}`, `5`, `{"traceId":"1","spanId":"3","startTimeUnixNano":"9000000000000000000"}`,
		`{"traceId":"1","spanId":"4","startTimeUnixNano":"1000","attributes":{}}`, `{"traceId":"1","spanId":"5","startTimeUnixNano":"-5"}`)), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 200 a.0
query_end 200 T1 reason=finished
end ok`, `
x/spans.jsonl:1: span without traceId or spanId
x/spans.jsonl:1: field "startTimeUnixNano" is "soon", no time in nanoseconds
x/spans.jsonl:1: span without startTimeUnixNano
x/spans.jsonl:1: field "traceId" is a number, not a string
x/spans.jsonl:1: a number, not an object
x/spans.jsonl:1: span begins in the year 2255
x/spans.jsonl:1: field "attributes" is an object, not an array
x/spans.jsonl:1: field "startTimeUnixNano" is -5, before 1970`, "8 records rejected"},

	{"logs and metrics beside", lines(`{"resourceMetrics":[{"scopeMetrics":[]}]}`, data(sp("a", "", "chat", 100, 200, op(chat)...)), `{"resourceLogs":[]}`, `{}`), `
header n1 bot
query_start 100 T1 type=spans.jsonl
lm_inference_start 100 a.0
lm_inference_end 200 a.0
query_end 200 T1 reason=finished
end ok`, "", ""},
}

func TestOTLP(t *testing.T) {
	for _, c := range otlpCases {
		t.Run(c.name, func(t *testing.T) {
			o := read(Options{}, file{"x/spans.jsonl", c.text})
			for i := range o.words {
				o.words[i] = strings.Replace(short(o.words[i]), "header OTLP", "header OTLP", 1)
			}
			if h := o.headers; len(h) > 0 && h[0].Tool == "OTLP" {
				o.words[0] += " OTLP"
			}
			check(t, o, c.want, c.said, c.err)
		})
	}
}

// TestOTLPLayouts reads the same spans in every layout.
func TestOTLPLayouts(t *testing.T) {
	text := data(sp("r", "", "invoke_agent", 100, 300, op(agent)...), sp("a", "r", "chat", 110, 120, op(chat, "note", "a \"quoted\" { [ \\ word\n")...))
	want := read(Options{}, file{"spans.jsonl", text})
	if len(want.events) != 4 || want.err != nil {
		t.Fatal(want.text(), want.err)
	}
	other := data(sp("t", "r", "execute_tool x", 130, 140, op(tool)...))
	two := read(Options{}, file{"spans.jsonl", lines(text, other)})
	if len(two.events) != 6 {
		t.Fatal(two.text())
	}
	for name, c := range map[string]struct {
		texts []string
		want  *outcome
	}{
		"one line":            {[]string{text + "\n"}, want},
		"many lines":          {[]string{indented(text)}, want},
		"byte order mark, CR": {[]string{"\xef\xbb\xbf" + text + "\r\n\r\n"}, want},
		"no indentation":      {[]string{strings.NewReplacer("\n  ", "\n", "\n    ", "\n").Replace(indented(text))}, want},
		"a list":              {[]string{"[" + text + "]"}, want},
		"a list, many lines":  {[]string{"[\n" + text + ",\n" + other + "\n]\n"}, two},
		"two lines":           {[]string{lines(text, other)}, two},
		"two lines, turned":   {[]string{lines(other, text)}, two},
		"side by side":        {[]string{text + other}, two},
		"two values":          {[]string{indented(text) + "\n" + indented(other)}, two},
		"two files":           {[]string{lines(text), lines(other)}, two},
		"two files, turned":   {[]string{lines(other), lines(text)}, two},
	} {
		var files []file
		for _, text := range c.texts {
			files = append(files, file{"spans.jsonl", text})
		}
		got := read(Options{}, files...)
		if got.text() != c.want.text() || got.err != nil || len(got.said) > 0 {
			t.Errorf("%s:\n%s\n%v %v", name, got.text(), got.said, got.err)
		}
	}
}

func TestOTLPMetadata(t *testing.T) {
	o := read(Options{}, file{"spans.jsonl", data(
		sp("r", "", "invoke_agent", 100, 300, op(agent, "gen_ai.conversation.id", "c1", "user.id", "ada\x7f", "n", 5, "x", 0.5, "yes", true, "list", []string{"a", "b"}, "long", strings.Repeat("x", 2000), "span_id", "mine", "n", 6, "nan", json.RawMessage(`{"doubleValue":"NaN"}`), "blob", json.RawMessage(`{"bytesValue":"AAA="}`))...),
		spanIn("1", "a", "r", "llm_request", 100, 2_000_000, "", "gen_ai.latency.time_in_queue", 0.5, "gen_ai.usage.prompt_tokens", 1))})
	want := `{"trace_id":"T1","span_id":"r","span_name":"invoke_agent","service.name":"bot","gen_ai.conversation.id":"c1","user.id":"ada\u007f","n":5,"x":0.5,"yes":true,"list":["a","b"],"nan":"NaN","queue_s":0.5,"time_derived":["query_end"]}`
	if got := short(o.metadata()[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOTLPTypeFrom(t *testing.T) {
	text := data(sp("r", "", "invoke_agent", 100, 300, op(agent, "own", "o")...), sp("a", "r", "chat", 110, 120, op(chat, "gen_ai.request.model", "m", "n", 7)...), sp("b", "r", "step", 110, 120, "deep", "d"))
	for from, want := range map[string]string{"own": "o", "gen_ai.request.model": "m", "n": "7", "deep": "d", "host.name": "n1", "service.name": "bot", "nothing": "spans.jsonl"} {
		o := read(Options{TypeFrom: from}, file{"spans.jsonl", text})
		if got := o.events[0].WorkloadType; got != want {
			t.Errorf("%s: %q, want %q", from, got, want)
		}
		if (len(o.said) > 0) != (from == "nothing") {
			t.Errorf("%s: said %v", from, o.said)
		}
	}
}

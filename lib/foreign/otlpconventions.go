package foreign

import (
	"strconv"
	"strings"
)

// class is what a span is, as far as its attributes and its name say.
type class uint8

const (
	structure class = iota // anything else: it only holds others together
	agentSpan
	callSpan
	helperSpan // a model that does not speak: embeddings, reranking
	toolSpan
)

// conventions are the attributes known here, of four conventions: OpenTelemetry
// GenAI, OpenInference, OpenLLMetry, and vLLM's own.
type conventions struct {
	operation string // gen_ai.operation.name
	oiKind    string // openinference.span.kind
	traceloop string // traceloop.span.kind
	request   string // llm.request.type
	genAI     bool   // some gen_ai.* attribute is there

	requestModel, responseModel, otherModel string
	provider, address, port                 string
	agentName                               string
	usage                                   usage
	finish                                  string
	errorType                               string

	queue      *int64 // microseconds in the server's queue
	firstToken *int64 // microseconds from the start to the first token

	tool, callID      string
	arguments, result *string

	input, output     string // of anything: input.value, output.value
	asked, answered   string // the last user message, and the answer's text
	asked1, answered1 chats  // messages as single attributes, by index
}

// chats are messages spread over attributes with an index in their names.
type chats map[int]*message

type message struct{ role, content string }

func (c *conventions) size() int {
	n := len(c.input) + len(c.output) + len(c.asked) + len(c.answered)
	for _, text := range []*string{c.arguments, c.result} {
		if text != nil {
			n += len(*text)
		}
	}
	return n
}

// maxOther is the longest attribute that goes into a query's metadata when it
// is none of those with a place of their own.
const maxOther = 1 << 10

// attribute takes one attribute of a span.
func (sp *otelSpan) attribute(key string, v value, typeFrom string, w words) {
	if key == typeFrom {
		sp.typed = w.keep(v.text())
	}
	c := &sp.attrs
	c.genAI = c.genAI || strings.HasPrefix(key, "gen_ai.")
	if c.name(key, v, w) || c.tokens(key, v) || c.content(key, v) {
		return
	}
	switch key {
	case "trace_id", "span_id", "span_name", "service.name", "queue_s", "time_derived": // the metadata has its own
		return
	}
	if raw := v.json(); raw != nil && len(raw) <= maxOther && v.kind != "bytesValue" {
		sp.other = appendPair(sp.other, key, raw)
	}
}

// name takes attributes that say what and who.
func (c *conventions) name(key string, v value, w words) bool {
	switch key {
	case "gen_ai.operation.name":
		c.operation = w.keep(v.text())
	case "openinference.span.kind":
		c.oiKind = w.keep(strings.ToUpper(v.text()))
	case "traceloop.span.kind":
		c.traceloop = w.keep(v.text())
	case "llm.request.type":
		c.request = w.keep(v.text())
	case "gen_ai.request.model", "llm.request.model_name":
		c.requestModel = w.keep(v.text())
	case "gen_ai.response.model", "llm.response.model_name":
		c.responseModel = w.keep(v.text())
	case "llm.model_name", "embedding.model_name", "reranker.model_name":
		c.otherModel = w.keep(v.text())
	case "gen_ai.provider.name", "llm.provider":
		c.provider = w.keep(v.text())
	case "gen_ai.system", "llm.system":
		if c.provider == "" {
			c.provider = w.keep(v.text())
		}
	case "server.address":
		c.address = w.keep(v.text())
	case "server.port":
		c.port = w.keep(v.text())
	case "gen_ai.agent.name", "agent.name", "gen_ai.workflow.name":
		if c.agentName == "" || key != "gen_ai.workflow.name" {
			c.agentName = w.keep(v.text())
		}
	case "error.type":
		c.errorType = w.keep(v.text())
	case "gen_ai.tool.name", "tool.name":
		c.tool = w.keep(v.text())
	case "gen_ai.tool.call.id", "tool_call.id", "tool.id":
		if c.callID == "" || key == "gen_ai.tool.call.id" {
			c.callID = v.text()
		}
	default:
		return false
	}
	return true
}

// tokens takes attributes that count and time.
func (c *conventions) tokens(key string, v value) bool {
	u := &c.usage
	switch key {
	case "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens":
		u.input = v.count()
	case "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens":
		u.output = v.count()
	case "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read":
		u.cached = v.count()
	case "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write":
		u.cacheWrite = v.count()
	case "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning":
		u.reasoning = v.count()
	case "llm.cost.total", "gen_ai.usage.cost", "operation.cost":
		if n := v.number(); n != nil && *n >= 0 {
			u.cost = n
		}
	case "gen_ai.response.finish_reasons":
		c.finish = joined(v)
	case "llm.finish_reason":
		c.finish = v.text()
	case "gen_ai.latency.time_in_queue":
		c.queue = v.seconds()
	case "gen_ai.latency.time_to_first_token", "gen_ai.response.time_to_first_chunk":
		c.firstToken = v.seconds()
	default:
		return false
	}
	return true
}

// joined is a list of texts in one.
func joined(v value) string {
	if v.kind != "arrayValue" {
		return v.text()
	}
	return strings.Join(texts(v.json()), ",")
}

// isFirstToken knows the span events that mark an answer's first token.
func isFirstToken(event string) bool {
	switch event {
	case "First Token Stream Event", // OpenInference
		"llm.content.completion.chunk", "gen_ai.content.completion.chunk": // OpenLLMetry, each chunk
		return true
	}
	return false
}

// model is the name that was asked for, else the one that answered.
func (c *conventions) model() string {
	for _, name := range []string{c.requestModel, c.otherModel, c.responseModel} {
		if name != "" {
			return name
		}
	}
	return ""
}

// endpoint is where a call went, "" if the span does not say.
func (c *conventions) endpoint() string {
	host := c.address
	if host == "" || strings.ContainsAny(host, "/ ") { // or a socket
		return ""
	}
	if strings.Contains(host, ":") {
		host = "[" + strings.Trim(host, "[]") + "]"
	}
	switch c.port {
	case "443":
		return "https://" + host
	case "", "80", "0":
		return "http://" + host
	}
	if _, err := strconv.ParseUint(c.port, 10, 16); err != nil {
		return "http://" + host
	}
	return "http://" + host + ":" + c.port
}

// elsewhere reports a provider that only serves on machines of its own. An
// OpenAI-compatible server may be anywhere.
func elsewhere(provider string) bool {
	name, _, _ := strings.Cut(strings.ToLower(provider), ".")
	switch name {
	case "anthropic", "aws", "azure", "gcp", "google", "vertex_ai", "vertexai", "ibm", "bedrock", "gemini":
		return true
	}
	return false
}

// classify tells what a span is.
func (sp *otelSpan) classify() class {
	c := &sp.attrs
	if k, ok := operations[c.operation]; ok {
		return k
	}
	if k, ok := openInference[c.oiKind]; ok {
		return k
	}
	for _, kind := range []string{c.request, c.traceloop} {
		if k, ok := openLLMetry[kind]; ok {
			return k
		}
	}
	if c.operation != "" || sp.name == "llm_request" { // an operation not known here; vLLM
		if c.usage.counted() || c.queue != nil {
			return callSpan
		}
		return structure
	}
	word, _, _ := strings.Cut(sp.name, " ")
	if k, ok := operations[word]; ok && (c.genAI || strings.Contains(word, "_")) {
		return k
	}
	return structure
}

// operations are the values of gen_ai.operation.name, and the first words of
// span names.
var operations = map[string]class{
	"chat": callSpan, "text_completion": callSpan, "generate_content": callSpan,
	"embeddings":   helperSpan,
	"execute_tool": toolSpan, "retrieval": toolSpan, "search_memory": toolSpan,
	"invoke_agent": agentSpan, "invoke_workflow": agentSpan,
	"create_agent": structure, "plan": structure,
}

var openInference = map[string]class{
	"LLM": callSpan, "EMBEDDING": helperSpan, "RERANKER": helperSpan,
	"TOOL": toolSpan, "RETRIEVER": toolSpan, "GUARDRAIL": toolSpan, "EVALUATOR": toolSpan,
	"AGENT": agentSpan, "CHAIN": structure, "PROMPT": structure,
}

var openLLMetry = map[string]class{
	"workflow": agentSpan, "agent": agentSpan, "tool": toolSpan, "task": structure,
	"chat": callSpan, "completion": callSpan, "embedding": helperSpan, "rerank": helperSpan,
}

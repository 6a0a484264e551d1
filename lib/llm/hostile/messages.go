package hostile

import "fmt"

// messages is Anthropic's protocol, as its reference shows it.
type messages struct{}

func event(kind, format string, args ...any) string {
	return fmt.Sprintf("event: %s\ndata: {\"type\":%q%s}", kind, kind, fmt.Sprintf(format, args...))
}

func (m messages) text(answer string) []string {
	frames := []string{m.start(fmt.Sprintf(`"input_tokens":%d,"cache_creation_input_tokens":20,"cache_read_input_tokens":40,"output_tokens":1`, Input-60)), m.ping()}
	if answer != "" {
		frames = append(frames, event("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`))
		for _, w := range words(answer) {
			frames = append(frames, event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":%s}`, quote(w)))
		}
		frames = append(frames, event("content_block_stop", `,"index":0`))
	}
	return append(frames, m.end("end_turn", fmt.Sprintf(`"output_tokens":%d`, Output))...)
}

func (messages) start(usage string) string {
	return event("message_start", `,"message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"stop_sequence":null,"usage":{%s}}`, usage)
}

func (messages) end(reason, usage string) []string {
	return []string{
		event("message_delta", `,"delta":{"stop_reason":%q,"stop_sequence":null},"usage":{%s}`, reason, usage),
		event("message_stop", ""),
	}
}

func (m messages) uncounted(answer string) []string {
	return append([]string{m.start(""),
		event("content_block_start", `,"index":0,"content_block":{"type":"text","text":%s}`, quote(answer)),
		event("content_block_stop", `,"index":0`)}, m.end("end_turn", "")...)
}

func (messages) whole(answer string) string {
	return fmt.Sprintf(`{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":%s}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d}}`, quote(answer), Input, Output)
}

func (m messages) calls(calls ...call) []string {
	frames := []string{m.start(fmt.Sprintf(`"input_tokens":%d,"output_tokens":1`, Input))}
	for _, c := range calls {
		half := len(c.arguments) / 2
		frames = append(frames,
			event("content_block_start", `,"index":%d,"content_block":{"type":"tool_use","id":%s,"name":%s,"input":{}}`, c.index, quote(c.id), quote(c.tool)),
			event("content_block_delta", `,"index":%d,"delta":{"type":"input_json_delta","partial_json":%s}`, c.index, quote(c.arguments[:half])),
			event("content_block_delta", `,"index":%d,"delta":{"type":"input_json_delta","partial_json":%s}`, c.index, quote(c.arguments[half:])),
			event("content_block_stop", `,"index":%d`, c.index))
	}
	return append(frames, m.end("tool_use", fmt.Sprintf(`"output_tokens":%d`, Output))...)
}

func (m messages) filtered() []string {
	return append([]string{m.start(`"input_tokens":70,"output_tokens":1`)}, m.end("refusal", `"output_tokens":1`)...)
}

func (messages) ping() string { return event("ping", "") }

func (messages) errorBody(status int, kind, text string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%s},"request_id":"req_1"}`, kind, quote(text))
}

func (m messages) errorEvent(status int, kind, text string) string {
	return m.errorBody(status, kind, text)
}

func (messages) tooLong() string { return "prompt is too long: 208310 tokens > 200000 maximum" }

package hostile

import (
	"encoding/json"
	"fmt"
	"strings"
)

// speech is a protocol: frames of server-sent events, whole answers, errors.
type speech interface {
	text(answer string) []string
	uncounted(answer string) []string // without usage
	whole(answer string) string
	calls(calls ...call) []string
	filtered() []string
	ping() string
	errorBody(status int, kind, text string) string
	errorEvent(status int, kind, text string) string
	tooLong() string // what it says of a prompt that is too long
}

// speechOf finds the protocol by a request's path, which for Gemini names the
// model.
func speechOf(path string) (s speech, model string) {
	if strings.HasSuffix(path, "/chat/completions") {
		return chat{}, ""
	}
	if strings.HasSuffix(path, "/messages") {
		return messages{}, ""
	}
	if rest, ok := strings.CutSuffix(path, ":streamGenerateContent"); ok {
		return gemini{}, rest[strings.LastIndex(rest, "/")+1:]
	}
	return nil, ""
}

// quote is a text as JSON.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// words cuts a text behind its blanks.
func words(s string) []string { return strings.SplitAfter(s, " ") }

func data(format string, args ...any) string { return "data: " + fmt.Sprintf(format, args...) }

// chat is chat completions.
type chat struct{}

func (c chat) text(answer string) []string {
	frames := c.uncounted(answer)
	usage := data(`{"id":"x","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}`, Input, Output, Input+Output)
	return append(frames[:len(frames)-1], usage, frames[len(frames)-1])
}

func (chat) uncounted(answer string) []string {
	frames := []string{data(`{"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`)}
	for _, w := range words(answer) {
		frames = append(frames, data(`{"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}`, quote(w)))
	}
	return append(frames, data(`{"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`), "data: [DONE]")
}

func (chat) whole(answer string) string {
	return fmt.Sprintf("{\n  \"id\": \"x\", \"object\": \"chat.completion\",\n  \"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": %s}, \"finish_reason\": \"stop\"}],\n  \"usage\": {\"prompt_tokens\": %d, \"completion_tokens\": %d}\n}\n", quote(answer), Input, Output)
}

func (chat) calls(calls ...call) []string {
	var frames []string
	for _, c := range calls {
		half := len(c.arguments) / 2
		frames = append(frames,
			data(`{"id":"x","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"id":%s,"type":"function","function":{"name":%s,"arguments":%s}}]}}]}`, c.index, quote(c.id), quote(c.tool), quote(c.arguments[:half])),
			data(`{"id":"x","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}}]}`, c.index, quote(c.arguments[half:])))
	}
	return append(frames, data(`{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`),
		data(`{"id":"x","choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d}}`, Input, Output), "data: [DONE]")
}

func (chat) filtered() []string {
	return []string{data(`{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}`), "data: [DONE]"}
}

func (chat) ping() string { return ": OPENROUTER PROCESSING" }

func (chat) errorBody(status int, kind, text string) string {
	return fmt.Sprintf(`{"error":{"message":%s,"type":%s,"param":null,"code":null}}`, quote(text), quote(kind))
}

func (chat) errorEvent(status int, kind, text string) string {
	return fmt.Sprintf(`{"error":{"message":%s,"type":%s,"code":%d}}`, quote(text), quote(kind), status)
}

func (chat) tooLong() string {
	return "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
}

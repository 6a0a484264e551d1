package hostile

import (
	"encoding/json"
	"fmt"
)

// gemini is generateContent, streamed with alt=sse.
type gemini struct{}

const geminiUsage = `,"usageMetadata":{"promptTokenCount":70,"candidatesTokenCount":20,"thoughtsTokenCount":10,"totalTokenCount":100}`

func (g gemini) text(answer string) []string { return g.frames(answer, geminiUsage) }

func (g gemini) uncounted(answer string) []string { return g.frames(answer, "") }

func (gemini) frames(answer, usage string) []string {
	var frames []string
	if answer != "" {
		for _, w := range words(answer) {
			frames = append(frames, data(`{"candidates":[{"content":{"parts":[{"text":%s}],"role":"model"},"index":0}],"modelVersion":"m"%s}`, quote(w), usage))
		}
	}
	return append(frames, data(`{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"modelVersion":"m"%s}`, usage))
}

func (gemini) whole(answer string) string {
	return fmt.Sprintf("[{\n \"candidates\": [{\"content\": {\"parts\": [{\"text\": %s}], \"role\": \"model\"}, \"finishReason\": \"STOP\", \"index\": 0}]%s}\n]", quote(answer), geminiUsage)
}

// calls come whole. Arguments that are no object are told by a reason to
// finish.
func (gemini) calls(calls ...call) []string {
	parts := ""
	for i, c := range calls {
		if !json.Valid([]byte(c.arguments)) {
			return []string{data(`{"candidates":[{"content":{"role":"model"},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: %s","index":0}]%s}`, c.tool, geminiUsage)}
		}
		id, signature := "", ""
		if c.id != "" {
			id = fmt.Sprintf(`"id":%q,`, c.id)
		}
		if i == 0 {
			signature = `,"thoughtSignature":"c2lnbmVk"`
		}
		parts += fmt.Sprintf(`,{"functionCall":{%s"name":%q,"args":%s}%s}`, id, c.tool, c.arguments, signature)
	}
	return []string{data(`{"candidates":[{"content":{"parts":[%s],"role":"model"},"finishReason":"STOP","index":0}]%s}`, parts[1:], geminiUsage)}
}

func (gemini) filtered() []string {
	return []string{data(`{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":70,"totalTokenCount":70}}`)}
}

func (gemini) ping() string { return ": ping" }

// geminiWords are statuses in the API's own words.
var geminiWords = map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 529: "UNAVAILABLE"}

func (gemini) errorBody(status int, kind, text string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%s,"status":%q}}`, status, quote(text), geminiWords[status])
}

func (g gemini) errorEvent(status int, kind, text string) string {
	return g.errorBody(status, kind, text)
}

func (gemini) tooLong() string {
	return "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
}

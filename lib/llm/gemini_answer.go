package llm

import (
	"encoding/json"
	"strings"
)

// geminiChunk is one piece of a stream, or a whole answer.
type geminiChunk struct {
	Candidates []struct {
		Index         int           `json:"index"`
		Content       geminiContent `json:"content"`
		FinishReason  string        `json:"finishReason"`
		FinishMessage string        `json:"finishMessage"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason string `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage *geminiUsage    `json:"usageMetadata"`
	Error json.RawMessage `json:"error"`
}

// geminiUsage counts thoughts beside the answer, and what server-side tools put
// into the prompt beside that.
type geminiUsage struct {
	Prompt     *int64 `json:"promptTokenCount"` // cached ones included
	Cached     *int64 `json:"cachedContentTokenCount"`
	ToolPrompt *int64 `json:"toolUsePromptTokenCount"`
	Candidates *int64 `json:"candidatesTokenCount"`
	Thoughts   *int64 `json:"thoughtsTokenCount"`
}

func (gemini) reader(a *answer) reader {
	a.protocol = GenerateContent
	return &geminiReader{answer: a}
}

type geminiReader struct {
	*answer
	kept []geminiPart // to be sent back
	sign bool         // one of them is signed
}

func (a *geminiReader) event(data []byte) error {
	var k geminiChunk
	if json.Unmarshal(data, &k) != nil {
		return errGarbage
	}
	if isSet(k.Error) {
		return failedStream(k.Error)
	}
	if u := k.Usage; u != nil {
		a.usage = Usage{
			InputTokens:     sum(counted(u.Prompt), counted(u.ToolPrompt)),
			OutputTokens:    sum(counted(u.Candidates), counted(u.Thoughts)),
			CachedTokens:    counted(u.Cached),
			ReasoningTokens: counted(u.Thoughts),
		}
	}
	if k.Feedback.BlockReason != "" {
		return &Error{Class: ContentFilter, Text: "the provider refused the prompt: " + k.Feedback.BlockReason}
	}
	for _, c := range k.Candidates {
		if c.Index != 0 {
			continue // one answer was asked for
		}
		a.begun = true
		for _, p := range c.Content.Parts {
			a.part(p)
		}
		if err := a.stop(c.FinishReason, c.FinishMessage); err != nil {
			return err
		}
	}
	return nil
}

func (a *geminiReader) part(p geminiPart) {
	switch {
	case p.Call != nil:
		a.first()
		a.ids = a.ids || p.Call.ID != ""
		call := &partialCall{id: p.Call.ID, name: p.Call.Name}
		if len(p.Call.Args) == 0 {
			call.arguments.WriteString("{}")
		}
		call.arguments.Write(p.Call.Args)
		a.calls = append(a.calls, call)
	case p.Text == nil && p.Signature == "":
		return // nothing that was asked for
	case p.Text == nil:
		p.Text = new(string)
	case p.Thought:
		a.think(*p.Text)
	default:
		a.say(*p.Text)
	}
	a.keep(p)
}

// keep notes a part as it came: a signature has to go back in the part, and at
// the place, that it came in. Pieces of one text are joined, unless signed;
// thoughts without a signature are not sent back.
func (a *geminiReader) keep(p geminiPart) {
	plain := func(p geminiPart) bool { return p.Call == nil && p.Signature == "" && !p.Thought }
	switch n := len(a.kept); {
	case p.Thought && p.Signature == "":
		return
	case n > 0 && plain(p) && plain(a.kept[n-1]):
		joined := *a.kept[n-1].Text + *p.Text
		a.kept[n-1].Text = &joined
	default:
		a.kept = append(a.kept, p)
	}
	a.sign = a.sign || p.Signature != ""
}

// geminiStops are the reasons to finish in OpenAI's words.
var geminiStops = map[string]string{
	"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": contentFilter, "RECITATION": contentFilter, "BLOCKLIST": contentFilter,
	"PROHIBITED_CONTENT": contentFilter, "SPII": contentFilter, "IMAGE_SAFETY": contentFilter,
}

func (a *geminiReader) stop(reason, words string) error {
	switch reason {
	case "":
		return nil
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL": // there is no call to look at
		return &Error{Class: ServerError, Text: strings.TrimSpace("the model's tool call cannot be read: " + reason + " " + words)}
	}
	if a.finish = geminiStops[reason]; a.finish == "" {
		a.finish = strings.ToLower(reason)
	}
	if a.finish == "stop" && len(a.calls) > 0 {
		a.finish = "tool_calls"
	}
	if a.sign || a.ids {
		a.parts, _ = json.Marshal(a.kept) // came as JSON
	}
	return nil
}

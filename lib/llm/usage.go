package llm

import "encoding/json"

// bytesPerToken is the simple count for servers that send no usage: English
// text has about four bytes a token. It is marked Estimated wherever it goes.
const bytesPerToken = 4

// parseUsage reads a usage object, in the shapes that servers send it. It is
// none if the server counted nothing.
func parseUsage(raw json.RawMessage) (Usage, bool) {
	var u struct {
		Prompt      *int64 `json:"prompt_tokens"`
		Completion  *int64 `json:"completion_tokens"`
		PromptParts struct {
			Cached     *int64 `json:"cached_tokens"`
			CacheWrite *int64 `json:"cache_write_tokens"` // OpenRouter
		} `json:"prompt_tokens_details"`
		CompletionParts struct {
			Reasoning *int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
		CacheHit  *int64   `json:"prompt_cache_hit_tokens"` // DeepSeek
		Cost      *float64 `json:"cost"`                    // OpenRouter, USD
		QueueTime *float64 `json:"queue_time"`              // Groq, seconds
	}
	if len(raw) == 0 || json.Unmarshal(raw, &u) != nil || u.Prompt == nil && u.Completion == nil {
		return Usage{}, false
	}
	cached := counted(u.PromptParts.Cached)
	if cached == nil {
		cached = counted(u.CacheHit)
	}
	return Usage{
		InputTokens:      counted(u.Prompt),
		OutputTokens:     counted(u.Completion),
		CachedTokens:     cached,
		CacheWriteTokens: counted(u.PromptParts.CacheWrite),
		ReasoningTokens:  counted(u.CompletionParts.Reasoning),
		CostUSD:          measured(u.Cost),
		QueueS:           measured(u.QueueTime),
	}, true
}

// counted drops what is no count: some servers send −1 for unknown.
func counted(n *int64) *int64 {
	if n == nil || *n < 0 {
		return nil
	}
	return n
}

func measured(x *float64) *float64 {
	if x == nil || *x < 0 {
		return nil
	}
	return x
}

// estimate fills in the counts that the server did not send: a token for every
// four bytes of text, rounded up. A server that counts nothing for an answer
// that has words has not counted.
func (u *Usage) estimate(req Request, m Message) {
	out := messageBytes(m)
	if zero(u.InputTokens) {
		in := 0
		for _, t := range req.Tools {
			in += len(t.Name) + len(t.Description) + len(t.Parameters)
		}
		for _, m := range req.Messages {
			m.Reasoning = "" // is not sent
			in += messageBytes(m)
		}
		u.InputTokens, u.Estimated = tokens(in), true
	}
	if u.OutputTokens == nil || *u.OutputTokens == 0 && out > 0 {
		u.OutputTokens, u.Estimated = tokens(out), true
	}
}

func zero(n *int64) bool { return n == nil || *n == 0 }

func messageBytes(m Message) int {
	n := len(m.Content) + len(m.Reasoning)
	for _, c := range m.ToolCalls {
		n += len(c.Name) + len(c.Arguments)
	}
	return n
}

func tokens(bytes int) *int64 {
	n := int64(bytes+bytesPerToken-1) / bytesPerToken
	return &n
}

package llm

import "encoding/json"

// parseUsage reads the usage object of chat completions, in the shapes that
// servers send it. It is none if the server counted nothing.
func parseUsage(raw json.RawMessage) (Usage, bool) {
	var u struct {
		Prompt      *int64 `json:"prompt_tokens"`
		Completion  *int64 `json:"completion_tokens"`
		Total       *int64 `json:"total_tokens"`
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
		OwnKey    bool     `json:"is_byok"`                 // OpenRouter: cost is its fee, and the provider's stands beside it
		CostParts struct {
			Upstream *float64 `json:"upstream_inference_cost"`
		} `json:"cost_details"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &u) != nil || u.Prompt == nil && u.Completion == nil {
		return Usage{}, false
	}
	out := Usage{
		InputTokens:      counted(u.Prompt),
		OutputTokens:     counted(u.Completion),
		CachedTokens:     counted(u.PromptParts.Cached),
		CacheWriteTokens: counted(u.PromptParts.CacheWrite),
		ReasoningTokens:  counted(u.CompletionParts.Reasoning),
		CostUSD:          measured(u.Cost),
		QueueS:           measured(u.QueueTime),
	}
	if out.CachedTokens == nil {
		out.CachedTokens = counted(u.CacheHit)
	}
	if u.OwnKey && out.CostUSD != nil {
		out.CostUSD = sum(out.CostUSD, measured(u.CostParts.Upstream))
	}
	if r, in, n := out.ReasoningTokens, out.InputTokens, out.OutputTokens; r != nil && in != nil && n != nil && u.Total != nil && *r > 0 && *u.Total == *in+*n+*r {
		out.OutputTokens = sum(n, r) // xAI counts reasoning beside the completion, and its total says so
	}
	return out, true
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

// add makes u the usage of two tries: both were paid for.
func (u *Usage) add(v Usage) {
	u.InputTokens = sum(u.InputTokens, v.InputTokens)
	u.OutputTokens = sum(u.OutputTokens, v.OutputTokens)
	u.CachedTokens = sum(u.CachedTokens, v.CachedTokens)
	u.CacheWriteTokens = sum(u.CacheWriteTokens, v.CacheWriteTokens)
	u.ReasoningTokens = sum(u.ReasoningTokens, v.ReasoningTokens)
	u.CostUSD = sum(u.CostUSD, v.CostUSD)
	u.QueueS = sum(u.QueueS, v.QueueS)
	u.Estimated = u.Estimated || v.Estimated
}

// sum adds what is known; nil if neither is.
func sum[N int64 | float64](a, b *N) *N {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	n := *a + *b
	return &n
}

// estimate fills in the counts that the server did not send. A server that
// counts nothing for an answer that has words has not counted.
func (u *Usage) estimate(req Request, m Message, count counter) {
	if zero(u.InputTokens) {
		n := count.request(req)
		u.InputTokens, u.Estimated = &n, true
	}
	if zero(u.OutputTokens) {
		if n := count.message(m); n > 0 || u.OutputTokens == nil {
			u.OutputTokens, u.Estimated = &n, true
		}
	}
}

// estimatePart does the same for an answer that broke off: what a server had
// counted by then is of its beginning. Nothing came, nothing is counted.
func (u *Usage) estimatePart(req Request, m Message, count counter) {
	n := count.message(m)
	if n == 0 && u.InputTokens == nil && u.OutputTokens == nil {
		return
	}
	if zero(u.InputTokens) {
		in := count.request(req)
		u.InputTokens, u.Estimated = &in, true
	}
	if u.OutputTokens == nil || *u.OutputTokens < n {
		u.OutputTokens, u.Estimated = &n, true
	}
}

func zero(n *int64) bool { return n == nil || *n == 0 }

// counter counts the tokens of a text.
type counter func(text string) int64

func (count counter) request(req Request) (n int64) {
	for _, t := range req.Tools {
		n += count(t.Name) + count(t.Description) + count(string(t.Parameters))
	}
	for _, m := range req.Messages {
		m.Reasoning = "" // is not sent
		n += count.message(m)
	}
	return n
}

func (count counter) message(m Message) int64 {
	n := count(m.Content) + count(m.Reasoning)
	for _, c := range m.ToolCalls {
		n += count(c.Name) + count(c.Arguments)
	}
	return n
}

package llm

import "fmt"

// hottest is the highest temperature that a provider takes, where it says so.
var hottest = map[string]float64{"openai": 2, "openrouter": 2, "gemini": 2, "anthropic": 1}

// Check tells, before the first call, what of a request's sampling an endpoint
// does not do: warnings about what is left out, and a *UsageError about what
// would be refused every time.
func (e Endpoint) Check(req Request) (warnings []string, err error) {
	if limit, ok := hottest[e.Provider]; ok && req.Temperature != nil && *req.Temperature > limit {
		return nil, &UsageError{text: fmt.Sprintf("--temperature %g: %s takes one from 0 to %g", *req.Temperature, e.Provider, limit)}
	}
	if e.Protocol == Messages && req.Seed != nil {
		warnings = append(warnings, e.Provider+" has no seed: --seed is not sent")
	}
	return warnings, nil
}

package price

import (
	"fmt"
	"time"
)

// Tokens counts what one call is billed for. Input includes cached and
// cache-write ones, output those of reasoning.
type Tokens struct{ Input, Cached, CacheWrite, Output int64 }

// Cost is what a call of that time costs, in US dollars. An error says why these
// are not its prices.
func (m Model) Cost(t Tokens, at time.Time) (float64, error) {
	if min(t.Cached, t.CacheWrite, t.Output) < 0 || t.Cached > t.Input || t.CacheWrite > t.Input-t.Cached {
		return 0, fmt.Errorf("token counts contradict each other (input %d, of it cached %d and written to the cache %d, output %d)",
			t.Input, t.Cached, t.CacheWrite, t.Output)
	}
	if m.MaxInputTokens != nil && t.Input > *m.MaxInputTokens {
		return 0, fmt.Errorf("the price is for inputs of up to %d tokens, not for %d", *m.MaxInputTokens, t.Input)
	}
	if m.Until != "" && at.UTC().Format(time.DateOnly) > m.Until {
		return 0, fmt.Errorf("the price was for calls until %s", m.Until)
	}
	or := func(p *float64) float64 {
		if p == nil {
			return m.Input
		}
		return *p
	}
	fresh := t.Input - t.Cached - t.CacheWrite
	return (float64(fresh)*m.Input + float64(t.Cached)*or(m.CachedInput) +
		float64(t.CacheWrite)*or(m.CacheWrite) + float64(t.Output)*m.Output) / 1e6, nil
}

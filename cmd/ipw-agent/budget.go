package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/llm"
	"ipw/lib/power"
	"ipw/lib/price"
	"ipw/lib/stream"
)

// budget is what each query may use, nil for anything. done ends the reading of
// power streams.
func (p *plan) budget(c *cli.Context, say func(string)) (b *agent.Budget, done func()) {
	if p.TokenBudget == 0 && p.CostBudget == 0 && p.JouleBudget == 0 {
		return nil, func() {}
	}
	b = &agent.Budget{Tokens: p.TokenBudget, CostUSD: p.CostBudget, Joules: p.JouleBudget, Cost: p.cost(say)}
	if b.Joules == 0 {
		return b, func() {}
	}
	ctx, cancel := context.WithCancel(c)
	b.Meter = agent.NewMeter(p.clock)
	for _, path := range p.Power {
		go watch(ctx, b.Meter, path, say)
	}
	return b, cancel
}

// watch reads a power stream as it grows. The run goes on without it, but says
// so.
func watch(ctx context.Context, m *agent.Meter, path string, say func(string)) {
	late := time.AfterFunc(firstReading, func() {
		if ctx.Err() == nil && !m.Reads() {
			say(fmt.Sprintf("warning: %s has shown no reading yet, and without one --max-joules ends nothing", path))
		}
	})
	defer late.Stop()
	in, err := stream.Open(ctx, path, nil, true)
	if err == nil {
		defer in.Close()
		problems := &stream.Problems{Partial: true, Print: say}
		err = m.Read(power.NewReader(problems, in))
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		say(fmt.Sprintf("warning: --power: %v; --max-joules does not count it any more", err))
	default:
		say(fmt.Sprintf("warning: %s has ended; --max-joules does not count it any more", path))
	}
}

// firstReading is how long a sampler may take to begin without a word about it.
const firstReading = 10 * time.Second

// findPrice looks up what --max-cost counts with.
func (p *plan) findPrice() error {
	if p.CostBudget == 0 {
		return nil
	}
	table := price.Default()
	if p.Prices != "" {
		f, err := os.Open(p.Prices)
		if err != nil {
			return fmt.Errorf("--prices: %w", err)
		}
		defer f.Close()
		if table, err = price.Read(f); err != nil {
			return fmt.Errorf("%s: %w", p.Prices, err)
		}
	}
	if m, ok := table.Find(p.Model); ok {
		p.prices = &m
	} else if p.endpoint.Provider != "openrouter" { // which tells the cost of every call
		return cli.Hint(cli.Usagef("--max-cost: nobody knows what %s costs", p.Model),
			`--prices FILE with {"schema":"ipw.prices/1","models":{%q:{"input":USD,"output":USD}}}, per million tokens`, p.Model)
	}
	return nil
}

// cost is that of a call: the provider's word, else the table's.
func (p *plan) cost(say func(string)) func(model string, u llm.Usage) float64 {
	var once sync.Once
	return func(model string, u llm.Usage) float64 {
		if u.CostUSD != nil || p.prices == nil {
			return value(u.CostUSD)
		}
		usd, err := p.prices.Cost(price.Tokens{Input: value(u.InputTokens), Output: value(u.OutputTokens),
			Cached: value(u.CachedTokens), CacheWrite: value(u.CacheWriteTokens)}, time.Now())
		if err != nil {
			once.Do(func() { say(fmt.Sprintf("warning: --max-cost: a call of %s is not counted: %v", model, err)) })
		}
		return usd
	}
}

// value of what may not have been told.
func value[T int64 | float64](v *T) T {
	if v == nil {
		return 0
	}
	return *v
}

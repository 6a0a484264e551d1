package price_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"ipw/lib/price"
)

func at(day string) time.Time {
	d, err := time.Parse(time.RFC3339, day)
	if err != nil {
		panic(err)
	}
	return d
}

func TestCost(t *testing.T) {
	noon := at("2026-11-23T12:00:00Z")
	full := price.Model{Input: 3, CachedInput: new(0.3), CacheWrite: new(3.75), Output: 15}
	for _, c := range []struct {
		name  string
		model price.Model
		calls price.Tokens
		want  float64
	}{
		{"nothing", full, price.Tokens{}, 0},
		{"a million in", full, price.Tokens{Input: 1e6}, 3},
		{"a million out", full, price.Tokens{Output: 1e6}, 15},
		{"all cached", full, price.Tokens{Input: 1e6, Cached: 1e6}, 0.3},
		{"all written", full, price.Tokens{Input: 1e6, CacheWrite: 1e6}, 3.75},
		{"some of each", full, price.Tokens{Input: 10000, Cached: 6000, CacheWrite: 1000, Output: 500}, (3000*3 + 6000*0.3 + 1000*3.75 + 500*15) / 1e6},
		{"no price of cached input", price.Model{Input: 2, Output: 8}, price.Tokens{Input: 1e6, Cached: 4e5, CacheWrite: 1e5}, 2},
		{"cached input is free", price.Model{Input: 2, CachedInput: new(0.0), Output: 8}, price.Tokens{Input: 1e6, Cached: 4e5}, 1.2},
		{"a free model", price.Model{}, price.Tokens{Input: 1e6, Output: 1e6}, 0},
		{"as long as it may be", price.Model{Input: 1, MaxInputTokens: new(int64(200000))}, price.Tokens{Input: 200000, Cached: 199999}, 0.2},
		{"output does not count as length", price.Model{Output: 1, MaxInputTokens: new(int64(10))}, price.Tokens{Input: 10, Output: 1e6}, 1},
		{"on the last day", price.Model{Input: 1, Until: "2026-11-23"}, price.Tokens{Input: 1e6}, 1},
	} {
		got, err := c.model.Cost(c.calls, noon)
		if err != nil || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

// A price that is not the call's is none, and says why.
func TestNoCost(t *testing.T) {
	for _, c := range []struct {
		model price.Model
		calls price.Tokens
		at    string
		want  string
	}{
		{price.Model{MaxInputTokens: new(int64(200000))}, price.Tokens{Input: 200001}, "2026-11-23T12:00:00Z", "up to 200000 tokens, not for 200001"},
		{price.Model{MaxInputTokens: new(int64(200000))}, price.Tokens{Input: 300000, Cached: 299000}, "2026-11-23T12:00:00Z", "up to 200000 tokens, not for 300000"},
		{price.Model{Until: "2026-11-21"}, price.Tokens{Input: 1}, "2026-11-22T00:00:00Z", "until 2026-11-21"},
		{price.Model{Until: "2026-11-21"}, price.Tokens{Input: 1}, "2026-11-21T23:00:00-05:00", "until 2026-11-21"},
		{price.Model{}, price.Tokens{Input: 10, Cached: 11}, "2026-11-23T12:00:00Z", "contradict"},
		{price.Model{}, price.Tokens{Input: 10, Cached: 6, CacheWrite: 5}, "2026-11-23T12:00:00Z", "contradict"},
		{price.Model{}, price.Tokens{Input: -1}, "2026-11-23T12:00:00Z", "contradict"},
		{price.Model{}, price.Tokens{Input: 1, Cached: -1}, "2026-11-23T12:00:00Z", "contradict"},
		{price.Model{}, price.Tokens{Cached: math.MaxInt64, CacheWrite: math.MaxInt64}, "2026-11-23T12:00:00Z", "contradict"},
		{price.Model{}, price.Tokens{Output: -1}, "2026-11-23T12:00:00Z", "contradict"},
	} {
		if usd, err := c.model.Cost(c.calls, at(c.at)); err == nil || !strings.Contains(err.Error(), c.want) || usd != 0 {
			t.Errorf("%+v at %s: %v, %v; want an error with %q", c.calls, c.at, usd, err, c.want)
		}
	}
}

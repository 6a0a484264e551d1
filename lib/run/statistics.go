package run

import (
	"ipw/lib/stats"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// statistics describes every metric over the queries; those of turns are over
// turns. A metric that no query has is null.
func statistics(traces []*trace.QueryTrace) map[string]*stats.Description {
	v := make(map[string][]float64)
	put := func(name string, x *float64) {
		if x != nil {
			v[name] = append(v[name], *x)
		} else if _, ok := v[name]; !ok {
			v[name] = nil
		}
	}
	for _, q := range traces {
		put("wall_clock_s", q.TotalWallClockS)
		put("turns", number(q.NumTurns))
		put("tool_calls", number(q.TotalToolCalls))
		put("input_tokens", whole(q.TotalInputTokens))
		put("output_tokens", whole(q.TotalOutputTokens))
		put("total_tokens", plus(whole(q.TotalInputTokens), whole(q.TotalOutputTokens)))
		put("throughput_tokens_per_sec", ratio(whole(q.TotalOutputTokens), q.TotalWallClockS))
		put("energy_joules", joules(q.QueryEnergyJoules))
		put("gpu_energy_joules", joules(q.Query.GPU))
		put("cpu_energy_joules", joules(q.Query.CPU))
		put("dram_energy_joules", joules(q.Query.DRAM))
		put("gpu_power_watts", q.QueryGPUPowerAvgWatts)
		put("cpu_power_watts", q.QueryCPUPowerAvgWatts)
		put("energy_per_output_token_joules", ratio(joules(q.QueryEnergyJoules), whole(q.TotalOutputTokens)))
		put("cost_usd", q.TotalCostUSD)
		for i := range q.Turns {
			turn := &q.Turns[i]
			put("turn_wall_clock_s", turn.WallClockS)
			put("turn_energy_joules", joules(turn.EnergyJoules))
			put("ttft_s", turn.TTFTS)
		}
	}
	d := make(map[string]*stats.Description)
	for name, x := range v {
		d[name] = stats.Describe(x)
	}
	return d
}

func number(n int) *float64 { f := float64(n); return &f }

func whole(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return number(int(*n))
}

func joules(j *unit.Joules) *float64 {
	if j == nil {
		return nil
	}
	f := j.Float()
	return &f
}

func plus(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	s := *a + *b
	return &s
}

func ratio(a, b *float64) *float64 {
	if a == nil || b == nil || *b <= 0 {
		return nil
	}
	r := *a / *b
	return &r
}

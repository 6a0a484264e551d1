package trace

import (
	"fmt"
	"math"
	"testing"

	"ipw/lib/unit"
)

// usual is a trace as most are: five turns with a tool each, a GPU and a CPU
// shared with other queries.
func usual() *QueryTrace {
	reason, run, agent, model, host := "finished", "run_react_m_d@x", "react", "m", "n1"
	answer := "42"
	q := &QueryTrace{Schema: Schema, QueryID: "q000000", WorkloadType: "d", QueryText: "What is the answer to question 0, to the last digit?", ResponseText: answer,
		TotalWallClockS: new(38.989576), Completed: true, Reference: &answer, Reason: &reason, Attempt: 1, StartUs: 1763884800050000, EndUs: 1763884839039576,
		Run: &run, Agent: &agent, Model: &model, Dataset: &answer, Host: &host, NumTurns: 5, TotalInputTokens: new(int64(12245)), TotalOutputTokens: new(int64(824)), TotalToolCalls: 5,
		Total: joulesOfTwo(0), Query: joulesOfTwo(1), Overhead: joulesOfTwo(2), QueryEnergyJoules: someJoules(3),
		QueryGPUPowerAvgWatts: someWatts(4), QueryCPUPowerAvgWatts: someWatts(5), Energy: usualEnergy(6, "cpu", "gpu", "overhead_cpu", "overhead_gpu")}
	for i := range 5 {
		n := 100 * (i + 1)
		q.Turns = append(q.Turns, TurnTrace{TurnIndex: i, InputTokens: new(int64(2161)), OutputTokens: new(int64(325)), ToolResultTokens: new(int64(4)),
			ToolsCalled: []string{"calculator"}, ToolLatenciesS: map[string]float64{"calculator": 1.226328}, WallClockS: new(6.294972),
			Joules: joulesOfTwo(n), GPUPowerAvgWatts: someWatts(n), CPUPowerAvgWatts: someWatts(n + 1), StartUs: 1763884800439895, EndUs: 1763884806734867,
			TTFTS: new(1.123501), EnergyJoules: someJoules(n + 2), PeakWatts: new(476.053), LMGPUJoules: someJoules(n + 3), LMCPUJoules: someJoules(n + 4),
			PrefillGPUJoules: someJoules(n + 5), DecodeGPUJoules: someJoules(n + 6),
			Tools: []ToolTrace{{Name: "calculator", Span: fmt.Sprintf("q000000-%d", 2*i+1), LatencyS: new(1.226328), GPUEnergyJoules: someJoules(n + 7), CPUEnergyJoules: someJoules(n + 8),
				OK: new(true), ResultTokens: new(int64(4)), UncertaintyJoules: map[string]*float64{"gpu": bound(n), "cpu": bound(n + 1)}}},
			Energy: usualEnergy(n+9, "cpu", "decode_gpu", "gpu", "lm_cpu", "lm_gpu", "prefill_gpu")})
	}
	return q
}

func joulesOfTwo(n int) ByKind { return ByKind{GPU: someJoules(n), CPU: someJoules(n + 50)} }

// someJoules has nine decimals, as a share of a device's has.
func someJoules(n int) *unit.Joules {
	return new(unit.FromFloat(1000 * math.Abs(math.Sin(float64(n)))))
}

// someWatts is a quotient: it has all digits of a double.
func someWatts(n int) *float64 { return new(someJoules(n).Float() / 6.294972) }

// bound is a whole number of nanojoules.
func bound(n int) *float64 { return new((*someJoules(n) / 20).Float()) }

func usualEnergy(n int, keys ...string) Energy {
	share := "shared"
	e := Energy{Basis: []string{"gpu", "cpu"}, Method: "counter", Share: &share, ShareRule: "active",
		Sharers:  map[string]float64{"gpu": *someWatts(n) / 100, "cpu": *someWatts(n + 1) / 100},
		Coverage: new(1.0), Samples: new(int64(126)), UncertaintyJoules: map[string]*float64{}, UncertaintyKind: map[string]string{}, BelowResolution: new(false),
		ByDomain: map[string]*unit.Joules{"gpu:0": someJoules(n), "cpu:0": someJoules(n + 1)}, Missing: map[string]string{"dram": "no sensor"}}
	for i, key := range keys {
		e.UncertaintyJoules[key], e.UncertaintyKind[key] = bound(n+i), "bound"
	}
	return e
}

func BenchmarkAppendUsual(b *testing.B) {
	q := usual()
	line, err := q.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if line, err = q.Append(line[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

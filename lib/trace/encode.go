package trace

import "fmt"

// MarshalJSON writes every key, then the Extra ones.
func (q *QueryTrace) MarshalJSON() ([]byte, error) { return q.Append(nil) }

// MarshalJSON writes every key, then the Extra ones.
func (t *TurnTrace) MarshalJSON() ([]byte, error) {
	var l line
	l.turn(t)
	return l.b, l.err
}

// Append appends q as one line of JSON without newline.
func (q *QueryTrace) Append(b []byte) ([]byte, error) {
	l := line{b: b}
	l.query(q)
	if l.err != nil {
		return b, l.err
	}
	return l.b, nil
}

// names as they stand in a line. Made once, as they are.
var (
	turnText     = turnNames.next()
	totalText    = totalNames.next()
	queryText    = queryNames.next()
	overheadText = overheadNames.next()
	setupText    = setupNames.next()
	scoringText  = scoringNames.next()
	attemptText  = attemptNames.next()
	idleText     = idleNames.next()
)

// next returns names as keys that others stand before.
func (n names) next() names {
	for i, name := range n {
		n[i] = `,"` + name + `":`
	}
	return n
}

// The keys are those of Fields, in their order.

func (l *line) query(q *QueryTrace) {
	l.text(`{"schema":`, q.Schema)
	l.text(`,"query_id":`, q.QueryID)
	l.text(`,"workload_type":`, q.WorkloadType)
	l.text(`,"query_text":`, q.QueryText)
	l.text(`,"response_text":`, q.ResponseText)
	l.turns(`,"turns":`, q.Turns)
	l.optFloat(`,"total_wall_clock_s":`, q.TotalWallClockS)
	l.bool(`,"completed":`, q.Completed)
	l.bool(`,"timed_out":`, q.TimedOut)

	l.optText(`,"reference":`, q.Reference)
	l.object(`,"metadata":`, q.Metadata)
	l.optText(`,"error":`, q.Error)
	l.optText(`,"reason":`, q.Reason)
	l.whole(`,"attempt":`, int64(q.Attempt))
	l.whole(`,"start_us":`, q.StartUs)
	l.whole(`,"end_us":`, q.EndUs)
	l.optText(`,"run":`, q.Run)
	l.optText(`,"agent":`, q.Agent)
	l.optText(`,"model":`, q.Model)
	l.optText(`,"dataset":`, q.Dataset)
	l.optText(`,"host":`, q.Host)

	l.whole(`,"num_turns":`, int64(q.NumTurns))
	l.optWhole(`,"total_input_tokens":`, q.TotalInputTokens)
	l.optWhole(`,"total_output_tokens":`, q.TotalOutputTokens)
	l.whole(`,"total_tool_calls":`, int64(q.TotalToolCalls))
	l.byKind(&totalText, &q.Total)
	l.optFloat(`,"total_cost_usd":`, q.TotalCostUSD)

	l.byKind(&queryText, &q.Query)
	l.joules(`,"query_energy_joules":`, q.QueryEnergyJoules)
	l.optFloat(`,"query_gpu_power_avg_watts":`, q.QueryGPUPowerAvgWatts)
	l.optFloat(`,"query_cpu_power_avg_watts":`, q.QueryCPUPowerAvgWatts)
	l.byKind(&overheadText, &q.Overhead)
	l.optFloat(`,"setup_s":`, q.SetupS)
	l.byKind(&setupText, &q.Setup)
	l.optFloat(`,"scoring_s":`, q.ScoringS)
	l.byKind(&scoringText, &q.Scoring)
	l.byKind(&attemptText, &q.AttemptJoules)
	l.optFloat(`,"attempt_cost_usd":`, q.AttemptCostUSD)

	l.optBool(`,"is_resolved":`, q.IsResolved)
	l.optFloat(`,"accuracy_score":`, q.AccuracyScore)
	l.optText(`,"unscorable_reason":`, q.UnscorableReason)
	l.object(`,"score_metadata":`, q.ScoreMetadata)
	l.raw(`,"energy":`)
	l.energy(&q.Energy)
	if q.HasAboveIdle {
		l.byKind(&idleText, &q.AboveIdle)
	}
	if q.HasElectricity {
		l.optFloat(`,"electricity_cost_usd":`, q.ElectricityCostUSD)
	}
	l.extra(q.Extra)
	l.raw("}")
}

func (l *line) turns(key string, turns []TurnTrace) {
	l.raw(key)
	l.raw("[")
	for i := range turns {
		l.raw(comma(i))
		fine := l.err == nil
		l.turn(&turns[i])
		if fine && l.err != nil {
			l.err = fmt.Errorf("turn %d: %w", turns[i].TurnIndex, l.err)
		}
	}
	l.raw("]")
}

func (l *line) turn(t *TurnTrace) {
	l.whole(`{"turn_index":`, int64(t.TurnIndex))
	l.optWhole(`,"input_tokens":`, t.InputTokens)
	l.optWhole(`,"output_tokens":`, t.OutputTokens)
	l.optWhole(`,"tool_result_tokens":`, t.ToolResultTokens)
	l.texts(`,"tools_called":`, t.ToolsCalled)
	l.floats(`,"tool_latencies_s":`, t.ToolLatenciesS)
	l.optFloat(`,"wall_clock_s":`, t.WallClockS)
	l.byKind(&turnText, &t.Joules)
	l.optFloat(`,"gpu_power_avg_watts":`, t.GPUPowerAvgWatts)
	l.optFloat(`,"cpu_power_avg_watts":`, t.CPUPowerAvgWatts)
	l.optFloat(`,"cost_usd":`, t.CostUSD)
	l.optText(`,"error":`, t.Error)

	l.whole(`,"start_us":`, t.StartUs)
	l.whole(`,"end_us":`, t.EndUs)
	l.optWhole(`,"cached_tokens":`, t.CachedTokens)
	l.optWhole(`,"cache_write_tokens":`, t.CacheWriteTokens)
	l.optWhole(`,"reasoning_tokens":`, t.ReasoningTokens)
	l.optFloat(`,"ttft_s":`, t.TTFTS)
	l.joules(`,"energy_joules":`, t.EnergyJoules)
	l.optFloat(`,"peak_watts":`, t.PeakWatts)
	l.joules(`,"lm_gpu_energy_joules":`, t.LMGPUJoules)
	l.joules(`,"lm_cpu_energy_joules":`, t.LMCPUJoules)
	l.joules(`,"prefill_gpu_energy_joules":`, t.PrefillGPUJoules)
	l.joules(`,"decode_gpu_energy_joules":`, t.DecodeGPUJoules)
	l.raw(`,"tools":[`)
	for i := range t.Tools {
		l.raw(comma(i))
		l.tool(&t.Tools[i])
	}
	l.raw("]")
	l.bool(`,"has_parallel_tools":`, t.HasParallelTools)
	l.raw(`,"energy":`)
	l.energy(&t.Energy)
	if t.HasAboveIdle {
		l.byKind(&idleText, &t.AboveIdle)
	}
	if t.HasElectricity {
		l.optFloat(`,"electricity_cost_usd":`, t.ElectricityCostUSD)
	}
	l.extra(t.Extra)
	l.raw("}")
}

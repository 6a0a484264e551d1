package trace

// Field is one key of a trace and a pointer to its value.
type Field struct {
	Name string
	Ptr  any
}

// kindFields lists prefix_KIND_energy_joules for every kind.
func kindFields(f []Field, prefix string, b *ByKind) []Field {
	if prefix != "" {
		prefix += "_"
	}
	name := func(kind string) string { return prefix + kind + "_energy_joules" }
	return append(f, Field{name("gpu"), &b.GPU}, Field{name("cpu"), &b.CPU}, Field{name("dram"), &b.DRAM},
		Field{name("soc"), &b.SOC}, Field{name("ane"), &b.ANE}, Field{name("board"), &b.Board})
}

func idleFields(f []Field, b *ByKind) []Field {
	return append(f, Field{"above_idle_gpu_joules", &b.GPU}, Field{"above_idle_cpu_joules", &b.CPU}, Field{"above_idle_dram_joules", &b.DRAM},
		Field{"above_idle_soc_joules", &b.SOC}, Field{"above_idle_ane_joules", &b.ANE}, Field{"above_idle_board_joules", &b.Board})
}

// Fields lists the trace's keys in the order they are written.
func (q *QueryTrace) Fields() []Field { return chosen(q.all(), q.HasAboveIdle, q.HasElectricity) }

// The last keys are there only if they were asked for: first those of --idle,
// then that of --kwh-price.
const (
	idleKeys        = 6
	electricityKeys = 1
)

// chosen drops the keys that were not asked for.
func chosen(all []Field, idle, electricity bool) []Field {
	always := len(all) - idleKeys - electricityKeys
	f := all[:always]
	if idle {
		f = all[:always+idleKeys]
	}
	if electricity {
		f = append(f, all[always+idleKeys:]...)
	}
	return f
}

func (q *QueryTrace) all() []Field {
	f := make([]Field, 0, 96)
	f = append(f,
		Field{"schema", &q.Schema}, Field{"query_id", &q.QueryID}, Field{"workload_type", &q.WorkloadType},
		Field{"query_text", &q.QueryText}, Field{"response_text", &q.ResponseText}, Field{"turns", &q.Turns},
		Field{"total_wall_clock_s", &q.TotalWallClockS}, Field{"completed", &q.Completed}, Field{"timed_out", &q.TimedOut},
		Field{"reference", &q.Reference}, Field{"metadata", &q.Metadata}, Field{"error", &q.Error}, Field{"reason", &q.Reason},
		Field{"attempt", &q.Attempt}, Field{"start_us", &q.StartUs}, Field{"end_us", &q.EndUs}, Field{"run", &q.Run},
		Field{"agent", &q.Agent}, Field{"model", &q.Model}, Field{"dataset", &q.Dataset}, Field{"host", &q.Host},
		Field{"num_turns", &q.NumTurns}, Field{"total_input_tokens", &q.TotalInputTokens},
		Field{"total_output_tokens", &q.TotalOutputTokens}, Field{"total_tool_calls", &q.TotalToolCalls})
	f = kindFields(f, "total", &q.Total)
	f = append(f, Field{"total_cost_usd", &q.TotalCostUSD})
	f = kindFields(f, "query", &q.Query)
	f = append(f, Field{"query_energy_joules", &q.QueryEnergyJoules},
		Field{"query_gpu_power_avg_watts", &q.QueryGPUPowerAvgWatts}, Field{"query_cpu_power_avg_watts", &q.QueryCPUPowerAvgWatts})
	f = kindFields(f, "overhead", &q.Overhead)
	f = append(f, Field{"setup_s", &q.SetupS})
	f = kindFields(f, "setup", &q.Setup)
	f = append(f, Field{"scoring_s", &q.ScoringS})
	f = kindFields(f, "scoring", &q.Scoring)
	f = kindFields(f, "attempt", &q.AttemptJoules)
	f = append(f, Field{"attempt_cost_usd", &q.AttemptCostUSD},
		Field{"is_resolved", &q.IsResolved}, Field{"accuracy_score", &q.AccuracyScore},
		Field{"unscorable_reason", &q.UnscorableReason}, Field{"score_metadata", &q.ScoreMetadata},
		Field{"energy", &q.Energy})
	return append(idleFields(f, &q.AboveIdle), Field{"electricity_cost_usd", &q.ElectricityCostUSD})
}

// Fields lists the turn's keys in the order they are written.
func (t *TurnTrace) Fields() []Field { return chosen(t.all(), t.HasAboveIdle, t.HasElectricity) }

func (t *TurnTrace) all() []Field {
	f := make([]Field, 0, 48)
	f = append(f,
		Field{"turn_index", &t.TurnIndex}, Field{"input_tokens", &t.InputTokens}, Field{"output_tokens", &t.OutputTokens},
		Field{"tool_result_tokens", &t.ToolResultTokens}, Field{"tools_called", &t.ToolsCalled},
		Field{"tool_latencies_s", &t.ToolLatenciesS}, Field{"wall_clock_s", &t.WallClockS})
	f = kindFields(f, "", &t.Joules)
	f = append(f,
		Field{"gpu_power_avg_watts", &t.GPUPowerAvgWatts}, Field{"cpu_power_avg_watts", &t.CPUPowerAvgWatts},
		Field{"cost_usd", &t.CostUSD}, Field{"error", &t.Error}, Field{"start_us", &t.StartUs}, Field{"end_us", &t.EndUs},
		Field{"cached_tokens", &t.CachedTokens}, Field{"cache_write_tokens", &t.CacheWriteTokens},
		Field{"reasoning_tokens", &t.ReasoningTokens}, Field{"ttft_s", &t.TTFTS}, Field{"energy_joules", &t.EnergyJoules},
		Field{"peak_watts", &t.PeakWatts}, Field{"lm_gpu_energy_joules", &t.LMGPUJoules}, Field{"lm_cpu_energy_joules", &t.LMCPUJoules},
		Field{"prefill_gpu_energy_joules", &t.PrefillGPUJoules}, Field{"decode_gpu_energy_joules", &t.DecodeGPUJoules},
		Field{"tools", &t.Tools}, Field{"has_parallel_tools", &t.HasParallelTools}, Field{"energy", &t.Energy})
	return append(idleFields(f, &t.AboveIdle), Field{"electricity_cost_usd", &t.ElectricityCostUSD})
}

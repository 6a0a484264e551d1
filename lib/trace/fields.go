package trace

// Field is one key of a trace and a pointer to its value.
type Field struct {
	Name string
	Ptr  any
}

// names are the keys of one ByKind: gpu, cpu, dram, soc, ane, board.
type names [6]string

// joulesOf names PREFIX_KIND_energy_joules.
func joulesOf(prefix string) (n names) {
	for i, kind := range [...]string{"gpu", "cpu", "dram", "soc", "ane", "board"} {
		n[i] = prefix + kind + "_energy_joules"
	}
	return n
}

// Made once: a turn is written in less time than its keys are put together.
var (
	turnNames     = joulesOf("")
	totalNames    = joulesOf("total_")
	queryNames    = joulesOf("query_")
	overheadNames = joulesOf("overhead_")
	setupNames    = joulesOf("setup_")
	scoringNames  = joulesOf("scoring_")
	attemptNames  = joulesOf("attempt_")
	idleNames     = names{"above_idle_gpu_joules", "above_idle_cpu_joules", "above_idle_dram_joules",
		"above_idle_soc_joules", "above_idle_ane_joules", "above_idle_board_joules"}
)

func kindFields(f []Field, n *names, b *ByKind) []Field {
	return append(f, Field{n[0], &b.GPU}, Field{n[1], &b.CPU}, Field{n[2], &b.DRAM},
		Field{n[3], &b.SOC}, Field{n[4], &b.ANE}, Field{n[5], &b.Board})
}

// Fields lists the trace's keys in the order they are written.
func (q *QueryTrace) Fields() []Field { return q.fields(nil) }

func (q *QueryTrace) fields(f []Field) []Field {
	return chosen(q.all(f), q.HasAboveIdle, q.HasElectricity)
}

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

// all appends every key there may be.
func (q *QueryTrace) all(f []Field) []Field {
	f = append(f,
		Field{"schema", &q.Schema}, Field{"query_id", &q.QueryID}, Field{"workload_type", &q.WorkloadType},
		Field{"query_text", &q.QueryText}, Field{"response_text", &q.ResponseText}, Field{"turns", &q.Turns},
		Field{"total_wall_clock_s", &q.TotalWallClockS}, Field{"completed", &q.Completed}, Field{"timed_out", &q.TimedOut},
		Field{"reference", &q.Reference}, Field{"metadata", &q.Metadata}, Field{"error", &q.Error}, Field{"reason", &q.Reason},
		Field{"attempt", &q.Attempt}, Field{"start_us", &q.StartUs}, Field{"end_us", &q.EndUs}, Field{"run", &q.Run},
		Field{"agent", &q.Agent}, Field{"model", &q.Model}, Field{"dataset", &q.Dataset}, Field{"host", &q.Host},
		Field{"num_turns", &q.NumTurns}, Field{"total_input_tokens", &q.TotalInputTokens},
		Field{"total_output_tokens", &q.TotalOutputTokens}, Field{"total_tool_calls", &q.TotalToolCalls})
	f = kindFields(f, &totalNames, &q.Total)
	f = append(f, Field{"total_cost_usd", &q.TotalCostUSD})
	f = kindFields(f, &queryNames, &q.Query)
	f = append(f, Field{"query_energy_joules", &q.QueryEnergyJoules},
		Field{"query_gpu_power_avg_watts", &q.QueryGPUPowerAvgWatts}, Field{"query_cpu_power_avg_watts", &q.QueryCPUPowerAvgWatts})
	f = kindFields(f, &overheadNames, &q.Overhead)
	f = append(f, Field{"setup_s", &q.SetupS})
	f = kindFields(f, &setupNames, &q.Setup)
	f = append(f, Field{"scoring_s", &q.ScoringS})
	f = kindFields(f, &scoringNames, &q.Scoring)
	f = kindFields(f, &attemptNames, &q.AttemptJoules)
	f = append(f, Field{"attempt_cost_usd", &q.AttemptCostUSD},
		Field{"is_resolved", &q.IsResolved}, Field{"accuracy_score", &q.AccuracyScore},
		Field{"unscorable_reason", &q.UnscorableReason}, Field{"score_metadata", &q.ScoreMetadata},
		Field{"energy", &q.Energy})
	return append(kindFields(f, &idleNames, &q.AboveIdle), Field{"electricity_cost_usd", &q.ElectricityCostUSD})
}

// Fields lists the turn's keys in the order they are written.
func (t *TurnTrace) Fields() []Field { return t.fields(nil) }

func (t *TurnTrace) fields(f []Field) []Field {
	return chosen(t.all(f), t.HasAboveIdle, t.HasElectricity)
}

func (t *TurnTrace) all(f []Field) []Field {
	f = append(f,
		Field{"turn_index", &t.TurnIndex}, Field{"input_tokens", &t.InputTokens}, Field{"output_tokens", &t.OutputTokens},
		Field{"tool_result_tokens", &t.ToolResultTokens}, Field{"tools_called", &t.ToolsCalled},
		Field{"tool_latencies_s", &t.ToolLatenciesS}, Field{"wall_clock_s", &t.WallClockS})
	f = kindFields(f, &turnNames, &t.Joules)
	f = append(f,
		Field{"gpu_power_avg_watts", &t.GPUPowerAvgWatts}, Field{"cpu_power_avg_watts", &t.CPUPowerAvgWatts},
		Field{"cost_usd", &t.CostUSD}, Field{"error", &t.Error}, Field{"start_us", &t.StartUs}, Field{"end_us", &t.EndUs},
		Field{"cached_tokens", &t.CachedTokens}, Field{"cache_write_tokens", &t.CacheWriteTokens},
		Field{"reasoning_tokens", &t.ReasoningTokens}, Field{"ttft_s", &t.TTFTS}, Field{"energy_joules", &t.EnergyJoules},
		Field{"peak_watts", &t.PeakWatts}, Field{"lm_gpu_energy_joules", &t.LMGPUJoules}, Field{"lm_cpu_energy_joules", &t.LMCPUJoules},
		Field{"prefill_gpu_energy_joules", &t.PrefillGPUJoules}, Field{"decode_gpu_energy_joules", &t.DecodeGPUJoules},
		Field{"tools", &t.Tools}, Field{"has_parallel_tools", &t.HasParallelTools}, Field{"energy", &t.Energy})
	return append(kindFields(f, &idleNames, &t.AboveIdle), Field{"electricity_cost_usd", &t.ElectricityCostUSD})
}

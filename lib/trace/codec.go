package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

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

func aboveIdle(f []Field, has bool, b *ByKind) []Field {
	if !has {
		return f
	}
	return append(f, Field{"above_idle_gpu_joules", &b.GPU}, Field{"above_idle_cpu_joules", &b.CPU}, Field{"above_idle_dram_joules", &b.DRAM},
		Field{"above_idle_soc_joules", &b.SOC}, Field{"above_idle_ane_joules", &b.ANE}, Field{"above_idle_board_joules", &b.Board})
}

// Fields lists the trace's keys in the order they are written.
func (q *QueryTrace) Fields() []Field {
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
	return aboveIdle(f, q.HasAboveIdle, &q.AboveIdle)
}

// Fields lists the turn's keys in the order they are written.
func (t *TurnTrace) Fields() []Field {
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
	return aboveIdle(f, t.HasAboveIdle, &t.AboveIdle)
}

// MarshalJSON writes every key, then the Extra ones.
func (q *QueryTrace) MarshalJSON() ([]byte, error) { return appendFields(nil, q.Fields(), q.Extra) }

// MarshalJSON writes every key, then the Extra ones.
func (t *TurnTrace) MarshalJSON() ([]byte, error) { return appendFields(nil, t.Fields(), t.Extra) }

// Append appends q as one line of JSON without newline.
func (q *QueryTrace) Append(b []byte) ([]byte, error) {
	line, err := q.MarshalJSON()
	if err != nil {
		return b, err
	}
	return stream.AppendEscaped(b, line), nil
}

func appendFields(b []byte, fields []Field, extra map[string]json.RawMessage) ([]byte, error) {
	b = append(b, '{')
	var err error
	for _, f := range fields {
		if o, ok := f.Ptr.(*Opt); ok && !o.Exists {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.Name...), `":`...)
		if b, err = appendValue(b, f.Ptr); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for _, k := range sortedKeys(extra) {
		key, _ := json.Marshal(k)
		b = append(append(append(append(b, ','), key...), ':'), extra[k]...)
	}
	return append(b, '}'), nil
}

// appendValue writes the value behind p. Empty lists and maps are [] and {}.
func appendValue(b []byte, p any) ([]byte, error) {
	switch v := p.(type) {
	case *int:
		return strconv.AppendInt(b, int64(*v), 10), nil
	case *int64:
		return strconv.AppendInt(b, *v, 10), nil
	case *bool:
		return strconv.AppendBool(b, *v), nil
	case **int64:
		if *v == nil {
			return append(b, "null"...), nil
		}
		return strconv.AppendInt(b, **v, 10), nil
	case **unit.Joules:
		return appendJoules(b, *v), nil
	case *Opt:
		return appendJoules(b, v.Joules), nil
	case *[]TurnTrace:
		b = append(b, '[')
		var err error
		for i := range *v {
			if i > 0 {
				b = append(b, ',')
			}
			t := &(*v)[i]
			if b, err = appendNested(b, t); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case *[]string:
		if *v == nil {
			return append(b, "[]"...), nil
		}
	case *[]ToolTrace:
		if *v == nil {
			return append(b, "[]"...), nil
		}
	case *map[string]float64:
		if *v == nil {
			return append(b, "{}"...), nil
		}
	case *json.RawMessage:
		if len(*v) == 0 {
			return append(b, "{}"...), nil
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...), nil
}

func appendNested(b []byte, t *TurnTrace) ([]byte, error) {
	line, err := appendFields(nil, t.Fields(), t.Extra)
	return append(b, line...), err
}

func appendJoules(b []byte, j *unit.Joules) []byte {
	if j == nil {
		return append(b, "null"...)
	}
	return j.Append(b)
}

// UnmarshalJSON reads a trace; keys it does not know go to Extra.
func (q *QueryTrace) UnmarshalJSON(b []byte) error {
	*q = QueryTrace{HasAboveIdle: bytes.Contains(b, []byte(`"above_idle_`))}
	extra, err := readFields(b, q.Fields())
	q.Extra = extra
	if err == nil && q.QueryID == "" {
		err = errors.New("trace without query_id")
	}
	q.HasAboveIdle = q.AboveIdle != ByKind{}
	return err
}

// UnmarshalJSON reads a turn; keys it does not know go to Extra.
func (t *TurnTrace) UnmarshalJSON(b []byte) error {
	*t = TurnTrace{HasAboveIdle: bytes.Contains(b, []byte(`"above_idle_`))}
	extra, err := readFields(b, t.Fields())
	t.Extra = extra
	t.HasAboveIdle = t.AboveIdle != ByKind{}
	return err
}

func readFields(b []byte, fields []Field) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(b, &keys); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	for _, f := range fields {
		raw, ok := keys[f.Name]
		if !ok {
			continue
		}
		delete(keys, f.Name)
		var err error
		switch p := f.Ptr.(type) {
		case *Opt:
			p.Exists = true
			err = json.Unmarshal(raw, &p.Joules)
		case *json.RawMessage:
			if string(raw) != "null" && string(raw) != "{}" {
				*p = bytes.Clone(raw)
			}
		default:
			err = json.Unmarshal(raw, f.Ptr)
		}
		if err != nil {
			return nil, fieldError(f.Name, err)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return keys, nil
}

func fieldError(name string, err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		if t.Field != "" {
			name += "." + t.Field
		}
		return fmt.Errorf("field %q is a %s", name, t.Value)
	}
	return fmt.Errorf("field %q: %w", name, err)
}

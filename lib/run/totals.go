package run

import (
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Totals is sums over the valid traces of a run. A sum over values some of
// which are missing is given and named in Partial; over none it is null.
type Totals struct {
	Queries     int            `json:"queries"`
	Completed   int            `json:"completed"`
	TimedOut    int            `json:"timed_out"`
	Resolved    int            `json:"resolved"`   // right
	Unresolved  int            `json:"unresolved"` // wrong
	Unscored    int            `json:"unscored"`
	Reasons     map[string]int `json:"reasons"`     // why queries ended
	Errors      map[string]int `json:"errors"`      // texts of queries that ended in error
	Unscorable  map[string]int `json:"unscorable"`  // why answers have no score
	ToolErrors  int            `json:"tool_errors"` // calls of tools that failed
	Retries     int            `json:"retries"`     // model calls that were tried again
	Reattempted int            `json:"reattempted"` // queries that took more than one attempt
	Turns       int            `json:"turns"`
	ToolCalls   int            `json:"tool_calls"`

	InputTokens     *int64   `json:"input_tokens"`
	OutputTokens    *int64   `json:"output_tokens"`
	CachedTokens    *int64   `json:"cached_tokens"`
	ReasoningTokens *int64   `json:"reasoning_tokens"`
	CostUSD         *float64 `json:"cost_usd"`     // earlier attempts included
	WallClockS      *float64 `json:"wall_clock_s"` // of all queries, even where they overlap
	ElapsedS        *float64 `json:"elapsed_s"`    // from the first query's start to the last one's end

	GPUJoules     *unit.Sum          `json:"gpu_energy_joules"` // queries less setup and scoring, earlier attempts not included
	CPUJoules     *unit.Sum          `json:"cpu_energy_joules"`
	DRAMJoules    *unit.Sum          `json:"dram_energy_joules"`
	SOCJoules     *unit.Sum          `json:"soc_energy_joules,omitempty"`
	ANEJoules     *unit.Sum          `json:"ane_energy_joules,omitempty"`
	BoardJoules   *unit.Sum          `json:"board_energy_joules,omitempty"`
	Joules        *unit.Sum          `json:"energy_joules"`         // all counted domains
	AttemptJoules *unit.Sum          `json:"attempt_energy_joules"` // of earlier attempts
	Uncertainty   map[string]float64 `json:"uncertainty_joules"`    // by kind, at most; a kind is absent if a query's is not known

	Accuracy *float64 `json:"accuracy"`
	Partial  []string `json:"partial"`
}

// tally adds up one field.
type tally struct{ have, miss int }

func (t *tally) see(known bool) bool {
	if known {
		t.have++
	} else {
		t.miss++
	}
	return known
}

// totals adds up traces.
func totals(traces []*trace.QueryTrace) *Totals {
	t := &Totals{Queries: len(traces), Reasons: map[string]int{}, Errors: map[string]int{}, Unscorable: map[string]int{}, Partial: []string{}}
	for _, q := range traces {
		t.count(q)
	}
	t.sumTokens(traces)
	t.sumJoules(traces)
	t.times(traces)
	if n := t.Resolved + t.Unresolved; n > 0 {
		a := float64(t.Resolved) / float64(n)
		t.Accuracy = &a
	}
	return t
}

func (t *Totals) count(q *trace.QueryTrace) {
	if q.Completed {
		t.Completed++
	}
	if q.TimedOut {
		t.TimedOut++
	}
	switch {
	case q.IsResolved == nil:
		t.Unscored++
		if q.UnscorableReason != nil {
			t.Unscorable[*q.UnscorableReason]++
		}
	case *q.IsResolved:
		t.Resolved++
	default:
		t.Unresolved++
	}
	if q.Reason != nil {
		t.Reasons[*q.Reason]++
	}
	if q.Error != nil {
		t.Errors[*q.Error]++
	}
	if q.Attempt > 1 {
		t.Reattempted++
	}
	t.Turns += q.NumTurns
	t.ToolCalls += q.TotalToolCalls
	for i := range q.Turns {
		for _, tool := range q.Turns[i].Tools {
			if tool.OK != nil && !*tool.OK {
				t.ToolErrors++
			}
		}
	}
}

func (t *Totals) sumTokens(traces []*trace.QueryTrace) {
	var in, out, cached, reasoning []*int64
	var cost []*float64
	for _, q := range traces {
		in, out = append(in, q.TotalInputTokens), append(out, q.TotalOutputTokens)
		for i := range q.Turns {
			cached = append(cached, q.Turns[i].CachedTokens)
			reasoning = append(reasoning, q.Turns[i].ReasoningTokens)
		}
		cost = append(cost, q.TotalCostUSD)
		if q.AttemptCostUSD != nil {
			cost = append(cost, q.AttemptCostUSD)
		}
	}
	t.InputTokens = sumOf(t, "input_tokens", in)
	t.OutputTokens = sumOf(t, "output_tokens", out)
	t.CachedTokens = sumOf(t, "cached_tokens", cached)
	t.ReasoningTokens = sumOf(t, "reasoning_tokens", reasoning)
	t.CostUSD = sumOf(t, "cost_usd", cost)
}

// sumOf adds what is there, nil if nothing is.
func sumOf[N int64 | float64](t *Totals, name string, values []*N) *N {
	var sum N
	var seen tally
	for _, v := range values {
		if seen.see(v != nil) {
			sum += *v
		}
	}
	return done(t, name, seen, &sum)
}

func done[T any](t *Totals, name string, seen tally, sum *T) *T {
	if seen.have == 0 {
		return nil
	}
	if seen.miss > 0 {
		t.Partial = append(t.Partial, name)
	}
	return sum
}

func (t *Totals) sumJoules(traces []*trace.QueryTrace) {
	add := func(name string, of func(*trace.QueryTrace) *unit.Joules) *unit.Sum {
		var sum unit.Sum
		var seen tally
		for _, q := range traces {
			if j := of(q); seen.see(j != nil) {
				sum.Add(*j)
			}
		}
		return done(t, name, seen, &sum)
	}
	kind := func(name string) *unit.Sum {
		return add(name+"_energy_joules", func(q *trace.QueryTrace) *unit.Joules { return q.Query.Get(name) })
	}
	t.GPUJoules, t.CPUJoules, t.DRAMJoules = kind("gpu"), kind("cpu"), kind("dram")
	t.SOCJoules, t.ANEJoules, t.BoardJoules = kind("soc"), kind("ane"), kind("board")
	t.Joules = add("energy_joules", func(q *trace.QueryTrace) *unit.Joules { return q.QueryEnergyJoules })
	t.attemptJoules(traces)
	t.uncertainty(traces)
}

// attemptJoules adds up earlier attempts, of all counted kinds.
func (t *Totals) attemptJoules(traces []*trace.QueryTrace) {
	var sum unit.Sum
	have := false
	for _, q := range traces {
		kinds := []string{"gpu", "cpu", "dram", "soc", "ane"}
		if len(q.Energy.Basis) == 1 && q.Energy.Basis[0] == "board" {
			kinds = []string{"board"}
		}
		for _, k := range kinds {
			if j := q.AttemptJoules.Get(k); j != nil {
				sum.Add(*j)
				have = true
			}
		}
	}
	if have {
		t.AttemptJoules = &sum
	}
}

// uncertainty adds up the queries' own: never less than that of the sum, whose
// inner edges cancel.
func (t *Totals) uncertainty(traces []*trace.QueryTrace) {
	sums := make(map[string]float64)
	unknown := make(map[string]bool)
	for _, q := range traces {
		for _, k := range q.Energy.Basis {
			if u := q.Energy.UncertaintyJoules[k]; u != nil {
				sums[k] += *u
			} else if q.Query.Get(k) != nil {
				unknown[k] = true
			}
		}
	}
	for k := range unknown {
		delete(sums, k)
	}
	t.Uncertainty = sums
}

func (t *Totals) times(traces []*trace.QueryTrace) {
	var wall []*float64
	var first, last int64
	for _, q := range traces {
		wall = append(wall, q.TotalWallClockS)
		if first == 0 || q.StartUs < first {
			first = q.StartUs
		}
		last = max(last, q.EndUs)
	}
	t.WallClockS = sumOf(t, "wall_clock_s", wall)
	if len(traces) > 0 {
		s := float64(last-first) / 1e6
		t.ElapsedS = &s
	}
}

package column

import (
	"maps"
	"slices"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Kinds of domains that a trace has joules of.
var kinds = []string{"gpu", "cpu", "dram", "soc", "ane", "board"}

// The keys of uncertainty_joules and uncertainty_kind that are columns; a key
// of another version is in trace_json only.
var (
	queryUncertainties = slices.Concat(kinds, prefixed("overhead_"), prefixed("setup_"), prefixed("scoring_"))
	turnUncertainties  = slices.Concat(kinds, []string{"lm_gpu", "lm_cpu", "prefill_gpu", "decode_gpu"})
	toolUncertainties  = []string{"gpu", "cpu"}
)

func prefixed(prefix string) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = prefix + k
	}
	return out
}

// energyCells lays out how the joules beside it came about.
func energyCells(e *trace.Energy, uncertainties []string) []cell {
	text, number, whole, yes := Type{Kind: String}, Type{Kind: Float}, Type{Kind: Int}, Type{Kind: Bool}
	str := func(s *string) any { return *s }
	cells := []cell{
		{"energy_basis", ListOf(text), list(e.Basis, str)},
		{"energy_method", text, orNull(e.Method)},
		{"energy_share", text, deref(e.Share)},
		{"energy_share_rule", text, orNull(e.ShareRule)},
		{"energy_sharers", MapOf(number), entries(e.Sharers, func(v float64) any { return v })},
		{"energy_coverage", number, deref(e.Coverage)},
		{"energy_samples", whole, deref(e.Samples)},
		{"energy_below_resolution", yes, deref(e.BelowResolution)},
		{"energy_by_domain", MapOf(number), entries(e.ByDomain, func(j *unit.Joules) any { return joules(j) })},
		{"energy_partial", ListOf(text), list(e.Partial, str)},
		{"energy_missing", MapOf(text), entries(e.Missing, func(s string) any { return s })},
	}
	for _, key := range uncertainties {
		kind, ok := e.UncertaintyKind[key]
		cells = append(cells,
			cell{"energy_uncertainty_" + key + "_joules", number, deref(e.UncertaintyJoules[key])},
			cell{"energy_uncertainty_" + key + "_kind", text, orMissing(kind, ok)})
	}
	return cells
}

// orNull is nil for a text that a trace without energy leaves empty.
func orNull(s string) any { return orMissing(s, s != "") }

func orMissing(s string, ok bool) any {
	if !ok {
		return nil
	}
	return s
}

// list maps a slice; an empty one is an empty list, as in the trace.
func list[T any](s []T, value func(*T) any) []any {
	out := make([]any, len(s))
	for i := range s {
		out[i] = value(&s[i])
	}
	return out
}

func entries[V any](m map[string]V, value func(V) any) []Entry {
	out := make([]Entry, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Entry{k, value(m[k])})
	}
	return out
}

package column

import (
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

// energy adds how the joules beside it came about.
func (l *layout) energy(e *trace.Energy, uncertainties []string) {
	str := func(s *string) any { return *s }
	l.add(texts, list(e.Basis, str), "energy_basis")
	l.add(text, orNull(e.Method), "energy_method")
	l.add(text, deref(e.Share), "energy_share")
	l.add(text, orNull(e.ShareRule), "energy_share_rule")
	l.add(MapOf(number), entries(e.Sharers, func(v float64) any { return v }), "energy_sharers")
	l.add(number, deref(e.Coverage), "energy_coverage")
	l.add(whole, deref(e.Samples), "energy_samples")
	for _, key := range uncertainties {
		kind, ok := e.UncertaintyKind[key]
		l.add(number, deref(e.UncertaintyJoules[key]), "energy_uncertainty_", key, "_joules")
		l.add(text, orMissing(kind, ok), "energy_uncertainty_", key, "_kind")
	}
	l.add(yesNo, deref(e.BelowResolution), "energy_below_resolution")
	l.add(MapOf(number), entries(e.ByDomain, func(j *unit.Joules) any { return joules(j) }), "energy_by_domain")
	l.add(texts, list(e.Partial, str), "energy_partial")
	l.add(MapOf(text), entries(e.Missing, func(s string) any { return s }), "energy_missing")
}

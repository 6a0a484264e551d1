package trace

// MarshalJSON writes every key; empty lists and maps are [] and {}.
func (e Energy) MarshalJSON() ([]byte, error) {
	var l line
	l.energy(&e)
	return l.b, l.err
}

// MarshalJSON writes every key.
func (t ToolTrace) MarshalJSON() ([]byte, error) {
	var l line
	l.tool(&t)
	return l.b, l.err
}

func (l *line) energy(e *Energy) {
	l.texts(`{"basis":`, e.Basis)
	l.text(`,"method":`, e.Method)
	l.optText(`,"share":`, e.Share)
	l.text(`,"share_rule":`, e.ShareRule)
	l.floats(`,"sharers":`, e.Sharers)
	l.optFloat(`,"coverage":`, e.Coverage)
	l.optWhole(`,"samples":`, e.Samples)
	l.optFloats(`,"uncertainty_joules":`, e.UncertaintyJoules)
	l.textsOf(`,"uncertainty_kind":`, e.UncertaintyKind)
	l.optBool(`,"below_resolution":`, e.BelowResolution)
	l.joulesOf(`,"by_domain":`, e.ByDomain)
	l.texts(`,"partial":`, e.Partial)
	l.textsOf(`,"missing":`, e.Missing)
	l.raw("}")
}

func (l *line) tool(t *ToolTrace) {
	l.text(`{"name":`, t.Name)
	l.text(`,"span":`, t.Span)
	l.optFloat(`,"latency_s":`, t.LatencyS)
	l.joules(`,"gpu_energy_joules":`, t.GPUEnergyJoules)
	l.joules(`,"cpu_energy_joules":`, t.CPUEnergyJoules)
	l.optBool(`,"ok":`, t.OK)
	l.optText(`,"error":`, t.Error)
	l.optWhole(`,"result_tokens":`, t.ResultTokens)
	l.optFloats(`,"uncertainty_joules":`, t.UncertaintyJoules)
	l.raw("}")
}

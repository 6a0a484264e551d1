package attribute

import (
	"slices"
	"strconv"
	"time"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/price"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// trace writes the account down.
func (a *account) trace() *trace.QueryTrace {
	q := a.q
	t := a.e.blankTrace()
	t.Schema, t.QueryID, t.Attempt, t.StartUs, t.EndUs = trace.Schema, q.key.id, q.key.attempt, q.startUs, q.lastUs
	t.Run, t.Agent, t.Model, t.Dataset, t.Host = text(q.head.Run), text(q.head.Agent), text(q.head.Model), text(q.head.Dataset), text(q.head.Host)
	t.TotalWallClockS = a.float(seconds(q.first, q.last, q.end-q.start))
	if b := q.begin; b != nil {
		t.WorkloadType, t.Reference, t.Metadata = b.WorkloadType, b.Reference, b.Metadata
		t.QueryText = deref(b.QueryText)
	}
	a.ending(t)
	a.verdict(t)
	a.energies(t)
	for _, turn := range a.turns {
		a.turnTrace(nextTurn(t), turn)
	}
	a.sums(t)
	a.earlier(t)
	slices.Sort(t.Energy.Partial)
	return t
}

// ending says how the query ended.
func (a *account) ending(t *trace.QueryTrace) {
	f := a.q.finish
	if f == nil {
		t.Reason = ptr(event.Interrupted)
		return
	}
	t.ResponseText, t.Error, t.Reason = deref(f.ResponseText), f.Error, text(f.Reason)
	t.Completed = f.Completed != nil && *f.Completed
	t.TimedOut = f.TimedOut != nil && *f.TimedOut
}

// verdict takes over what the run itself said of the answer: its tests, say.
func (a *account) verdict(t *trace.QueryTrace) {
	v := a.q.scored
	if v == nil {
		return
	}
	t.IsResolved, t.UnscorableReason, t.ScoreMetadata = v.IsResolved, text(v.UnscorableReason), v.ScoreMetadata
	if v.IsResolved != nil {
		t.AccuracyScore = ptr(0.0)
		if *v.IsResolved {
			*t.AccuracyScore = 1
		}
	}
}

func (a *account) energies(t *trace.QueryTrace) {
	remote := a.remote()
	en := &t.Energy
	values, sum := a.energy(en, numQuery, remote)
	t.QueryEnergyJoules = sum
	t.ElectricityCostUSD, t.HasElectricity = a.e.electricity(sum)
	t.HasAboveIdle = a.aboveIdle(numQuery, remote, &t.AboveIdle)
	values.put(&t.Query)
	t.QueryGPUPowerAvgWatts, t.QueryCPUPowerAvgWatts = values[gpuKind].watts, values[cpuKind].watts
	a.part(en, &t.Overhead, "overhead", numOverhead, remote)
	t.SetupS = a.window(en, &t.Setup, "setup", numSetup, setupWindow, remote)
	t.ScoringS = a.window(en, &t.Scoring, "scoring", numScoring, scoringWindow, remote)
}

// window fills setup or scoring; all is null without such a window.
func (a *account) window(en *trace.Energy, b *trace.ByKind, prefix string, num int, kind spanKind, remote bool) *float64 {
	if a.had(kind) {
		a.part(en, b, prefix, num, remote)
		return ptr(float64(a.inWindows(kind)) / 1e6)
	}
	for _, k := range kinds {
		if a.hasKind(k) {
			b.Set(k, nil)
		}
	}
	return nil
}

// inWindows is how long windows of a kind lasted, those at one time once, in
// microseconds: of each stretch of them by its two records.
func (a *account) inWindows(kind spanKind) int64 {
	sum, from := int64(0), int64(never)
	leave := func(t int64) {
		if from != never {
			sum += apart(a.q.windowRecord(from), a.q.windowRecord(t), t-from)
		}
		from = never
	}
	for i := range a.q.epochs {
		ep := &a.q.epochs[i]
		switch in := kind == setupWindow && ep.setup || kind == scoringWindow && ep.score; {
		case !in:
			leave(ep.t0)
		case from == never:
			from = ep.t0
		}
	}
	leave(a.q.end)
	return sum
}

// part fills overhead, setup or scoring.
func (a *account) part(en *trace.Energy, b *trace.ByKind, prefix string, num int, remote bool) {
	for _, kind := range kinds {
		if !a.hasKind(kind) {
			continue
		}
		v := a.value(num, kind, remote && kind == power.GPU)
		b.Set(kind, v.joules)
		a.note(en, prefix+"_"+kind, v)
	}
}

func (a *account) had(kind spanKind) bool {
	return slices.ContainsFunc(a.q.spans, func(s *span) bool { return s.kind == kind })
}

func (a *account) turnTrace(out *trace.TurnTrace, t *turn) {
	remote := a.remote()
	out.TurnIndex, out.WallClockS = t.index, a.float(seconds(t.first, t.last, t.end-t.start))
	out.StartUs, out.EndUs = a.wall(t)
	en := &out.Energy
	values, sum := a.energy(en, t.number+turnAll, remote)
	out.EnergyJoules = sum
	out.ElectricityCostUSD, out.HasElectricity = a.e.electricity(sum)
	out.HasAboveIdle = a.aboveIdle(t.number, remote, &out.AboveIdle)
	values.put(&out.Joules)
	out.GPUPowerAvgWatts, out.CPUPowerAvgWatts = values[gpuKind].watts, values[cpuKind].watts
	out.PeakWatts = a.peak(t.number)
	a.model(en, out, t, remote)
	slices.Sort(en.Partial)
	a.tokens(out, t)
	a.toolTraces(out, t, remote)
}

// wall is a turn's start and end as its records stamped them.
func (a *account) wall(t *turn) (start, end int64) {
	end = a.q.lastUs
	if t.last != nil {
		end = t.last.TUs
	}
	return t.first.TUs, end
}

// model fills what a turn's lm_inference calls took.
func (a *account) model(en *trace.Energy, out *trace.TurnTrace, t *turn, remote bool) {
	list := &a.e.scratch.spans
	from := list.begin()
	for _, s := range t.spans {
		if s.kind == lmCall {
			list.add(s)
		}
	}
	calls := list.end(from)
	if len(calls) == 0 {
		return
	}
	away := remote || a.remoteCalls(calls, true)
	if away && a.e.powered {
		en.Missing["lm_gpu"] = "remote endpoint"
	}
	put := func(key string, to **unit.Joules, num int, kind string, hidden bool) {
		if !a.hasKind(kind) {
			return
		}
		v := a.value(num, kind, hidden)
		v.partial = v.partial || a.misses(calls, num-t.number)
		*to = v.joules
		a.note(en, key, v)
	}
	put("lm_gpu", &out.LMGPUJoules, t.number+turnLM, power.GPU, away)
	put("lm_cpu", &out.LMCPUJoules, t.number+turnLMCPU, power.CPU, false)
	if slices.ContainsFunc(calls, func(s *span) bool { return s.firstToken != never && s.place.sampled() }) {
		put("prefill_gpu", &out.PrefillGPUJoules, t.number+turnPrefill, power.GPU, away)
		put("decode_gpu", &out.DecodeGPUJoules, t.number+turnDecode, power.GPU, away)
	}
	slices.SortStableFunc(calls, func(x, y *span) int { return int(x.start - y.start) })
	if f := calls[0]; f.firstToken != never {
		out.TTFTS = a.float(seconds(f.begin, f.token, f.firstToken-f.start))
	}
}

// misses reports whether a figure of a turn's model calls lacks one: a remote
// one on the GPUs, one without a first token among the phases.
func (a *account) misses(calls []*span, what int) bool {
	return slices.ContainsFunc(calls, func(s *span) bool {
		phase := what == turnPrefill || what == turnDecode
		return what != turnLMCPU && !s.place.sampled() || phase && s.firstToken == never
	})
}

// tokens sums a turn's model calls, failed ones and sub-model calls included.
func (a *account) tokens(out *trace.TurnTrace, t *turn) {
	unpriced := false
	for _, s := range t.spans {
		if s.finish == nil {
			continue
		}
		f := s.finish
		if s.kind == toolCall {
			a.plus(&out.ToolResultTokens, f.ResultTokens)
			continue
		}
		a.plus(&out.InputTokens, f.InputTokens)
		a.plus(&out.OutputTokens, f.OutputTokens)
		a.plus(&out.CachedTokens, f.CachedTokens)
		a.plus(&out.CacheWriteTokens, f.CacheWriteTokens)
		a.plus(&out.ReasoningTokens, f.ReasoningTokens)
		if c := a.e.cost(s); c != nil {
			out.CostUSD = ptr(deref(out.CostUSD) + *c)
		} else {
			unpriced = unpriced || f.InputTokens != nil || f.OutputTokens != nil
		}
		if f.Error != nil && s.kind == lmCall {
			out.Error = f.Error
		}
	}
	if unpriced && out.CostUSD != nil {
		out.Energy.Partial = append(out.Energy.Partial, "cost_usd")
		slices.Sort(out.Energy.Partial)
	}
}

// cost is what the provider said, else what the price table says, else nil.
func (e *Engine) cost(s *span) *float64 {
	f := s.finish
	if f.CostUSD != nil {
		return f.CostUSD
	}
	if f.InputTokens == nil && f.OutputTokens == nil {
		return nil
	}
	model := s.begin.Model
	m, ok := e.priceOf(model)
	if !ok {
		if !s.place.local && model != "" {
			e.warn("price "+model, "no price for model %q: its cost is null", model)
		}
		return nil
	}
	usd, err := m.Cost(price.Tokens{Input: deref(f.InputTokens), Cached: deref(f.CachedTokens),
		CacheWrite: deref(f.CacheWriteTokens), Output: deref(f.OutputTokens)}, time.UnixMicro(s.begin.TUs))
	if err != nil {
		e.warn("price of "+model, "model %q: %v: the cost of such calls is null", model, err)
		return nil
	}
	return &usd
}

// priceOf finds a model's prices; nearly always it is the last one's again.
func (e *Engine) priceOf(model string) (price.Model, bool) {
	m := &e.scratch
	if !m.asked || m.model != model {
		m.asked, m.model = true, model
		m.price, m.priced = e.opts.Prices.Find(model)
	}
	return m.price, m.priced
}

// electricity is what joules cost at the socket, if a price was told.
func (e *Engine) electricity(j *unit.Joules) (usd *float64, told bool) {
	if e.opts.KWhPrice == nil {
		return nil, false
	}
	if j == nil {
		return nil, true
	}
	const perKWh = 3.6e6 // joules
	return ptr(j.Float() / perKWh * *e.opts.KWhPrice), true
}

func (a *account) toolTraces(out *trace.TurnTrace, t *turn, remote bool) {
	list := &a.e.scratch.spans
	from := list.begin()
	for _, s := range t.spans {
		if s.kind == toolCall {
			list.add(s)
		}
	}
	tools := list.end(from)
	slices.SortStableFunc(tools, func(x, y *span) int { return int(x.start - y.start) })
	for i, s := range tools {
		tt := nextTool(out)
		a.toolTrace(tt, s, remote)
		key := tt.Name
		if n := count(out.ToolsCalled, tt.Name); n > 0 {
			key += "#" + strconv.Itoa(n+1)
		}
		out.ToolsCalled = append(out.ToolsCalled, tt.Name)
		out.ToolLatenciesS[key] = *tt.LatencyS
		for _, o := range tools[:i] {
			out.HasParallelTools = out.HasParallelTools || o.end > s.start && s.end > o.start
		}
	}
}

// count is how often a tool is among the names.
func count(names []string, name string) (n int) {
	for _, o := range names {
		if o == name {
			n++
		}
	}
	return n
}

func (a *account) toolTrace(tt *trace.ToolTrace, s *span, remote bool) {
	tt.Name, tt.Span, tt.LatencyS = s.begin.Tool, s.id, a.float(seconds(s.begin, s.landed, s.end-s.start))
	if f := s.finish; f != nil {
		tt.OK, tt.Error, tt.ResultTokens = f.OK, f.Error, f.ResultTokens
	}
	num := a.toolNumber(s.tool)
	for i, to := range [...]**unit.Joules{gpuKind: &tt.GPUEnergyJoules, cpuKind: &tt.CPUEnergyJoules} {
		kind := kinds[i]
		if !a.hasKind(kind) {
			continue
		}
		v := a.value(num, kind, remote && kind == power.GPU)
		if *to = v.joules; v.joules != nil {
			tt.UncertaintyJoules[kind] = v.uncertainty
		}
	}
}

// sums adds up the turns. A sum that misses one is named in partial.
func (a *account) sums(t *trace.QueryTrace) {
	t.NumTurns = len(t.Turns)
	for i := range t.Turns {
		turn := &t.Turns[i]
		t.TotalToolCalls += len(turn.Tools)
		a.plus(&t.TotalInputTokens, turn.InputTokens)
		a.plus(&t.TotalOutputTokens, turn.OutputTokens)
		if turn.CostUSD != nil {
			t.TotalCostUSD = ptr(deref(t.TotalCostUSD) + *turn.CostUSD)
		}
	}
	for _, kind := range kinds {
		if !a.hasKind(kind) {
			continue
		}
		var sum *unit.Joules
		partial := false
		for i := range t.Turns {
			if j := t.Turns[i].Joules.Get(kind); j != nil {
				sum = ptr(deref(sum) + *j)
				partial = partial || slices.Contains(t.Turns[i].Energy.Partial, kind)
			} else {
				partial = true
			}
		}
		t.Total.Set(kind, sum)
		if sum != nil && partial {
			t.Energy.Partial = append(t.Energy.Partial, "total_"+kind)
		}
	}
	a.partialCounts(t)
}

// partialCounts names sums of tokens and dollars that miss a turn.
func (a *account) partialCounts(t *trace.QueryTrace) {
	for _, s := range []struct {
		name string
		has  bool
		miss func(*trace.TurnTrace) bool
	}{
		{"total_input_tokens", t.TotalInputTokens != nil, func(x *trace.TurnTrace) bool { return x.InputTokens == nil }},
		{"total_output_tokens", t.TotalOutputTokens != nil, func(x *trace.TurnTrace) bool { return x.OutputTokens == nil }},
		{"total_cost_usd", t.TotalCostUSD != nil, func(x *trace.TurnTrace) bool {
			return x.CostUSD == nil || slices.Contains(x.Energy.Partial, "cost_usd")
		}},
	} {
		for i := range t.Turns {
			if s.has && s.miss(&t.Turns[i]) {
				t.Energy.Partial = append(t.Energy.Partial, s.name)
				break
			}
		}
	}
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// plus adds what is known to a sum that is null until something is.
func (a *account) plus(sum **int64, n *int64) {
	switch {
	case n == nil:
	case *sum == nil:
		*sum = a.e.scratch.integers.of(*n)
	default:
		**sum += *n
	}
}

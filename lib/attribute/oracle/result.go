package oracle

import (
	"fmt"
	"math/big"
	"slices"
)

func (a *attribution) result() Result {
	r := Result{make(map[Attempt]Fields), a.totals(), a.start, a.end, make(map[string]*big.Rat)}
	for _, d := range a.domains {
		lo, hi := a.bounds(idle, d)
		value := a.charged(idle, d)
		r.IdleBounds[d.ID] = lo.Sub(value, lo)
		if hi.Sub(hi, value); hi.Cmp(lo) > 0 {
			r.IdleBounds[d.ID] = hi
		}
	}
	for _, q := range a.queries {
		r.Queries[q.id] = a.trace(q)
	}
	return r
}

// trace fills in one query's fields.
func (a *attribution) trace(q *query) Fields {
	f := make(Fields)
	whole := figure{query: q, name: "query"}
	x, _ := a.extent(whole, "")
	e := newEnergy(f, "energy.")
	for _, kind := range a.kinds() {
		v := a.value(whole, kind)
		f.joules("query_"+kind, v)
		e.main(kind, v)
		for _, part := range []string{"overhead", "setup", "scoring"} {
			p := a.value(figure{query: q, name: part}, kind)
			f.joules(part+"_"+kind, p)
			e.also(part+"_"+kind, p)
		}
		a.total(f, e, q, kind)
		a.earlier(f, e, q, kind)
		if kind == "gpu" || kind == "cpu" {
			f["query_"+kind+"_power_avg_watts"] = null(v.watts)
		}
	}
	for _, part := range []string{"setup", "scoring"} {
		f[part+"_s"] = q.seconds(part)
	}
	a.finish(e, whole, x)
	f["query_energy_joules"] = e.sum
	for i, t := range q.turns {
		a.turn(f, fmt.Sprintf("turns[%d].", i), t)
	}
	return f
}

// turn fills in one turn's fields.
func (a *attribution) turn(f Fields, path string, t *turn) {
	whole := figure{query: t.query, turn: t, name: "turn"}
	x, _ := a.extent(whole, "")
	e := newEnergy(f, path+"energy.")
	for _, kind := range a.kinds() {
		v := a.value(whole, kind)
		f.joules(path+kind, v)
		e.main(kind, v)
		if kind == "gpu" || kind == "cpu" {
			f[path+kind+"_power_avg_watts"] = null(v.watts)
		}
	}
	for _, part := range []string{"lm_gpu", "lm_cpu", "prefill_gpu", "decode_gpu"} {
		name, kind := part[:len(part)-4], part[len(part)-3:]
		v := a.value(figure{query: t.query, turn: t, name: name}, kind)
		f.joules(path+part, v)
		e.also(part, v)
	}
	a.finish(e, whole, x)
	f[path+"energy_joules"] = e.sum
	f[path+"turn_index"] = big.NewRat(int64(t.index), 1)
	f[path+"wall_clock_s"] = seconds(t.last - t.first)
	f[path+"peak_watts"] = null(a.peak(x.window))
	for _, s := range t.spans {
		if s.kind == "tool" {
			a.tool(f, fmt.Sprintf("%stools[span=%s].", path, s.id), t, s)
		}
	}
}

func (a *attribution) tool(f Fields, path string, t *turn, s *span) {
	f[path+"latency_s"] = seconds(s.end - s.start)
	for _, kind := range []string{"gpu", "cpu"} {
		v := a.value(figure{query: t.query, turn: t, tool: s, name: "tool"}, kind)
		f.joules(path+kind, v)
		if v.joules != nil {
			f[path+"uncertainty_joules."+kind] = null(v.uncertainty)
		}
	}
}

// total is the sum over turns: "Sums are null when no part has the value; a
// sum that misses a turn or a domain is given and named in energy.partial".
func (a *attribution) total(f Fields, e *energy, q *query, kind string) {
	var parts []value
	for _, t := range q.turns {
		parts = append(parts, a.value(figure{query: q, turn: t, name: "turn"}, kind))
	}
	sumOf(f, e, "total_"+kind, parts)
}

// earlier is the sum over the query's earlier attempts.
func (a *attribution) earlier(f Fields, e *energy, q *query, kind string) {
	var parts []value
	for _, p := range a.queries {
		if p.id.Run == q.id.Run && p.id.Query == q.id.Query && p.id.Number < q.id.Number {
			parts = append(parts, a.value(figure{query: p, name: "query"}, kind))
		}
	}
	sumOf(f, e, "attempt_"+kind, parts)
}

func sumOf(f Fields, e *energy, key string, parts []value) {
	var sum value
	for _, p := range parts {
		if p.joules == nil {
			sum.partial = true
			continue
		}
		if sum.joules == nil {
			sum.joules = new(big.Rat)
		}
		sum.joules.Add(sum.joules, p.joules)
		sum.partial = sum.partial || p.partial
	}
	f.joules(key, sum)
	if sum.joules != nil && sum.partial {
		e.partial = append(e.partial, key)
	}
}

// seconds is the length of a query's windows of a kind, nil without one.
func (q *query) seconds(kind string) any {
	if !q.has(kind) {
		return nil
	}
	var ws []window
	for _, s := range q.spans {
		if s.kind == kind {
			ws = append(ws, window{s.start, s.end})
		}
	}
	slices.SortFunc(ws, func(a, b window) int { return int(a.from - b.from) })
	us, until := int64(0), ws[0].from
	for _, w := range ws {
		if w.to > until {
			us += w.to - max(w.from, until)
			until = w.to
		}
	}
	return seconds(us)
}

// peak: "the largest sum of w over the counted domains at one sample inside;
// the device's, not the share".
func (a *attribution) peak(w window) *big.Rat {
	var peak *big.Rat
	for _, s := range a.samples {
		if s.at < w.from || s.at > w.to {
			continue
		}
		var sum *big.Rat
		for _, d := range a.counted() {
			if p := s.watts[d.ID]; p != nil {
				if sum == nil {
					sum = new(big.Rat)
				}
				sum.Add(sum, p)
			}
		}
		if sum != nil && (peak == nil || sum.Cmp(peak) > 0) {
			peak = sum
		}
	}
	return peak
}

// joules sets KEY_energy_joules.
func (f Fields) joules(key string, v value) { f[key+"_energy_joules"] = null(v.joules) }

// null turns a nil number into the nil of a Fields value.
func null(r *big.Rat) any {
	if r == nil {
		return nil
	}
	return r
}

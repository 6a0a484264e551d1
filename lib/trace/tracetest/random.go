// Package tracetest makes random traces for tests of whatever reads traces:
// every key takes its null, its zero and odd values.
//
//	q := tracetest.Random(rand.New(rand.NewPCG(1, 2)), "q0000")
package tracetest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Random makes a trace with up to four turns.
func Random(r *rand.Rand, id string) *trace.QueryTrace {
	q := &trace.QueryTrace{HasAboveIdle: r.IntN(2) == 0}
	fill(r, q.Fields())
	q.Schema, q.QueryID = trace.Schema, id
	q.HasAboveIdle = q.HasAboveIdle && q.AboveIdle != trace.ByKind{}
	q.NumTurns = len(q.Turns)
	return q
}

// fill sets what the keys point to.
func fill(r *rand.Rand, fields []trace.Field) {
	for _, f := range fields {
		switch p := f.Ptr.(type) {
		case *string:
			*p = text(r)
		case **string:
			*p = maybe(r, text)
		case *int:
			*p = r.IntN(100)
		case *int64:
			*p = whole(r)
		case **int64:
			*p = maybe(r, whole)
		case **float64:
			*p = maybe(r, number)
		case *bool:
			*p = r.IntN(2) == 0
		case **bool:
			*p = maybe(r, func(r *rand.Rand) bool { return r.IntN(2) == 0 })
		case **unit.Joules:
			*p = maybe(r, joules)
		case *trace.Opt:
			if r.IntN(2) == 0 {
				*p = trace.Opt{Exists: true, Joules: maybe(r, joules)}
			}
		case *[]string:
			*p = some(r, text)
		case *map[string]float64:
			*p = pairs(r, number)
		case *json.RawMessage:
			if r.IntN(3) > 0 {
				*p, _ = json.Marshal(map[string]any{text(r): number(r), "nested": map[string]any{"n": whole(r)}}) // nothing in it can fail
			}
		case *trace.Energy:
			*p = energy(r)
		case *[]trace.ToolTrace:
			*p = some(r, tool)
		case *[]trace.TurnTrace:
			*p = some(r, turn)
		default:
			panic(fmt.Sprintf("tracetest: %s is a %T", f.Name, p))
		}
	}
}

func turn(r *rand.Rand) trace.TurnTrace {
	t := trace.TurnTrace{HasAboveIdle: r.IntN(2) == 0}
	fill(r, t.Fields())
	t.HasAboveIdle = t.HasAboveIdle && t.AboveIdle != trace.ByKind{}
	return t
}

func tool(r *rand.Rand) trace.ToolTrace {
	return trace.ToolTrace{Name: text(r), Span: text(r), LatencyS: maybe(r, number),
		GPUEnergyJoules: maybe(r, joules), CPUEnergyJoules: maybe(r, joules),
		OK: maybe(r, func(r *rand.Rand) bool { return r.IntN(2) == 0 }), Error: maybe(r, text), ResultTokens: maybe(r, whole),
		UncertaintyJoules: map[string]*float64{"gpu": maybe(r, number), "cpu": maybe(r, number)}}
}

func energy(r *rand.Rand) trace.Energy {
	e := trace.Energy{Basis: some(r, text), Method: "counter", Share: maybe(r, text), ShareRule: "active",
		Sharers: pairs(r, number), Coverage: maybe(r, number), Samples: maybe(r, whole),
		BelowResolution: maybe(r, func(r *rand.Rand) bool { return r.IntN(2) == 0 }),
		ByDomain:        pairs(r, func(r *rand.Rand) *unit.Joules { return maybe(r, joules) }),
		Partial:         some(r, text), Missing: pairs(r, text),
		UncertaintyJoules: map[string]*float64{}, UncertaintyKind: map[string]string{}}
	for _, key := range []string{"gpu", "cpu", "overhead_gpu", "setup_dram", "scoring_board", "lm_gpu", "decode_gpu"} {
		if r.IntN(2) == 0 {
			e.UncertaintyJoules[key], e.UncertaintyKind[key] = maybe(r, number), "bound"
		}
	}
	return e
}

var texts = []string{"", "42", "a \"quoted\" line\nand another\ttab", "naïve ∑ 漢字 🙂", "\x00 nul", "\x1b[31mred\x7f\u0085", "null", ",;|", "  padded  ", "'; DROP TABLE traces; --"}

func text(r *rand.Rand) string { return texts[r.IntN(len(texts))] }

func whole(r *rand.Rand) int64 {
	return []int64{0, 1, 310, 1763884800000001, 1<<53 + 1, math.MaxInt64, -1}[r.IntN(7)]
}

func number(r *rand.Rand) float64 {
	return []float64{0, 0.1, 1.0 / 3, 1e-9, 12345.678901, 1e15, -0.5}[r.IntN(7)] + r.Float64()
}

func joules(r *rand.Rand) unit.Joules {
	if r.IntN(4) == 0 {
		return []unit.Joules{0, 1, math.MaxInt64, -1, 1<<53 + 1, 123_456_789}[r.IntN(6)]
	}
	return unit.Joules(r.Int64N(1e14))
}

func maybe[T any](r *rand.Rand, make func(*rand.Rand) T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	v := make(r)
	return &v
}

func some[T any](r *rand.Rand, make func(*rand.Rand) T) []T {
	var s []T
	for range r.IntN(5) {
		s = append(s, make(r))
	}
	return s
}

func pairs[T any](r *rand.Rand, make func(*rand.Rand) T) map[string]T {
	m := map[string]T{}
	for i := range r.IntN(4) {
		m[[]string{"gpu:0", "cpu:0", "n1/gpu:0", "search#2"}[i]] = make(r)
	}
	return m
}

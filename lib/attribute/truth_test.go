package attribute_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/unit"
)

// truth is what each number of each query should be, by the integral: first
// key the query, second the number.
type truth map[string]map[string]float64

func (tr truth) add(query string, joules float64, numbers ...string) {
	if tr[query] == nil {
		tr[query] = map[string]float64{}
	}
	for _, n := range numbers {
		tr[query][n] += joules
	}
}

// charge gives each query its part of a device by plain integration between
// neighbouring edges. Of what calls are at work on the calls have all.
func (tr truth) charge(all []actor, kind string, used course, byCalls bool) {
	var edges []int64
	for _, a := range all {
		for _, p := range a.periods {
			edges = append(edges, p.from, p.token, p.to)
		}
	}
	slices.Sort(edges)
	for i := 1; i < len(edges); i++ {
		from, to := edges[i-1], edges[i]
		if from == to {
			continue
		}
		joules := used(float64(to)/1e6) - used(float64(from)/1e6)
		var open, calling []actor
		for _, a := range all {
			if a.from() <= from && to <= a.to() {
				open = append(open, a)
				if a.at(from).does == "call" {
					calling = append(calling, a)
				}
			}
		}
		if byCalls && len(calling) > 0 {
			open = calling
		}
		for _, a := range open {
			tr.spend(a, from, kind, joules/float64(len(open)), byCalls)
		}
	}
}

func (tr truth) spend(a actor, t int64, kind string, joules float64, byCalls bool) {
	p := a.at(t)
	if p.does == "setup" || p.does == "scoring" {
		tr.add(a.id, joules, p.does+"_"+kind)
		return
	}
	tr.add(a.id, joules, "query_"+kind)
	turn := a.inTurn(t)
	if turn < 0 {
		tr.add(a.id, joules, "overhead_"+kind)
		return
	}
	in := func(name string) string { return fmt.Sprintf("%d_%s_%s", turn, name, kind) }
	tr.add(a.id, joules, in("turn"))
	switch p.does {
	case "tool":
		tr.add(a.id, joules, in(fmt.Sprintf("tool%d", a.toolAt(p))))
	case "call":
		tr.add(a.id, joules, in("lm"))
		phase := "decode"
		if t < p.token {
			phase = "prefill"
		}
		tr.add(a.id, joules, in(phase))
	}
}

// TestTruth: where the power is known by a formula, and the counters refresh
// late, show old values and are read late, every number lies within its own
// uncertainty of the integral.
func TestTruth(t *testing.T) {
	var total seen
	for seed := *firstSeed; seed < *firstSeed+2*uint64(*laws); seed++ {
		rng := rand.New(rand.NewPCG(seed, 31))
		all := actors(rng)
		end := int64(0)
		for _, a := range all {
			end = max(end, a.to())
		}
		s := sampler{host: "h", interval: 2000 + rng.Int64N(100_000)}
		s.jitter, s.readUs = rng.Int64N(s.interval/2)*rng.Int64N(2), rng.Int64N(3000)*rng.Int64N(2)
		serving := rng.IntN(3) == 0 // the model runs on another host, whose clock is another
		events := tell(all, "h", 0, 0, "http://127.0.0.1:8000/v1", true)
		if serving {
			most := int64(1000 << rng.IntN(6)) // µs
			s.host, s.clock, s.clockError = "server", 2*rng.Int64N(2*most+1)-2*most, 2*most
			mine := rng.Int64N(2*most+1) - most
			events = tell(all, "h", mine, most, "http://server:8000/v1", false)
		}
		tr := truth{}
		var counters []*counter
		names := ""
		for _, kind := range []string{"gpu", "cpu"} {
			name, used := randomCourse(rng, 1+float64(end)/1e6)
			shifted := func(seconds float64) float64 { return used(seconds + 1) }
			names += " " + name
			c := &counter{id: kind + ":0", kind: kind, used: shifted, origin: rng.Int64N(1e12), shows: -900_000, next: -800_000 + rng.Int64N(100_000)}
			c.update, c.lag = rng.Int64N(150_000)*rng.Int64N(2), rng.Int64N(60_000)*rng.Int64N(2)
			counters = append(counters, c)
			tr.charge(all, kind, shifted, kind == "gpu" || serving)
		}
		powers := s.sample(rng, end, counters)
		r, err := attributeFiles(powers, events, attribute.Options{MinCoverage: 0.9})
		must(t, err)
		if wrong := tr.compare(r, &total); wrong != "" {
			t.Fatalf("seed %d, %+v,%s: %s", seed, s, names, wrong)
		}
	}
	t.Logf("%+v", total)
	if total.numbers < 20*int(*laws) || total.tight < total.numbers/20 || total.outsideHalf == 0 {
		t.Errorf("%+v: too few to mean anything", total)
	}
}

// seen counts numbers with a bound, those whose bound is less than a tenth of
// them, and those that half their bound, or a tenth, would not have held.
type seen struct{ numbers, tight, outsideHalf, outsideTenth int }

// compare names the first number that lies outside its bound.
func (tr truth) compare(r result, s *seen) (wrong string) {
	check := func(query, number string, value *unit.Joules, uncertainty map[string]*float64, key, kind string) {
		if value == nil || kind != "bound" {
			return
		}
		want, got, u := tr[query][number], value.Float(), *uncertainty[key]
		off := math.Abs(got-want) - 1e-5 // the counters show whole microjoules
		s.numbers++
		if u < got/10 {
			s.tight++
		}
		if off > u/2 {
			s.outsideHalf++
		}
		if off > u && wrong == "" {
			wrong = fmt.Sprintf("%s %s is %v J ± %v, in truth %v", query, number, got, u, want)
		}
	}
	for _, q := range r.traces {
		for _, kind := range []string{"gpu", "cpu"} {
			u, k := q.Energy.UncertaintyJoules, q.Energy.UncertaintyKind
			check(q.QueryID, "query_"+kind, q.Query.Get(kind), u, kind, k[kind])
			check(q.QueryID, "overhead_"+kind, q.Overhead.Get(kind), u, "overhead_"+kind, k["overhead_"+kind])
			check(q.QueryID, "setup_"+kind, q.Setup.Get(kind), u, "setup_"+kind, k["setup_"+kind])
			check(q.QueryID, "scoring_"+kind, q.Scoring.Get(kind), u, "scoring_"+kind, k["scoring_"+kind])
			for i := range q.Turns {
				turn := &q.Turns[i]
				u, k := turn.Energy.UncertaintyJoules, turn.Energy.UncertaintyKind
				name := func(what string) string { return fmt.Sprintf("%d_%s_%s", turn.TurnIndex, what, kind) }
				check(q.QueryID, name("turn"), turn.Joules.Get(kind), u, kind, k[kind])
				lm := turn.LMCPUJoules
				if kind == "gpu" {
					lm = turn.LMGPUJoules
					check(q.QueryID, name("prefill"), turn.PrefillGPUJoules, u, "prefill_gpu", k["prefill_gpu"])
					check(q.QueryID, name("decode"), turn.DecodeGPUJoules, u, "decode_gpu", k["decode_gpu"])
				}
				check(q.QueryID, name("lm"), lm, u, "lm_"+kind, k["lm_"+kind])
				for n, tool := range turn.Tools {
					value := tool.CPUEnergyJoules
					if kind == "gpu" {
						value = tool.GPUEnergyJoules
					}
					check(q.QueryID, name(fmt.Sprintf("tool%d", n)), value, tool.UncertaintyJoules, kind, "bound")
				}
			}
		}
	}
	return wrong
}

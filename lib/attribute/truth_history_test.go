package attribute_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/attribute/oracle"
)

// TestTruthOfHistories: TestTruth for histories of every kind (nested, parallel
// and crossing spans, retries, setup and scoring outside the query, attempts) and
// every rule, with sensors that wrap, start anew, are away for a while, or give
// means of watts. The shares are the oracle's, the energy is the formula's. Idle
// joules are within the rule of cells too.
func TestTruthOfHistories(t *testing.T) {
	const off = history.NoPower | history.Backwards | history.ClockStep
	kinds := map[string]*seen{"bound": {}, "assumed": {}, "idle": {}}
	for seed := *firstSeed; seed < *firstSeed+uint64(*laws)/2; seed++ {
		rng := rand.New(rand.NewPCG(seed, 41))
		h := history.Random(rng, history.Options{Off: off})
		rule := []string{attribute.Active, attribute.Equal, attribute.Whole}[seed%3]
		s := newScope(rng, h.Events)
		powers := s.sample(rng)
		got, err := attributeFiles(powers, h.Events, attribute.Options{Share: rule, MinCoverage: 1})
		must(t, err)
		want, err := oracle.Attribute(powers, h.Events, rule, oracle.Options{MinCoverage: big.NewRat(1, 1), Used: s.used})
		must(t, err)
		wrong := s.compare(got, want, kinds)
		if seed%2 == 0 {
			cells, err := oracle.Attribute(powers, h.Events, rule, oracle.Options{MinCoverage: big.NewRat(1, 1)})
			must(t, err)
			wrong = append(wrong, s.compareIdle(t, got.totals, want, cells, kinds["idle"])...)
		}
		if len(wrong) > 0 {
			t.Fatalf("seed %d, rule %s, %s, %s:\n%s", seed, rule, h.On, s, strings.Join(wrong, "\n"))
		}
	}
	for kind, n := range kinds {
		t.Logf("%s: %+v", kind, *n)
		if n.numbers < int(*laws)/4 || n.outsideTenth == 0 || kind == "bound" && n.outsideHalf == 0 {
			t.Errorf("%s: %+v: too few to mean anything", kind, *n)
		}
	}
}

// holds counts a number and reports whether it lies within its bound.
func (s *seen) holds(value, truth, u float64) bool {
	off := math.Abs(value-truth) - 3e-5 // counters show whole microjoules, and there may be several
	s.numbers++
	if u < math.Abs(value)/10 {
		s.tight++
	}
	if off > u/2 {
		s.outsideHalf++
	}
	if off > u/10 {
		s.outsideTenth++
	}
	return off <= u+1e-9*math.Abs(truth)
}

// compareIdle names the domains whose idle joules are off, where the whole run was
// measured.
func (s *scope) compareIdle(t *testing.T, got attribute.Totals, want, cells oracle.Result, n *seen) (wrong []string) {
	for _, d := range got.Domains {
		if s.rank(d.Kind) != "bound" || d.MeasuredS*1e6 != float64(got.EndUs-got.StartUs) {
			continue
		}
		value, err := strconv.ParseFloat(d.Idle.String(), 64)
		must(t, err)
		truth, _ := want.Totals[d.ID]["idle_joules"].(*big.Rat).Float64()
		u, _ := cells.IdleBounds[d.ID].Float64()
		if !n.holds(value, truth, u) {
			wrong = append(wrong, fmt.Sprintf("idle joules of %s are %v ± %v, in truth %v", d.ID, value, u, truth))
		}
	}
	return wrong
}

// scope is a sampler put to a history's host, and what the host truly used.
type scope struct {
	from, to       int64 // t_us of the first event and the last
	interval       int64
	jitter, readUs int64
	meters         []*gauge
	names          []string
}

// gauge is one domain: a counter, or means of watts over a window.
type gauge struct {
	counter
	window int64 // of means; 0 for a counter
	wrap   int64 // µJ; 0 for none
	away   []stretch
	reset  int64 // a moment when it starts anew; 0 for none

	raw, sum, origin int64 // what the counter showed last, and the sampler's own sum
	read             bool
}

type stretch struct{ from, to int64 }

func (s *scope) String() string {
	return fmt.Sprintf("every %d µs (+%d, reading takes %d), %s", s.interval, s.jitter, s.readUs, strings.Join(s.names, ", "))
}

var stamps = regexp.MustCompile(`"t_us":(\d+)`)

// newScope draws sensors for a history.
func newScope(rng *rand.Rand, events []byte) *scope {
	s := &scope{from: math.MaxInt64}
	for _, m := range stamps.FindAllSubmatch(events, -1) {
		var t int64
		fmt.Sscan(string(m[1]), &t)
		s.from, s.to = min(s.from, t), max(s.to, t)
	}
	length := s.to - s.from + 2*margin
	s.interval = max(1000, length/int64(40+rng.IntN(120)))
	means := rng.IntN(2) == 0 // readings at regular moments, as their bound supposes
	if !means {
		s.jitter = rng.Int64N(s.interval/2) * rng.Int64N(2)
	}
	s.readUs = rng.Int64N(3000) * rng.Int64N(2)
	for _, kind := range []string{"gpu", "gpu", "cpu", "dram"} {
		name, used := randomCourse(rng, float64(length)/1e6)
		g := &gauge{counter: counter{id: fmt.Sprintf("%s:%d", kind, len(s.meters)), kind: kind, used: used, shows: 0, next: 1 + rng.Int64N(100_000)}}
		switch {
		case means && kind == "dram":
			s.readUs = 0
			g.window = s.interval * (2 + rng.Int64N(5))
			g.lag = rng.Int64N(s.interval) * rng.Int64N(2)
		default:
			g.update, g.lag = rng.Int64N(150_000)*rng.Int64N(2), rng.Int64N(60_000)*rng.Int64N(2)
			if !means {
				g.trouble(rng, s, &name, length)
			}
		}
		s.meters = append(s.meters, g)
		s.names = append(s.names, fmt.Sprintf("%s is %s, update %d, lag %d, window %d, wrap %d", g.id, name, g.update, g.lag, g.window, g.wrap))
	}
	return s
}

// trouble lets a counter wrap, be away and start anew.
func (g *gauge) trouble(rng *rand.Rand, s *scope, name *string, length int64) {
	for range rng.IntN(3) {
		at := rng.Int64N(length)
		g.away = append(g.away, stretch{at, at + rng.Int64N(8*s.interval)})
	}
	if rng.IntN(4) == 0 {
		g.reset = 1 + rng.Int64N(length)
	}
	if rng.IntN(2) == 0 { // whether a gap hides a wrap is judged by the largest power seen
		watts := 5 + 300*rng.Float64()
		*name, g.used = "constant", constant(watts)
		g.wrap = int64(watts * float64(s.interval+g.update+g.lag) * (4 + 10*rng.Float64()))
	}
}

// margin is how long the sampler runs before the first event and after the last;
// the courses begin a little before it.
const margin = 400_000

// clock turns t_us into the courses' own microseconds.
func (s *scope) clock(t int64) int64 { return t - s.from + margin + 1_000_000 }

// used is what a domain truly used.
func (s *scope) used(id string, from, to int64) float64 {
	for _, g := range s.meters {
		if g.id == id {
			return g.used(float64(s.clock(to))/1e6) - g.used(float64(s.clock(from))/1e6)
		}
	}
	panic(id)
}

func (s *scope) rank(kind string) string {
	for _, g := range s.meters {
		if g.kind == kind && g.window > 0 {
			return "assumed"
		}
	}
	return "bound"
}

// sample writes the power stream.
func (s *scope) sample(rng *rand.Rand) []byte {
	var heads []string
	for _, g := range s.meters {
		head := map[string]any{"id": g.id, "kind": g.kind, "energy": "counter", "power": "none", "update_us": g.update, "lag_us": g.lag}
		if g.window > 0 {
			head = map[string]any{"id": g.id, "kind": g.kind, "energy": "none", "power": "averaged", "power_window_us": g.window, "lag_us": g.lag}
		}
		if g.wrap > 0 {
			head["wrap_joules"] = float64(g.wrap) / 1e6
		}
		b, _ := json.Marshal(head)
		heads = append(heads, string(b))
	}
	var out strings.Builder
	fmt.Fprintf(&out, `{"type":"header","schema":"ipw.power/1","host":"n1","t_us":%d,"interval_us":%d,"domains":[%s]}`+"\n", s.from-margin, s.interval, strings.Join(heads, ","))
	n := 0
	for tick := s.from - margin; tick <= s.to+margin; tick += s.interval {
		at := tick
		if s.jitter > 0 {
			at += rng.Int64N(s.jitter)
		}
		var j, w []string
		for i, g := range s.meters {
			now := s.clock(at + s.readUs*int64(i)/int64(len(s.meters)))
			joules, watts, note := g.show(rng, now)
			if note {
				fmt.Fprintf(&out, `{"type":"note","t_us":%d,"domain":%q,"what":"reset"}`+"\n", at, g.id)
				n++
			}
			j, w = append(j, joules), append(w, watts)
		}
		fmt.Fprintf(&out, `{"t_us":%d,"read_us":%d,"j":[%s],"w":[%s]}`+"\n", at, s.readUs, strings.Join(j, ","), strings.Join(w, ","))
		n++
	}
	fmt.Fprintf(&out, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	return []byte(out.String())
}

// show reads a gauge, as a sampler does that corrects wraps.
func (g *gauge) show(rng *rand.Rand, now int64) (joules, watts string, reset bool) {
	seconds := func(t int64) float64 { return float64(t) / 1e6 }
	if g.window > 0 {
		mean := (g.used(seconds(now-g.lag)) - g.used(seconds(now-g.lag-g.window))) / seconds(g.window)
		return "null", fmt.Sprintf("%.6f", mean), false
	}
	raw := g.counter.read(rng, now)
	for _, a := range g.away {
		if a.from <= now-600_000 && now-600_000 < a.to {
			return "null", "null", false
		}
	}
	if g.reset > 0 && now-600_000 >= g.reset {
		reset, g.reset = g.read, 0
		g.origin = raw
	}
	raw -= g.origin
	if g.wrap > 0 {
		raw %= g.wrap
	}
	if step := raw - g.raw; g.read && !reset {
		if step < 0 {
			step += g.wrap
		}
		g.sum += step
	}
	g.raw, g.read = raw, true
	return fmt.Sprintf("%d.%06d", g.sum/1e6, g.sum%1e6), "null", reset
}

// compare names the numbers that are further from the truth than they say.
func (s *scope) compare(r result, want oracle.Result, kinds map[string]*seen) (wrong []string) {
	for i, q := range r.traces {
		key := oracle.Attempt{Query: q.QueryID, Number: q.Attempt}
		if q.Run != nil {
			key.Run = *q.Run
		}
		got := flatten(r.lines[i])
		for path, w := range want.Queries[key] {
			truth, isNumber := w.(*big.Rat)
			name, isEnergy := strings.CutSuffix(path, "_energy_joules")
			at, what := "", name
			if k := strings.LastIndexByte(name, '.'); k >= 0 {
				at, what = name[:k+1], name[k+1:]
			}
			what = strings.TrimPrefix(what, "query_")
			if !isEnergy || !isNumber || what == "query" || what == "" || strings.HasPrefix(what, "total_") || strings.HasPrefix(what, "attempt_") {
				continue
			}
			kind := what[strings.LastIndexByte(what, '_')+1:]
			of := at + "energy.uncertainty_joules." + what
			if strings.Contains(path, "tools[") {
				of = at + "uncertainty_joules." + what
			}
			value, ok1 := got[path].(json.Number)
			u, ok2 := got[of].(json.Number)
			if !ok1 || !ok2 {
				wrong = append(wrong, fmt.Sprintf("%s %s is %v, its uncertainty %v", q.QueryID, path, got[path], got[of]))
				continue
			}
			v, _ := value.Float64()
			b, _ := u.Float64()
			tr, _ := truth.Float64()
			if !kinds[s.rank(kind)].holds(v, tr, b) {
				wrong = append(wrong, fmt.Sprintf("%s %s is %v ± %v J (%s), in truth %v", q.QueryID, path, v, b, s.rank(kind), tr))
			}
		}
	}
	return wrong
}

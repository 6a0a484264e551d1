package attribute_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/power"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// TestConservation: in nanojoules, without rounding, what the traces show and
// the totals call idle and withheld is what the device used; and each part of
// the totals that is shown is the sum of the traces' fields.
func TestConservation(t *testing.T) {
	holds(t, history.Options{Off: history.NoPower}, func(seed uint64, h history.History) string {
		r, err := attributeFiles(h.Power, h.Events, attribute.Options{Share: rules[seed%3], MinCoverage: 0.9, Serves: parsed(serves(seed))})
		must(t, err)
		return unbalanced(r)
	})
}

// unbalanced says which account does not close, "" if all do.
func unbalanced(r result) string {
	var wrong []string
	if !r.totals.Balanced {
		wrong = append(wrong, "it says so itself")
	}
	seen := addUp(r.traces)
	byKind := map[string]map[string]unit.Sum{}
	for _, d := range r.totals.Domains {
		rest := d.Device
		for _, part := range []unit.Sum{d.Turns, d.Overhead, d.Setup, d.Scoring, d.Idle, d.Withheld} {
			rest = rest.Sub(part)
		}
		if !rest.IsZero() || d.BalanceError != rest {
			wrong = append(wrong, fmt.Sprintf("%s: device less its parts is %s, balance_error_joules is %s", d.ID, rest, d.BalanceError))
		}
		if got := seen.turns[d.ID]; got != d.Turns {
			wrong = append(wrong, fmt.Sprintf("%s: turns_joules is %s, the turns' by_domain add up to %s", d.ID, d.Turns, got))
		}
		for part, sum := range map[string]unit.Sum{"turns": d.Turns, "overhead": d.Overhead, "setup": d.Setup, "scoring": d.Scoring} {
			if byKind[part] == nil {
				byKind[part] = map[string]unit.Sum{}
			}
			s := byKind[part][d.Kind]
			s.AddSum(sum)
			byKind[part][d.Kind] = s
		}
	}
	for part, kinds := range byKind {
		for kind, sum := range kinds {
			if got := seen.parts[part][kind]; got != sum {
				wrong = append(wrong, fmt.Sprintf("%s: %s_joules of the totals is %s, the traces' fields add up to %s", kind, part, sum, got))
			}
		}
	}
	slices.Sort(wrong)
	return strings.Join(wrong, "\n")
}

// shown is what traces show.
type shown struct {
	turns map[string]unit.Sum            // by domain
	parts map[string]map[string]unit.Sum // turns, overhead, setup, scoring: by kind
}

func addUp(traces []*trace.QueryTrace) shown {
	s := shown{map[string]unit.Sum{}, map[string]map[string]unit.Sum{}}
	add := func(part, kind string, j *unit.Joules) {
		if j == nil {
			return
		}
		if s.parts[part] == nil {
			s.parts[part] = map[string]unit.Sum{}
		}
		sum := s.parts[part][kind]
		sum.Add(*j)
		s.parts[part][kind] = sum
	}
	for _, q := range traces {
		for _, kind := range []string{power.GPU, power.CPU, power.DRAM, power.SOC, power.ANE, power.Board} {
			for i := range q.Turns {
				add("turns", kind, q.Turns[i].Joules.Get(kind))
			}
			add("overhead", kind, q.Overhead.Get(kind))
			add("setup", kind, q.Setup.Get(kind))
			add("scoring", kind, q.Scoring.Get(kind))
		}
		for i := range q.Turns {
			for id, j := range q.Turns[i].Energy.ByDomain {
				if j != nil {
					sum := s.turns[id]
					sum.Add(*j)
					s.turns[id] = sum
				}
			}
		}
	}
	return s
}

// TestDevice: where one segment of a counter covers the run, the device's
// joules are the difference of two readings, to the last digit.
func TestDevice(t *testing.T) {
	var events strings.Builder
	events.WriteString(`{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":1000000}` + "\n" +
		`{"type":"query_start","t_us":1000000,"query":"q"}` + "\n")
	for i := range 7 { // edges that cut every interval into what does not divide
		at := 1_000_000 + i*133_337
		fmt.Fprintf(&events, `{"type":"tool_call_start","t_us":%d,"query":"q","span":"s%d","turn":%d,"tool":"t"}`+"\n", at, i, i%3)
	}
	events.WriteString(`{"type":"query_end","t_us":2000000,"query":"q"}` + "\n" + `{"type":"end","records":9,"status":"ok"}` + "\n")
	power := `{"type":"header","schema":"ipw.power/1","host":"h","t_us":1000000,"interval_us":500000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none","update_us":0}]}
{"t_us":1000000,"j":[4.000001]}
{"t_us":1500000,"j":[2000000123.999999]}
{"t_us":2000000,"j":[2000000130.123457]}
{"type":"end","records":3,"status":"ok"}
`
	r, err := attributeFiles([]byte(power), []byte(events.String()), attribute.Options{MinCoverage: 0.9})
	must(t, err)
	if s := unbalanced(r); s != "" {
		t.Error(s)
	}
	if got := r.totals.Domains[0].Device.String(); got != "2000000126.123456" {
		t.Errorf("device_joules is %s", got)
	}
}

// TestWholeSaysSo: with the rule whole two queries are charged twice, and the
// totals say that they do not balance, and by how much.
func TestWholeSaysSo(t *testing.T) {
	const events = `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":1000000}
{"type":"query_start","t_us":1000000,"query":"a"}
{"type":"query_start","t_us":2000000,"query":"b"}
{"type":"query_end","t_us":3000000,"query":"a"}
{"type":"query_end","t_us":4000000,"query":"b"}
{"type":"end","records":4,"status":"ok"}
`
	const power = `{"type":"header","schema":"ipw.power/1","host":"h","t_us":1000000,"interval_us":3000000,"domains":[{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none","update_us":0}]}
{"t_us":1000000,"j":[0]}
{"t_us":4000000,"j":[90]}
{"type":"end","records":2,"status":"ok"}
`
	for rule, want := range map[string]string{
		attribute.Whole:  `"balanced":false,"domains":[{"id":"cpu:0","host":"h","kind":"cpu","measured_s":3,"device_joules":90,"turns_joules":0,"overhead_joules":120,"setup_joules":0,"scoring_joules":0,"idle_joules":0,"withheld_joules":0,"balance_error_joules":-30}]`,
		attribute.Active: `"balanced":true,"domains":[{"id":"cpu:0","host":"h","kind":"cpu","measured_s":3,"device_joules":90,"turns_joules":0,"overhead_joules":90,"setup_joules":0,"scoring_joules":0,"idle_joules":0,"withheld_joules":0,"balance_error_joules":0}]`,
	} {
		r, err := attributeFiles([]byte(power), []byte(events), attribute.Options{Share: rule, MinCoverage: 0.9})
		must(t, err)
		got, err := json.Marshal(r.totals)
		must(t, err)
		if !strings.Contains(string(got), `"share":"`+rule+`",`+want) {
			t.Errorf("%s: totals are %s", rule, got)
		}
		for _, q := range r.traces {
			if q.Energy.ShareRule != rule || *q.Energy.Share != "shared" {
				t.Errorf("%s: query %s is shared by %q, %q", rule, q.QueryID, q.Energy.ShareRule, *q.Energy.Share)
			}
		}
	}
}

// TestTracesAreReadAsWritten: decode(encode(trace)) = trace, of what an
// attribution writes.
func TestTracesAreReadAsWritten(t *testing.T) {
	holds(t, history.Options{}, func(seed uint64, h history.History) string {
		r, err := attributeFiles(h.Power, h.Events, options(seed))
		must(t, err)
		for i, text := range r.lines {
			var again trace.QueryTrace
			if err := again.UnmarshalJSON(text); err != nil {
				return err.Error()
			}
			second, err := again.Append(nil)
			must(t, err)
			if !bytes.Equal(text, second) {
				return fmt.Sprintf("written as %s\nread and written as %s", text, second)
			}
			if *again.TotalWallClockS != *r.traces[i].TotalWallClockS || len(again.Extra) > 0 {
				return "another trace"
			}
		}
		return ""
	})
}

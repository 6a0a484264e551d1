package efficiency

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"ipw/lib/stats"
	"ipw/lib/trace"
)

// q is a finished, measured local query of 10 s, as JSON with the given changes.
func q(t *testing.T, id string, changes string) *trace.QueryTrace {
	t.Helper()
	base := map[string]any{
		"query_id": id, "run": "r", "dataset": "d", "reason": "finished", "completed": true, "attempt": 1,
		"total_wall_clock_s": 10.0,
		"energy":             map[string]any{"method": "counter", "basis": []string{"gpu", "cpu"}},
	}
	if err := json.Unmarshal([]byte(changes), &base); err != nil {
		t.Fatal(changes, err)
	}
	b, _ := json.Marshal(base)
	tr := new(trace.QueryTrace)
	if err := json.Unmarshal(b, tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is null, want %g", what, want)
	} else if math.Abs(*got-want) > 1e-12*math.Max(1, math.Abs(want)) {
		t.Errorf("%s = %.15g, want %.15g", what, *got, want)
	}
}

func null[T any](t *testing.T, what string, got *T) {
	t.Helper()
	if got != nil {
		t.Errorf("%s = %v, want null", what, *got)
	}
}

func score(right int, joules string) string {
	return fmt.Sprintf(`{"accuracy_score":%d,"is_resolved":%v,"query_gpu_energy_joules":%s,"query_cpu_energy_joules":1,"query_energy_joules":%s}`, right, right == 1, joules, joules)
}

// Every figure worked out on paper.
func TestFigures(t *testing.T) {
	e := Of([]*trace.QueryTrace{
		q(t, "a", `{"accuracy_score":1,"is_resolved":true,"query_gpu_energy_joules":100,"query_energy_joules":110,"start_us":0,"end_us":10000000}`),
		q(t, "b", `{"accuracy_score":0,"is_resolved":false,"query_gpu_energy_joules":300,"query_energy_joules":310,"start_us":5000000,"end_us":15000000}`),
		q(t, "c", `{"accuracy_score":1,"is_resolved":true,"query_gpu_energy_joules":200,"query_energy_joules":220,"total_wall_clock_s":17,"setup_s":4,"scoring_s":3,"start_us":20000000,"end_us":25000000}`),
		q(t, "unscored", `{"unscorable_reason":"judge_error","query_gpu_energy_joules":50,"query_energy_joules":60}`),
		q(t, "unmeasured", `{"accuracy_score":1,"is_resolved":true,"energy":{"method":"counter","missing":{"gpu":"low coverage"}}}`),
		q(t, "errored", `{"reason":"error","completed":false,"query_gpu_energy_joules":25,"query_energy_joules":26}`),
		q(t, "timeout", `{"reason":"timeout","completed":false,"timed_out":true,"unscorable_reason":"judge_error","query_gpu_energy_joules":5,"query_energy_joules":6}`),
	})
	if *e.Basis != "gpu" || *e.Estimated || e.N != 3 || e.AccuracyN != 3 || e.LeftOut != (LeftOut{Unscored: 2, Unmeasured: 1, Errored: 1}) {
		t.Errorf("%+v", e)
	}
	near(t, "accuracy", e.Accuracy, 2.0/3)
	near(t, "failures wrong", e.AccuracyFailuresWrong, 2.0/5)
	near(t, "ipj", e.IPJ, 2.0/600)
	near(t, "ipw", e.IPW, 2.0/3/(600.0/30))
	near(t, "joules per success", e.JoulesPerSuccess, (100+300+200+50+25+5)/2.0)
	near(t, "mean open", e.MeanOpen, 25.0/20)
	w := stats.Wilson(2.0/3, 3)
	if *e.AccuracyCI95 != w {
		t.Errorf("%v, want %v", *e.AccuracyCI95, w)
	}
	// Upper side by hand: s of 100, 300, 200 is 100, their mean 200, t(2) 4.3027;
	// the correlation with 1, 0, 1 is -√3/2.
	de := stats.StudentQuantile(0.975, 2) * 100 / (200 * math.Sqrt(3))
	da := math.Log(w[1] / (2.0 / 3))
	up := 2.0 / 600 * math.Exp(math.Sqrt(da*da+de*de+math.Sqrt(3)*da*de))
	near(t, "ipj upper", &e.IPJCI95[1], up)
	if !(e.IPWCI95[0] < *e.IPW && *e.IPW < e.IPWCI95[1]) {
		t.Errorf("ipw %g outside %v", *e.IPW, *e.IPWCI95)
	}
	if len(e.Bases) != 2 || e.Bases[1].Basis != "total" {
		t.Fatalf("%+v", e.Bases)
	}
	near(t, "total ipj", e.Bases[1].IPJ, 2.0/640)
	near(t, "total joules", e.Bases[1].EnergyJoules, 640)
	near(t, "seconds", e.Bases[0].Seconds, 30)
}

func TestBasis(t *testing.T) {
	for _, c := range []struct {
		name, trace, basis, reason string
	}{
		{"gpu first", `{"query_gpu_energy_joules":1,"query_soc_energy_joules":2,"query_cpu_energy_joules":3}`, "gpu", ""},
		{"then soc", `{"query_soc_energy_joules":2,"query_cpu_energy_joules":3}`, "soc", ""},
		{"then cpu", `{"query_cpu_energy_joules":3,"query_board_energy_joules":4,"energy":{"missing":{"gpu":"no sensor"}}}`, "cpu", ""},
		{"then board", `{"query_board_energy_joules":4}`, "board", ""},
		{"a gpu that may not be read", `{"query_cpu_energy_joules":3,"energy":{"missing":{"gpu":"permission"}}}`, "", "gpu: permission"},
		{"a gpu with gaps", `{"query_cpu_energy_joules":3,"energy":{"missing":{"gpu":"low coverage"}}}`, "", "gpu: low coverage"},
		{"remote", `{"query_cpu_energy_joules":3,"query_energy_joules":3,"energy":{"missing":{"gpu":"remote endpoint"}}}`, "", "remote endpoint"},
		{"partly remote", `{"query_gpu_energy_joules":3,"query_energy_joules":3,"turns":[{"energy":{"missing":{"lm_gpu":"remote endpoint"}}}]}`, "", "remote endpoint"},
		{"nothing", `{"energy":{"missing":{"gpu":"no power stream","cpu":"no power stream"}}}`, "", "no power stream"},
		{"nothing at all", `{}`, "", "no power stream"},
	} {
		all := []*trace.QueryTrace{q(t, "a", c.trace), q(t, "b", c.trace)}
		all[0].AccuracyScore, all[1].AccuracyScore = new(float64), new(float64)
		*all[0].AccuracyScore = 1
		e := Of(all)
		if got := deref(e.Basis); got != c.basis || deref(e.Reason) != c.reason {
			t.Errorf("%s: basis %q, reason %q", c.name, got, deref(e.Reason))
		}
		near(t, c.name+": accuracy", e.Accuracy, 0.5)
		if c.basis == "" {
			null(t, c.name+": ipj", e.IPJ)
			null(t, c.name+": ipw", e.IPW)
			null(t, c.name+": joules per success", e.JoulesPerSuccess)
			if e.N != 0 || e.LeftOut.Unmeasured != 2 || e.AccuracyN != 2 {
				t.Errorf("%s: %+v", c.name, e)
			}
		}
		if strings.Contains(c.reason, "remote") {
			near(t, c.name+": harness", e.HarnessJoules, 6)
		} else {
			null(t, c.name+": harness", e.HarnessJoules)
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestNoneRight(t *testing.T) {
	e := Of([]*trace.QueryTrace{q(t, "a", score(0, "10")), q(t, "b", score(0, "12"))})
	near(t, "ipj", e.IPJ, 0)
	near(t, "ipw", e.IPW, 0)
	null(t, "joules per success", e.JoulesPerSuccess)
	if e.IPJCI95[0] != 0 || e.IPJCI95[1] <= 0 {
		t.Errorf("interval %v", *e.IPJCI95)
	}
}

func TestOneQuery(t *testing.T) {
	e := Of([]*trace.QueryTrace{q(t, "a", score(1, "10"))})
	near(t, "ipj", e.IPJ, 0.1)
	null(t, "interval", e.IPJCI95)
	if e.AccuracyCI95 == nil {
		t.Error("accuracy has an interval at n = 1")
	}
}

func TestNothingScored(t *testing.T) {
	e := Of([]*trace.QueryTrace{q(t, "a", `{"query_gpu_energy_joules":10}`)})
	null(t, "accuracy", e.Accuracy)
	null(t, "ipj", e.IPJ)
	if deref(e.Reason) == "" || e.LeftOut.Unscored != 1 || deref(e.Basis) != "gpu" {
		t.Errorf("%+v", e)
	}
	e = Of(nil)
	if deref(e.Reason) != "no traces" || e.Accuracy != nil || e.MeanOpen != nil {
		t.Errorf("%+v", e)
	}
}

func TestZeroJoules(t *testing.T) {
	e := Of([]*trace.QueryTrace{q(t, "a", score(1, "0")), q(t, "b", score(1, "0"))})
	null(t, "ipj", e.IPJ)
	if deref(e.Reason) == "" {
		t.Error("no reason")
	}
	mustEncode(t, e)
}

func mustEncode(t *testing.T, e *Efficiency) []byte {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Earlier attempts cost what they cost, whether their lines are there or not,
// and never twice.
func TestAttempts(t *testing.T) {
	first := q(t, "a", `{"reason":"error","completed":false,"query_gpu_energy_joules":40,"query_energy_joules":40,"total_wall_clock_s":2}`)
	second := `{"attempt":2,"accuracy_score":1,"is_resolved":true,"query_gpu_energy_joules":60,"query_energy_joules":60`
	told := q(t, "a", second+`,"attempt_gpu_energy_joules":40,"attempt_cpu_energy_joules":0}`)
	untold := q(t, "a", second+`}`)

	for name, all := range map[string][]*trace.QueryTrace{
		"both": {first, told}, "last only": {told}, "by lines": {first, untold}, "judged twice": {first, told, told},
	} {
		e := Of(all)
		near(t, name+": ipj", e.IPJ, 1.0/100)
		near(t, name+": joules per success", e.JoulesPerSuccess, 100)
		if e.N != 1 || e.LeftOut != (LeftOut{}) {
			t.Errorf("%s: %+v", name, e)
		}
		want := 1 / (100.0 / 12) // 100 J in 12 s
		if name == "last only" {
			want = 1 / (60.0 / 10) // of the first only its joules are known
		}
		near(t, name+": ipw", e.IPW, want)
	}
	e := Of([]*trace.QueryTrace{untold})
	if e.N != 0 || e.LeftOut.Unmeasured != 1 {
		t.Errorf("a first attempt of unknown joules: %+v", e)
	}
}

func TestEstimates(t *testing.T) {
	est := `{"accuracy_score":1,"is_resolved":true,"query_cpu_energy_joules":7,"query_energy_joules":7,"energy":{"method":"estimate","basis":["cpu"]}}`
	e := Of([]*trace.QueryTrace{q(t, "a", est), q(t, "b", est)})
	if !*e.Estimated || *e.Basis != "cpu" || e.N != 2 || !e.Bases[1].Estimated {
		t.Errorf("%+v", e)
	}
	meas := `{"accuracy_score":1,"is_resolved":true,"query_cpu_energy_joules":5,"query_energy_joules":5,"energy":{"method":"counter","basis":["cpu"]}}`
	e = Of([]*trace.QueryTrace{q(t, "a", est), q(t, "b", meas)})
	if *e.Estimated || e.N != 1 || e.LeftOut.Unmeasured != 1 {
		t.Errorf("mixed: %+v", e)
	}
	near(t, "ipj of the measured one", e.IPJ, 1.0/5)

	// A GPU's counter beside an estimated CPU: the GPU is measured, there is no total.
	both := `{"accuracy_score":1,"is_resolved":true,"query_gpu_energy_joules":9,"query_cpu_energy_joules":5,"query_energy_joules":14,
		"energy":{"method":"mixed","basis":["gpu","cpu"],"uncertainty_kind":{"gpu":"bound","cpu":"none"}}}`
	e = Of([]*trace.QueryTrace{q(t, "a", both)})
	if *e.Estimated || *e.Basis != "gpu" {
		t.Errorf("%+v", e)
	}
	null(t, "total ipj", e.Bases[1].IPJ)
	if deref(e.Bases[1].Reason) == "" {
		t.Error("no reason")
	}
}

// A total is over those queries that have the same kinds in it.
func TestTotalOfSameKinds(t *testing.T) {
	whole := `{"accuracy_score":1,"query_gpu_energy_joules":9,"query_cpu_energy_joules":1,"query_energy_joules":10}`
	part := `{"accuracy_score":1,"query_gpu_energy_joules":9,"query_energy_joules":9,"energy":{"method":"counter","basis":["gpu"]}}`
	e := Of([]*trace.QueryTrace{q(t, "a", whole), q(t, "b", part)})
	if e.N != 2 || e.Bases[1].N != 1 {
		t.Errorf("%+v", e)
	}
	near(t, "total", e.Bases[1].EnergyJoules, 10)
}

func TestRepeats(t *testing.T) {
	var all []*trace.QueryTrace
	for i, s := range []int{1, 1, 0, 0, 1, 1} {
		id := []string{"x", "x#2", "y", "y#2", "z", "z#2"}[i]
		all = append(all, q(t, id, score(s, fmt.Sprint(10+i))))
	}
	e := Of(all)
	if *e.AccuracyCI95 != stats.Wilson(4.0/6, 3) {
		t.Errorf("three tasks, each twice: %v, want %v", *e.AccuracyCI95, stats.Wilson(4.0/6, 3))
	}
	// A number behind # without the task itself is a name.
	for i, id := range []string{"i#1", "i#2", "i#3", "i#4", "i#5", "i#6"} {
		all[i].QueryID = id
	}
	if e := Of(all); *e.AccuracyCI95 != stats.Wilson(4.0/6, 6) {
		t.Errorf("six tasks: %v", *e.AccuracyCI95)
	}
}

// n and what is left out make up the tasks, in any order of them, and no figure
// depends on that order.
func TestEveryTaskCounts(t *testing.T) {
	var all []*trace.QueryTrace
	for i := range 40 {
		c := []string{score(i/4%2, fmt.Sprint(i+1)), `{"query_gpu_energy_joules":3}`, `{"accuracy_score":1}`, `{"reason":"interrupted","completed":false}`}[i%4]
		all = append(all, q(t, fmt.Sprint(i), c))
	}
	want := Of(all)
	if n := want.N + want.LeftOut.Unscored + want.LeftOut.Unmeasured + want.LeftOut.Errored; n != len(all) {
		t.Errorf("%d tasks, want %d", n, len(all))
	}
	for i := range all {
		j := (i * 17) % len(all)
		all[i], all[j] = all[j], all[i]
	}
	got := Of(all)
	near(t, "ipj", got.IPJ, *want.IPJ)
	near(t, "ipj lower", &got.IPJCI95[0], want.IPJCI95[0])
	near(t, "joules per success", got.JoulesPerSuccess, *want.JoulesPerSuccess)
}

// The keys that everybody reads.
func TestKeys(t *testing.T) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(mustEncode(t, Of(nil)), &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"basis", "estimated", "n", "left_out", "accuracy", "accuracy_ci95", "accuracy_failures_wrong",
		"ipj", "ipj_ci95", "ipw", "ipw_ci95", "mean_open", "joules_per_success", "bases"} {
		if _, ok := m[k]; !ok {
			t.Errorf("no key %q", k)
		}
	}
	if string(m["bases"]) != "[]" || string(m["ipj"]) != "null" {
		t.Errorf("%s", m)
	}
}

// Package efficiency says how much a joule buys: accuracy per joule, accuracy
// per watt and joules per right answer, over scored traces. The object is the
// same in analysis/accuracy.json and in summary.json.
//
// A task counts once: the last trace of a query_id within a run. Its energy is
// that of the query less setup and scoring (query_*), plus that of earlier
// attempts (attempt_*). Every task is in exactly one place:
//
//	errored     it ended in an error or was interrupted
//	unscored    it has no score
//	unmeasured  it is scored, but its joules are not known
//	n           the rest, scored and measured
//
// Over the n, with scores x, energies e and seconds s of the same windows
// (wall clock less setup and scoring):
//
//	accuracy = Σx ÷ n          (over all scored ones where none is measured)
//	ipj      = Σx ÷ Σe         1/J
//	ipw      = accuracy ÷ (Σe ÷ Σs)   1/W
//
// accuracy_failures_wrong adds, as wrong, the errored and those unscored that
// did not finish. joules_per_success is what users pay: the joules of every
// measured task, errored and unscored ones included, over the right answers
// among them. A query's joules under concurrency are its share, so mean_open,
// the mean number of queries open while any was, stands beside ipw.
//
// The basis is one kind of domain for all tasks: gpu if any was measured, else
// soc, cpu, board. A GPU that is there but was not measured (no permission, low
// coverage) or a model on a host that no power stream covers leaves no basis:
// what was measured then is not what ran the model. It is told as
// harness_energy_joules, and ipj, ipw and joules_per_success are null with the
// reason. bases lists the basis and, beside it, total: all counted domains,
// over the tasks for which all of them were measured.
//
// Estimated joules never meet measured ones: where both are there the estimated
// tasks are unmeasured, and a total of both kinds is null.
//
//	e := efficiency.Of(traces)
//	if e.JoulesPerSuccess != nil { … }
package efficiency

import (
	"ipw/lib/stats"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Efficiency is the object of accuracy.json and summary.json. Null is not known.
type Efficiency struct {
	Basis     *string `json:"basis"`     // gpu, soc, cpu, board
	Estimated *bool   `json:"estimated"` // the joules come from a model, not a sensor; null without joules
	N         int     `json:"n"`
	LeftOut   LeftOut `json:"left_out"`
	Accuracies
	Figures
	MeanOpen         *float64 `json:"mean_open"`
	JoulesPerSuccess *float64 `json:"joules_per_success"`
	Bases            []Basis  `json:"bases"`

	AccuracyN     int      `json:"accuracy_n"`            // what accuracy is over: n, or all scored ones where none is measured
	Reason        *string  `json:"reason"`                // why ipj and ipw are null
	HarnessJoules *float64 `json:"harness_energy_joules"` // what was measured here while the model ran elsewhere
}

// Accuracies are the part of answers that are right.
type Accuracies struct {
	Accuracy              *float64        `json:"accuracy"`
	AccuracyCI95          *stats.Interval `json:"accuracy_ci95"`
	AccuracyFailuresWrong *float64        `json:"accuracy_failures_wrong"` // with the errored and the unscored that did not finish
}

// LeftOut counts the tasks that are not among the n.
type LeftOut struct {
	Unscored   int `json:"unscored"`
	Unmeasured int `json:"unmeasured"`
	Errored    int `json:"errored"`
}

// Figures are the two efficiencies and their intervals.
type Figures struct {
	IPJ     *float64        `json:"ipj"` // 1/J
	IPJCI95 *stats.Interval `json:"ipj_ci95"`
	IPW     *float64        `json:"ipw"` // 1/W
	IPWCI95 *stats.Interval `json:"ipw_ci95"`
}

// Basis is the efficiency by one account of the joules.
type Basis struct {
	Basis     string `json:"basis"` // gpu, soc, cpu, board; total for all counted domains
	Estimated bool   `json:"estimated"`
	N         int    `json:"n"`
	Figures
	JoulesPerSuccess *float64 `json:"joules_per_success"`
	EnergyJoules     *float64 `json:"energy_joules"` // Σe
	Seconds          *float64 `json:"seconds"`       // Σs
	Reason           *string  `json:"reason"`        // why ipj and ipw are null
}

// Of computes the efficiency of traces, earlier attempts among them, in the
// order they were written.
func Of(all []*trace.QueryTrace) *Efficiency {
	var t Table
	for _, q := range all {
		t.Add(q)
	}
	return t.Efficiency()
}

// Efficiency computes the object from what was added so far.
func (t *Table) Efficiency() *Efficiency {
	e := &Efficiency{Bases: []Basis{}, MeanOpen: t.meanOpen()}
	kind, why := t.basis()
	if kind == none {
		e.Reason = &why
		e.LeftOut = t.leftOut(nil)
		e.over(t, t.scored())
		if why == remote {
			t.harness(e)
		}
		return e
	}
	a := t.account(kind)
	b := a.basis()
	e.Basis, e.Estimated, e.N = &b.Basis, &b.Estimated, b.N
	e.Figures, e.JoulesPerSuccess, e.Reason = b.Figures, b.JoulesPerSuccess, b.Reason
	e.LeftOut = t.leftOut(a.measured())
	e.over(t, a.scored)
	if e.N == 0 {
		e.over(t, t.scored())
	}
	e.Bases = append(e.Bases, b)
	if all := t.account(total); len(all.known) > 0 || all.why != "" {
		e.Bases = append(e.Bases, all.basis())
	}
	return e
}

// over fills in the accuracies over these tasks.
func (e *Efficiency) over(t *Table, tasks []*task) {
	e.Accuracies, e.AccuracyN = t.accuracy(tasks), len(tasks)
}

// harness tells what was measured here while the model ran elsewhere.
func (t *Table) harness(e *Efficiency) {
	var sum unit.Sum
	estimated := false
	for _, x := range t.tasks {
		if j := x.energy(total); j != nil {
			sum.Add(*j)
			estimated = estimated || x.estimated[total] || x.mixed
			v := sum.Float()
			e.HarnessJoules, e.Estimated = &v, &estimated
		}
	}
}

func (t *Table) leftOut(measured map[*task]bool) (l LeftOut) {
	for _, k := range t.tasks {
		switch {
		case k.errored:
			l.Errored++
		case k.score == nil:
			l.Unscored++
		case !measured[k]:
			l.Unmeasured++
		}
	}
	return l
}

// Accuracy computes the accuracies over all scored tasks, measured or not.
func (t *Table) Accuracy() Accuracies { return t.accuracy(t.scored()) }

func (t *Table) accuracy(over []*task) (a Accuracies) {
	var failed int
	for _, k := range t.tasks {
		if k.score == nil && k.failed {
			failed++
		}
	}
	x := scores(over)
	var sum float64
	for _, v := range x {
		sum += v
	}
	if len(x) > 0 {
		p := sum / float64(len(x))
		iv := stats.Wilson(p, t.clusters(over).EffectiveN(x))
		a.Accuracy, a.AccuracyCI95 = &p, &iv
	}
	if n := len(x) + failed; n > 0 {
		p := sum / float64(n)
		a.AccuracyFailuresWrong = &p
	}
	return a
}

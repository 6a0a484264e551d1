package efficiency

import (
	"slices"
	"strings"

	"ipw/lib/stats"
	"ipw/lib/unit"
)

// account is the tasks whose joules of one kind are known.
type account struct {
	kind      kind
	known     []*task // scored or not
	scored    []*task // those of them with a score: the n
	estimated bool
	why       string // the reason if the joules must not be used; "" if they may
	clusters  stats.Clusters
}

// account collects the tasks for a kind. Estimated tasks are left out where
// there are measured ones.
func (t *Table) account(k kind) account {
	a := account{kind: k, estimated: true}
	for _, x := range t.tasks {
		if x.energy(k) != nil {
			a.known = append(a.known, x)
			a.estimated = a.estimated && x.estimated[k]
		}
	}
	if !a.estimated {
		a.drop(func(x *task) bool { return x.estimated[k] })
	}
	if k == total {
		a.alike()
	}
	for _, x := range a.known {
		if x.score != nil {
			a.scored = append(a.scored, x)
		}
	}
	a.estimated = a.estimated && len(a.known) > 0
	a.clusters = t.clusters(a.scored)
	return a
}

func (a *account) drop(what func(*task) bool) { a.known = slices.DeleteFunc(a.known, what) }

// alike leaves the totals that add up the same kinds, all that any task has,
// and none that adds an estimate to a measurement.
func (a *account) alike() {
	before := len(a.known)
	a.drop(func(x *task) bool { return x.mixed })
	if before > 0 && len(a.known) == 0 {
		a.why = "measured and estimated joules are not added up"
		return
	}
	var all []string
	for _, x := range a.known {
		all = append(all, strings.Split(x.counted, "+")...)
	}
	slices.Sort(all)
	union := strings.Join(slices.Compact(all), "+")
	if a.drop(func(x *task) bool { return x.counted != union }); before > 0 && len(a.known) == 0 {
		a.why = "no query has the joules of every kind"
	}
}

// measured lists the tasks with known joules as a set.
func (a *account) measured() map[*task]bool {
	set := make(map[*task]bool, len(a.known))
	for _, x := range a.known {
		set[x] = true
	}
	return set
}

// energy is a task's joules, those of its earlier attempts included; nil if a
// part is not known.
func (x *task) energy(k kind) *unit.Joules {
	if x.joules[k] == nil {
		return nil
	}
	sum := *x.joules[k]
	switch {
	case x.before[k] != nil:
		sum += *x.before[k]
	case x.number > 1 && len(x.earlier) == 0:
		return nil
	default:
		for _, a := range x.earlier {
			if a.joules[k] == nil {
				return nil
			}
			sum += *a.joules[k]
		}
	}
	return &sum
}

// window is the joules and the seconds of the same windows: the query's, and
// those of earlier attempts whose traces are at hand. attempt_* has no length,
// so alone it cannot be part of a power.
func (x *task) window(k kind) (joules, seconds float64, ok bool) {
	if x.seconds == nil {
		return 0, 0, false
	}
	joules, seconds = x.joules[k].Float(), *x.seconds
	for _, a := range x.earlier {
		if a.joules[k] != nil && a.seconds != nil {
			joules, seconds = joules+a.joules[k].Float(), seconds+*a.seconds
		}
	}
	return joules, seconds, true
}

// sum adds up the joules of tasks.
func (a *account) sum(of []*task) float64 {
	var s unit.Sum
	for _, x := range of {
		s.Add(*x.energy(a.kind))
	}
	return s.Float()
}

// basis chooses the kind of domain that ran the model, or tells why there is
// none: it was not measured.
func (t *Table) basis() (k kind, why string) {
	if len(t.tasks) == 0 {
		return none, "no traces"
	}
	if slices.ContainsFunc(t.tasks, func(x *task) bool { return x.remote }) {
		return none, remote
	}
	for k := range total {
		if slices.ContainsFunc(t.tasks, func(x *task) bool { return x.joules[k] != nil }) {
			return k, ""
		}
		if k == gpu {
			if why := t.unread(); why != "" {
				return none, "gpu: " + why
			}
		}
	}
	return none, t.reason(func(string) bool { return true }, "no power stream")
}

// unread tells why a GPU that is there was not measured, "" if there is none.
// It may have run the model, so no other domain can stand for it.
func (t *Table) unread() string {
	return t.reason(func(kind string) bool { return kind == "gpu" }, "", "no sensor", "no power stream")
}

// reason returns the commonest reason why joules are missing, or otherwise.
func (t *Table) reason(of func(kind string) bool, otherwise string, except ...string) string {
	count := make(map[string]int)
	for _, x := range t.tasks {
		for kind, why := range x.missing {
			if of(kind) && !slices.Contains(except, why) {
				count[why]++
			}
		}
	}
	best := otherwise
	for why, n := range count {
		if n > count[best] || n == count[best] && why < best {
			best = why
		}
	}
	return best
}

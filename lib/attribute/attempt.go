package attribute

import (
	"slices"

	"ipw/lib/event"
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// attempt is what one attempt at a query cost.
type attempt struct {
	number  int
	joules  trace.ByKind
	partial []string // of its energy
	cost    *float64
}

// attemptKey is what the attempts at one query have in common.
type attemptKey struct{ run, id string }

// attempts remembers what earlier attempts cost: of queries that failed for as
// long as the streams last, because they may be tried again, of the others as
// many as fit, because memory must not grow with the streams.
type attempts struct {
	of       map[attemptKey][]attempt
	finished []attemptKey // of the queries to be forgotten, in a ring
	next     int
}

// keptFinished is how many queries that did not fail are remembered.
const keptFinished = 4096

// remember keeps an attempt's cost for later ones.
func (e *Engine) remember(q *query, t *trace.QueryTrace) {
	m := &e.past
	if m.of == nil {
		m.of = make(map[attemptKey][]attempt)
	}
	key := attemptKey{q.key.run, q.key.id}
	if slices.ContainsFunc(m.of[key], func(a attempt) bool { return a.number == q.key.attempt }) {
		e.warn("again", "query %q, attempt %d, comes once more in one run: its last trace is the valid one", q.key.id, q.key.attempt)
	}
	m.of[key] = append(m.of[key], attempt{q.key.attempt, t.Query, t.Energy.Partial, t.TotalCostUSD})
	if q.finish == nil || q.finish.Reason == event.Failed || q.finish.Reason == event.Interrupted {
		return
	}
	if len(m.finished) < keptFinished {
		m.finished = append(m.finished, key)
		return
	}
	delete(m.of, m.finished[m.next])
	m.finished[m.next] = key
	m.next = (m.next + 1) % keptFinished
}

// earlier fills in what earlier attempts at the same query cost.
func (a *account) earlier(t *trace.QueryTrace) {
	var past []attempt
	for _, p := range a.e.past.of[attemptKey{a.q.key.run, a.q.key.id}] {
		if p.number < a.q.key.attempt {
			past = append(past, p)
		}
	}
	for _, kind := range kinds {
		if !a.hasKind(kind) {
			continue
		}
		var sum *unit.Joules
		partial := false
		for _, p := range past {
			j := p.joules.Get(kind)
			if j != nil {
				sum = ptr(deref(sum) + *j)
			}
			partial = partial || j == nil || slices.Contains(p.partial, kind)
		}
		t.AttemptJoules.Set(kind, sum)
		if sum != nil && partial {
			t.Energy.Partial = append(t.Energy.Partial, "attempt_"+kind)
		}
	}
	for _, p := range past {
		if p.cost != nil {
			t.AttemptCostUSD = ptr(deref(t.AttemptCostUSD) + *p.cost)
		}
	}
}

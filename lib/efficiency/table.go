package efficiency

import (
	"slices"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

// kind is a place in an account of joules: the candidates for a basis in the
// order of their preference, then all counted domains together.
type kind int

const (
	none kind = iota - 1
	gpu
	soc
	cpu
	board
	total
	kinds
)

var kindName = [kinds]string{"gpu", "soc", "cpu", "board", "total"}

// Table collects what efficiency needs of traces, without their texts. The
// zero value is empty.
type Table struct {
	tasks []*task
	at    map[key]*task
	open  map[string][]window // by run
}

type key struct{ run, query string }

// window is when an attempt was open, in Unix microseconds.
type window struct{ start, end int64 }

// task is the valid trace of a query_id within a run, and its earlier attempts.
type task struct {
	attempt
	dataset string
	query   string
	errored bool
	failed  bool
	score   *float64 // nil: unscored, or errored
	right   bool
	earlier []attempt // those that were added, by number
}

// attempt is one trace's share of the numbers.
type attempt struct {
	number    int
	joules    [kinds]*unit.Joules // of the query, less setup and scoring
	before    [kinds]*unit.Joules // attempt_*: of earlier attempts
	counted   string              // the kinds in total
	estimated [kinds]bool
	mixed     bool     // total holds estimated and measured joules
	seconds   *float64 // of the query, less setup and scoring
	missing   map[string]string
	remote    bool // model calls on a host that no stream covers
}

// Add adds a trace. A later trace of the same query_id and run takes its place.
// Warm-up queries are not counted.
func (t *Table) Add(q *trace.QueryTrace) {
	if q.Warmup() {
		return
	}
	if t.at == nil {
		t.at, t.open = make(map[key]*task), make(map[string][]window)
	}
	k := key{query: q.QueryID}
	if q.Run != nil {
		k.run = *q.Run
	}
	if q.EndUs > q.StartUs {
		t.open[k.run] = append(t.open[k.run], window{q.StartUs, q.EndUs})
	}
	old, ok := t.at[k]
	if !ok {
		old = new(task)
		t.at[k] = old
		t.tasks = append(t.tasks, old)
		*old = newTask(q)
		return
	}
	earlier := append(old.earlier, old.attempt)
	*old = newTask(q)
	// What has the same number was written again, not tried again.
	old.earlier = slices.DeleteFunc(earlier, func(a attempt) bool { return a.number >= old.number })
}

func newTask(q *trace.QueryTrace) task {
	k := task{attempt: newAttempt(q), query: q.QueryID, errored: q.Errored(), failed: q.Failed()}
	if q.Dataset != nil {
		k.dataset = *q.Dataset
	}
	if k.errored {
		return k
	}
	switch {
	case q.AccuracyScore != nil && (*q.AccuracyScore < 0 || *q.AccuracyScore > 1):
		return k // no score that a part of right could be taken of
	case q.AccuracyScore != nil:
		k.score = q.AccuracyScore
		k.right = *q.AccuracyScore == 1
	case q.IsResolved != nil:
		k.score = new(float64)
		if *q.IsResolved {
			*k.score = 1
		}
	}
	if q.IsResolved != nil {
		k.right = *q.IsResolved
	}
	return k
}

// scored lists the tasks with a score.
func (t *Table) scored() []*task {
	var s []*task
	for _, k := range t.tasks {
		if k.score != nil {
			s = append(s, k)
		}
	}
	return s
}

func scores(of []*task) []float64 {
	x := make([]float64, len(of))
	for i, k := range of {
		x[i] = *k.score
	}
	return x
}

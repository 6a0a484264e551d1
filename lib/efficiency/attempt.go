package efficiency

import (
	"slices"
	"strings"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

func newAttempt(q *trace.QueryTrace) attempt {
	a := attempt{number: q.Attempt, seconds: seconds(q), missing: q.Energy.Missing, remote: isRemote(q)}
	for k := range total {
		a.joules[k] = q.Query.Get(kindName[k])
		a.before[k] = q.AttemptJoules.Get(kindName[k])
		a.estimated[k] = estimated(&q.Energy, kindName[k])
	}
	basis := countedKinds(q)
	a.joules[total] = q.QueryEnergyJoules
	a.before[total] = sumKinds(&q.AttemptJoules, basis)
	a.counted = strings.Join(basis, "+")
	a.estimated[total] = q.Energy.Method == "estimate"
	if q.Energy.Method == "mixed" {
		a.mixed = slices.ContainsFunc(basis, func(k string) bool { return estimated(&q.Energy, k) })
	}
	return a
}

// countedKinds lists what query_energy_joules adds up.
func countedKinds(q *trace.QueryTrace) []string {
	if len(q.Energy.Basis) > 0 {
		return slices.Sorted(slices.Values(q.Energy.Basis))
	}
	var have []string
	for _, k := range []string{"ane", "cpu", "dram", "gpu", "soc"} {
		if q.Query.Get(k) != nil {
			have = append(have, k)
		}
	}
	if have == nil && q.Query.Get("board") != nil {
		have = []string{"board"}
	}
	return have
}

// sumKinds adds up kinds; nil if one of them is not known.
func sumKinds(b *trace.ByKind, names []string) *unit.Joules {
	if len(names) == 0 {
		return nil
	}
	sum := new(unit.Joules)
	for _, k := range names {
		j := b.Get(k)
		if j == nil {
			return nil
		}
		*sum += *j
	}
	return sum
}

// estimated tells whether a kind's joules come from a model of the machine. A
// trace says it for all its domains together; where they differ, an estimate is
// told by the lack of any bound, and it is never a GPU: those have sensors or
// nothing.
func estimated(e *trace.Energy, name string) bool {
	return e.Method == "estimate" || e.Method == "mixed" && name != "gpu" && e.UncertaintyKind[name] == "none"
}

// seconds is the length of the windows that query_* covers, nil if not known.
func seconds(q *trace.QueryTrace) *float64 {
	var s float64
	switch {
	case q.TotalWallClockS != nil:
		s = *q.TotalWallClockS
	case q.EndUs > q.StartUs:
		s = float64(q.EndUs-q.StartUs) / 1e6
	default:
		return nil
	}
	for _, part := range []*float64{q.SetupS, q.ScoringS} {
		if part != nil {
			s -= *part
		}
	}
	s = max(s, 0)
	return &s
}

const remote = "remote endpoint"

func isRemote(q *trace.QueryTrace) bool {
	for _, why := range q.Energy.Missing {
		if why == remote {
			return true
		}
	}
	for i := range q.Turns {
		for _, why := range q.Turns[i].Energy.Missing {
			if why == remote {
				return true
			}
		}
	}
	return false
}

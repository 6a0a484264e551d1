package attribute

import (
	"cmp"
	"slices"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// Totals is the account of the run: every domain's joules, and where they
// went. Each figure is summed by itself; none is a remainder.
type Totals struct {
	StartUs  int64         `json:"start_us"`
	EndUs    int64         `json:"end_us"`
	Share    string        `json:"share"`
	Balanced bool          `json:"balanced"`
	Domains  []DomainTotal `json:"domains"`
}

// DomainTotal is one domain's line of the account.
type DomainTotal struct {
	ID           string   `json:"id"`
	Host         string   `json:"host"`
	Kind         string   `json:"kind"`
	MeasuredS    float64  `json:"measured_s"`
	Device       unit.Sum `json:"device_joules"`
	Turns        unit.Sum `json:"turns_joules"`
	Overhead     unit.Sum `json:"overhead_joules"`
	Setup        unit.Sum `json:"setup_joules"`
	Scoring      unit.Sum `json:"scoring_joules"`
	Idle         unit.Sum `json:"idle_joules"`
	Withheld     unit.Sum `json:"withheld_joules"`
	BalanceError unit.Sum `json:"balance_error_joules"`
}

// totals collects the account while the engine runs, each domain's in it.
type totals struct{}

func (totals) of(d *domain) *domTotals { return &d.sums }

type domTotals struct {
	measuredUs                                              int64
	device, turns, overhead, setup, scoring, idle, withheld unit.Sum
}

func toJoules(nj int64) unit.Joules { return unit.Joules(nj) }

// addTotals adds a query's charges: to their part where the field has a value,
// else to what is withheld.
func (a *account) addTotals() {
	remote := a.remote()
	for _, d := range a.domains {
		t := &d.sums
		add := func(sum *unit.Sum, num int) {
			nj := toJoules(a.numbers[num].doms[d.index].nj)
			if hidden := remote && d.spec.Kind == power.GPU; hidden || !a.judge(num, d).ok {
				sum = &t.withheld
			}
			sum.Add(nj)
		}
		add(&t.overhead, numOverhead)
		add(&t.setup, numSetup)
		add(&t.scoring, numScoring)
		for _, turn := range a.turns {
			add(&t.turns, turn.number)
		}
	}
}

// Totals returns the account so far; final after Finish.
func (e *Engine) Totals() Totals {
	t := Totals{Share: e.opts.Share, Balanced: true, Domains: []DomainTotal{}, StartUs: e.firstUs, EndUs: e.lastUs}
	for _, d := range e.domains {
		if !d.charged() {
			continue
		}
		s := &d.sums
		dt := DomainTotal{ID: e.label(d), Host: d.host, Kind: d.spec.Kind, MeasuredS: float64(s.measuredUs) / 1e6,
			Device: s.device, Turns: s.turns, Overhead: s.overhead, Setup: s.setup, Scoring: s.scoring, Idle: s.idle, Withheld: s.withheld}
		rest := s.device
		for _, part := range []unit.Sum{s.turns, s.overhead, s.setup, s.scoring, s.idle, s.withheld} {
			rest = rest.Sub(part)
		}
		dt.BalanceError = rest
		t.Balanced = t.Balanced && rest.IsZero()
		t.Domains = append(t.Domains, dt)
	}
	slices.SortFunc(t.Domains, func(a, b DomainTotal) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.ID, b.ID)) })
	return t
}

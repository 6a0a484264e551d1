package oracle

import "math/big"

// totals balances every domain: "device = turns + overhead + setup + scoring +
// idle + withheld, exactly, each summed by itself, none as a remainder".
func (a *attribution) totals() map[string]Fields {
	all := make(map[string]Fields)
	for _, d := range a.domains {
		// "Device = E(end) − E(start) over the measured part of the run,
		// which spans from the first event to the last."
		device, measured := d.between(a.start, a.end)
		sums := map[string]*big.Rat{"turns": {}, "overhead": {}, "setup": {}, "scoring": {}, "idle": {}, "withheld": {}}
		sums["idle"].Set(a.charged(idle, d))
		for _, q := range a.queries {
			for _, part := range []string{"overhead", "setup", "scoring"} {
				a.book(sums, part, figure{query: q, name: part}, d)
			}
			for _, t := range q.turns {
				a.book(sums, "turns", figure{query: q, turn: t, name: "turn"}, d)
			}
		}
		f := Fields{"id": d.ID, "kind": d.Kind, "measured_s": seconds(measured), "device_joules": device}
		balance := new(big.Rat).Set(device)
		for name, sum := range sums {
			f[name+"_joules"] = sum
			balance.Sub(balance, sum)
		}
		f["balance_error_joules"] = balance
		all[d.ID] = f
	}
	return all
}

// book adds what a domain charged to a figure to its sum, or to withheld:
// "charged to a field that is null".
func (a *attribution) book(sums map[string]*big.Rat, name string, f figure, d *domain) {
	charge := a.charged(f, d)
	if !a.shown(f, d) {
		name = "withheld"
	}
	sums[name].Add(sums[name], charge)
}

// shown tells whether a figure's field holds what a domain charged to it.
func (a *attribution) shown(f figure, d *domain) bool {
	v := a.value(f, d.Kind)
	for _, from := range v.from {
		if from == d {
			return true
		}
	}
	return false
}

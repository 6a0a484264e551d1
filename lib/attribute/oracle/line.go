package oracle

import (
	"math/big"
	"slices"
)

// domainHeader is a domain as a segment's header lists it.
type domainHeader struct {
	ID            string  `json:"id"`
	Kind          string  `json:"kind"`
	PartOf        string  `json:"part_of"`
	Energy        string  `json:"energy"`
	Power         string  `json:"power"`
	UpdateUs      *int64  `json:"update_us"`
	LagUs         int64   `json:"lag_us"`
	PowerWindowUs int64   `json:"power_window_us"`
	WrapJoules    float64 `json:"wrap_joules"`
	Estimated     bool    `json:"estimated"`
}

// update is update_us; "missing fields are 0".
func (d *domainHeader) update() int64 {
	if d.UpdateUs == nil {
		return 0
	}
	return *d.UpdateUs
}

func (d *domainHeader) silent() bool  { return d.Energy == "none" && d.Power == "none" }
func (d *domainHeader) counter() bool { return d.Energy == "counter" }

// charged: every kind that is nobody's part. A board is charged too, but is in
// no sum beside others.
func (d *domainHeader) charged() bool {
	return d.PartOf == "" && d.Kind != "core" && d.Kind != "uncore" && !d.silent()
}

// domain is what all segments say of one domain.
type domain struct {
	domainHeader
	random    bool       // every segment has ticks: "random"
	spacingUs int64      // at which it is read
	times     []int64    // of its readings, each instant once
	intervals []interval // between two points of one line: the measured time
	cells     []cell     // between two neighbouring readings of one line
	watts     []wattsAt  // readings of power
	energy    []*big.Rat // per slice
	measured  []int64    // per slice, microseconds
}

// interval is the time between two points of one line.
type interval struct {
	from, to int64
	joules   *big.Rat
}

// cell is where the joules between two neighbouring readings may have been
// used.
type cell struct {
	from, to int64
	joules   *big.Rat
	s, t     int64 // the two readings
}

type wattsAt struct {
	at     int64
	watts  *big.Rat
	broken bool // a line ended between this reading and the one before
}

// readDomains turns samples into lines. It returns the charged domains in the
// order of their first appearance, the kinds that a permission note withholds,
// and all samples.
func readDomains(segments []segment) (all []*domain, permission map[string]bool, samples []sample) {
	byID := make(map[string]*domain)
	permission = make(map[string]bool)
	for _, s := range segments {
		for i, h := range s.header.Domains {
			for _, r := range s.records {
				if h.silent() && r.Type == "note" && r.What == "permission" && r.Domain == h.ID {
					permission[h.Kind] = true
				}
			}
			if !h.charged() {
				continue
			}
			d := byID[h.ID]
			if d == nil {
				d = &domain{domainHeader: h, random: true}
				byID[h.ID], all = d, append(all, d)
			}
			d.random = d.random && s.header.Ticks == "random"
			d.spacingUs = max(d.spacingUs, spacing(&s))
			d.add(h, readings(&s, i, h))
		}
		samples = append(samples, readSamples(&s)...)
	}
	for _, d := range all {
		slices.Sort(d.times)
		d.times = slices.Compact(d.times) // "the one read first counts"
		slices.SortStableFunc(d.watts, func(a, b wattsAt) int { return int(a.at - b.at) })
	}
	return all, permission, samples
}

// add appends a segment's lines. "Between two segments nothing is known,
// unless the later one's first sample has the time of the earlier one's last":
// then the lines touch.
func (d *domain) add(h domainHeader, rs []reading) {
	known := slices.Clone(d.intervals) // of segments read earlier
	var point *reading                 // the last point of the line
	first := true                      // no watts were read on the line yet
	for i := range rs {
		r := &rs[i]
		d.times = append(d.times, r.at)
		first = first || r.broken
		if r.watts != nil {
			d.watts = append(d.watts, wattsAt{r.at, r.watts, first})
			first = false
		}
		if i == 0 || r.broken {
			point = r // a line begins
			continue
		}
		last := &rs[i-1]
		// "the cell [s − update_us − lag_us − ε, s′ + read_us + ε]"
		d.cells = append(d.cells, cell{last.at - h.update() - h.LagUs, r.at + r.readUs, between(h, last, r), last.at, r.at})
		// "A counter reading equal to the one before it is a repeat and no
		// point of the line, unless update_us has passed since the last point
		// or it is the last of its segment."
		repeat := h.counter() && r.value.Cmp(last.value) == 0
		if repeat && r.at-point.at < h.update() && i < len(rs)-1 {
			continue
		}
		d.intervals = append(d.intervals, unknown(known, interval{point.at, r.at, between(h, point, r)})...)
		point = r
	}
	slices.SortFunc(d.intervals, func(a, b interval) int { return int(a.from - b.from) })
}

// between is the energy from one reading to the next: the difference of j,
// "or for energy: none the trapezoid over w".
func between(h domainHeader, a, b *reading) *big.Rat {
	if h.Energy != "none" {
		return new(big.Rat).Sub(b.value, a.value)
	}
	mean := new(big.Rat).Add(a.value, b.value)
	mean.Quo(mean, big.NewRat(2, 1))
	return mean.Mul(mean, seconds(b.at-a.at))
}

// unknown cuts from an interval what earlier segments know: "If two segments
// give samples of one domain for the same time, the one read first counts".
func unknown(known []interval, i interval) []interval {
	for _, k := range known {
		if k.from < i.to && i.from < k.to {
			var rest []interval
			for _, piece := range []interval{{i.from, min(i.to, k.from), nil}, {max(i.from, k.to), i.to, nil}} {
				if piece.from < piece.to {
					piece.joules = i.within(piece.from, piece.to)
					rest = append(rest, unknown(known, piece)...)
				}
			}
			return rest
		}
	}
	return []interval{i}
}

// within is the interval's energy between a and b: "a straight line between
// readings".
func (i interval) within(a, b int64) *big.Rat {
	a, b = max(a, i.from), min(b, i.to)
	if a >= b {
		return new(big.Rat)
	}
	part := big.NewRat(b-a, i.to-i.from)
	return part.Mul(part, i.joules)
}

// between returns the energy of [a, b] and how much of it is measured.
func (d *domain) between(a, b int64) (joules *big.Rat, measuredUs int64) {
	joules = new(big.Rat)
	for _, i := range d.intervals {
		if i.from < b && a < i.to {
			joules.Add(joules, i.within(a, b))
			measuredUs += min(b, i.to) - max(a, i.from)
		}
	}
	return joules, measuredUs
}

// covers tells whether a line runs through an instant.
func (d *domain) covers(at int64) bool {
	for _, i := range d.intervals {
		if i.from <= at && at <= i.to {
			return true
		}
	}
	return false
}

package sensor

import (
	"math/bits"

	"ipw/lib/power"
)

// MaxMicroW is the most a domain may tell: 1 MW. What is above is a sentinel or
// garbage.
const MaxMicroW = 1_000_000 * 1_000_000

// Integral sums watts over time into microjoules that start at 0 and never
// fall, exactly: what is less than a microjoule is carried on.
type Integral struct {
	MaxGap int64 // microseconds over which two readings are joined; across more nothing is known, and it does not advance
	Mean   bool  // each reading is the mean since the one before: a rectangle, not a trapezoid

	total int64
	rest  uint64 // in half picojoules
	at    int64
	last  int64 // microwatts
	set   bool
}

// Next takes the microwatts read at the time at, in microseconds, and returns
// the microjoules so far. Without a reading, power.Null, there are none.
func (g *Integral) Next(at, microW int64) int64 {
	if microW < 0 || microW > MaxMicroW { // power.Null is below 0
		return power.Null
	}
	if dt := at - g.at; g.set && dt > 0 && dt <= g.MaxGap {
		from := g.last
		if g.Mean {
			from = microW
		}
		g.add(uint64(from)+uint64(microW), uint64(dt))
	}
	g.at, g.last, g.set = at, microW, true
	return g.total
}

// add adds twice a power, in microwatts, times dt microseconds.
func (g *Integral) add(twice, dt uint64) {
	const halfPico = 2_000_000 // half picojoules per microjoule
	hi, lo := bits.Mul64(twice, dt)
	lo, carry := bits.Add64(lo, g.rest, 0)
	q, r := bits.Div64(hi+carry, lo, halfPico)
	g.total += int64(q)
	g.rest = r
}

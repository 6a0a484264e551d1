package history

import "sort"

// curve is a domain's true power: steps of constant microwatts, and the
// picojoules up to each step.
type curve struct {
	times []int64
	watts []int64
	sums  []int64
}

// curve makes a true power from some moment on.
func (m *maker) curve(from, to int64) *curve {
	c := &curve{}
	sum := int64(0)
	for at := from; at <= to; {
		w := int64(10*m.rng.IntN(41)) * 1_000_000
		if m.has(OddPower) {
			w = m.rng.Int64N(400_000_000)
		}
		if m.coin(0.1) {
			w = 0
		}
		if n := len(c.times); n > 0 {
			sum += c.watts[n-1] * (at - c.times[n-1])
		}
		c.times, c.watts, c.sums = append(c.times, at), append(c.watts, w), append(c.sums, sum)
		at += max(m.grid, m.between(50*ms, 700*ms))
	}
	return c
}

// at returns the step that a moment lies in.
func (c *curve) at(t int64) int {
	i := sort.Search(len(c.times), func(i int) bool { return c.times[i] > t })
	return max(i-1, 0)
}

// power is the microwatts at a moment.
func (c *curve) power(t int64) int64 { return c.watts[c.at(t)] }

// energy is the picojoules up to a moment.
func (c *curve) energy(t int64) int64 {
	i := c.at(t)
	return c.sums[i] + c.watts[i]*(t-c.times[i])
}

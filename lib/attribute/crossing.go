package attribute

import (
	"slices"
)

// crossings adds the cells and intervals that the query's own events cut.
func (a *account) crossings() {
	n, m := len(a.numbers), &a.e.scratch
	m.lo, m.hi, m.seconds, m.seen = zeroed(m.lo, n), zeroed(m.hi, n), zeroed(m.seconds, n), zeroed(m.seen, n)
	lo, hi, sec, seen := m.lo, m.hi, m.seconds, m.seen
	var nums []int
	for i := range a.q.crossed {
		x, parts := &a.q.crossed[i], a.q.partsOf(i)
		nums = nums[:0]
		if n := len(parts); n > 0 && parts[n-1].silentFrom >= a.q.end { // it was thought open there
			parts, x.outside = parts[:n-1], true
		}
		for _, p := range parts {
			for _, share := range a.shares(p.epoch, x.d) {
				num, f := share.num, share.f
				if seen[num] == 0 {
					nums = append(nums, num)
					lo[num], hi[num], sec[num] = f*p.min, 0, 0
				}
				seen[num]++
				lo[num] = min(lo[num], f*p.min)
				hi[num] = max(hi[num], f*p.max)
				sec[num] += f * p.seconds
			}
		}
		for _, num := range nums {
			nd := &a.numbers[num].doms[x.d.index]
			if x.cells > 0 {
				if seen[num] < len(parts) || x.outside {
					lo[num] = 0
				}
				nd.lo += lo[num] * x.nj
				nd.hi += hi[num] * x.nj
			} else {
				nd.sq += sec[num] * sec[num]
			}
			seen[num] = 0
		}
		if x.cells > 0 {
			a.wholeCells(x, parts)
		}
	}
}

// wholeCells counts cells for the numbers in whose window they lie wholly.
func (a *account) wholeCells(x *crossing, parts []crossPart) {
	if x.outside || len(parts) == 0 {
		return
	}
next:
	for _, num := range a.active[parts[0].epoch] {
		for _, p := range parts[1:] {
			if !slices.Contains(a.active[p.epoch], num) {
				continue next
			}
		}
		a.numbers[num].doms[x.d.index].cells += x.cells
	}
}

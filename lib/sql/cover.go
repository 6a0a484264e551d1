//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import "ipw/lib/power"

// What one segment tells of a domain another one must not tell again, or sums
// over all segments count it twice. A segment covers, for each of its domains,
// the time from its first sample to its last: in boot time where the header
// names the boot, which no step of the wall clock moves, else in Unix time.
type covered map[domainKey]spans

// domainKey names a domain and the clock its spans are in.
type domainKey struct{ host, boot, id string }

type span struct{ from, to int64 }

type spans []span

// at tells whether a moment is covered, and whether the time right behind it is
// free. A moment that ends a span is both: a producer that rotates its files
// repeats it.
func (s spans) at(t int64) (free, covered bool) {
	free = true
	for _, x := range s {
		covered = covered || x.from <= t && t <= x.to
		free = free && (t < x.from || x.to <= t)
	}
	return free, covered
}

// cover is what an open segment covers so far, and what others did before it.
type cover struct {
	boot   string // "": Unix time
	own    span
	others []spans // per domain
}

// begin begins a segment with its first sample, which tells its clock.
func (c covered) begin(s *segment, first *power.Sample) *cover {
	open := new(cover)
	if first.HasM {
		open.boot = s.BootID
	}
	open.own.from = open.time(first)
	for _, d := range s.Domains {
		open.others = append(open.others, c[domainKey{s.Host, open.boot, d.ID}])
	}
	return open
}

// step goes on to a sample and returns its moment.
func (c *cover) step(s *power.Sample) int64 {
	t := c.time(s)
	c.own.to = max(c.own.to, t)
	return t
}

func (c *cover) time(s *power.Sample) int64 {
	if c.boot != "" && s.HasM {
		return s.MUs
	}
	return s.TUs
}

// add adds what a segment covered.
func (c covered) add(s *segment) {
	for _, d := range s.Domains {
		k := domainKey{s.Host, s.cover.boot, d.ID}
		c[k] = append(c[k], s.cover.own)
	}
}

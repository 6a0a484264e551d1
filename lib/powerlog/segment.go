package powerlog

import (
	"math"
	"slices"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// means reports whether watts of the log are means over its own interval.
func (h *Header) means() bool {
	return slices.ContainsFunc(h.Domains, func(d Domain) bool { return d.Mean })
}

// begin opens a segment with its first tick. Where the log tells when the first
// interval began, a sample there has what its joules count from.
func (c *converter) begin(h *Header, t *Tick) error {
	c.tallies, c.lost, c.seen, c.domains, c.begun, c.step, c.odd = nil, nil, nil, 0, false, 0, false
	if c.any && t.TUs < c.last.TUs {
		c.problems.Warn("%s:%d: time runs backwards, by %s: a new segment begins", c.src.name, t.Line, seconds(c.last.TUs-t.TUs))
	}
	at := t.TUs
	whole := t.FromUs != 0 && t.FromUs < t.TUs
	if whole {
		at = t.FromUs
	}
	if err := c.head(h, at); err != nil {
		return err
	}
	if !whole {
		for i := range c.tallies { // the first interval's joules are of nobody knows when
			if c.tallies[i].interval && i < len(t.Values) && t.Values[i].J != power.Null {
				c.tallies[i].total = -t.Values[i].J
			}
		}
		return nil
	}
	s := &power.Sample{TUs: at, J: make([]int64, c.domains)}
	for i := range s.J {
		if s.J[i] = power.Null; c.tallies[i].interval {
			s.J[i] = 0
		}
	}
	c.last = *s
	return c.out.sample(s, nil)
}

// head writes a header for all domains the log has shown.
func (c *converter) head(h *Header, at int64) error {
	p := &power.Header{Type: "header", Schema: power.Schema, Host: c.host, TUs: at, IntervalUs: h.IntervalUs, Tool: c.tool}
	if p.Host == "" {
		p.Host = h.Host
	}
	if h.ResolutionUs > 0 {
		p.ClockErrorUs = &h.ResolutionUs
	}
	if h.means() && p.IntervalUs == 0 {
		p.IntervalUs = c.spacing
	}
	for _, d := range h.Domains {
		if d.Mean && d.PowerWindowUs == 0 {
			d.PowerWindowUs = p.IntervalUs
		}
		p.Domains = append(p.Domains, d.Domain)
		if len(c.tallies) < len(p.Domains) {
			c.tallies = append(c.tallies, tally{interval: d.PerInterval, most: mostWatts(d.Kind)})
			c.lost, c.seen = append(c.lost, false), append(c.seen, false)
		}
	}
	c.header, c.domains, c.any = h, len(h.Domains), true
	return c.out.header(p, nil)
}

// again goes on in a segment whose header tells more. It repeats the last
// instant, so that nothing is lost between the two.
func (c *converter) again(h *Header) error {
	if err := c.out.end("ok", nil); err != nil {
		return err
	}
	s := c.last
	if err := c.head(h, s.TUs); err != nil {
		return err
	}
	pad := func(v []int64) []int64 {
		for v != nil && len(v) < c.domains {
			v = append(slices.Clip(v), power.Null)
		}
		return v
	}
	s.J, s.W = pad(s.J), pad(s.W)
	s.Util, s.MemBytes, s.TempC = nil, nil, nil
	c.last = s
	return c.out.sample(&s, nil)
}

// convert makes a sample of a tick: joules as the tallies have them, not yet
// told which were reset.
func (c *converter) convert(h *Header, t *Tick) *power.Sample {
	s := &power.Sample{TUs: t.TUs, ReadUs: t.ReadUs}
	hasJ, hasW := false, false
	for i := range h.Domains {
		hasJ = hasJ || h.Domains[i].Energy != power.None
		hasW = hasW || h.Domains[i].Power != power.None
	}
	value := func(i int) Value {
		if i < len(t.Values) {
			return t.Values[i]
		}
		return nothing
	}
	for i := range c.domains {
		v := value(i)
		if hasJ {
			s.J = append(s.J, v.J)
		}
		if hasW {
			s.W = append(s.W, c.derived(&h.Domains[i], t, v))
		}
		s.Util = extra(s.Util, i, v.Util)
		s.MemBytes = extra(s.MemBytes, i, v.MemBytes)
		s.TempC = extra(s.TempC, i, v.TempC)
	}
	for _, f := range []*[]*float64{&s.Util, &s.MemBytes, &s.TempC} {
		for *f != nil && len(*f) < c.domains {
			*f = append(*f, nil)
		}
	}
	return s
}

// length is the time that joules per interval are of.
func (c *converter) length(t *Tick) int64 {
	if t.FromUs != 0 {
		return t.TUs - t.FromUs
	}
	return t.TUs - c.last.TUs
}

// sane takes joules of an interval that no machine can have used for none.
func (c *converter) sane(h *Header, t *Tick) {
	if t.FromUs == 0 && !c.begun {
		return
	}
	most := sensor.MaxMicroW / 1e6 * float64(max(c.length(t), 0)+1_000_000)
	for i := range min(len(t.Values), c.domains) {
		if v := &t.Values[i]; h.Domains[i].PerInterval && float64(v.J) > most {
			v.J = power.Null
		}
	}
}

// derived is a value's watts: those of joules per interval are their mean.
func (c *converter) derived(d *Domain, t *Tick, v Value) int64 {
	dt := c.length(t)
	if v.W != power.Null || v.J == power.Null || !d.PerInterval || dt <= 0 || t.FromUs == 0 && !c.begun {
		return v.W
	}
	if w := float64(v.J) / float64(dt) * 1e6; w <= sensor.MaxMicroW {
		return int64(math.Round(w))
	}
	return power.Null
}

// extra puts a value that most samples do not have at place i.
func extra(all []*float64, i int, f float64) []*float64 {
	if math.IsNaN(f) {
		return all
	}
	for len(all) < i {
		all = append(all, nil)
	}
	return append(all, &f)
}

// notes turns the sample's raw joules into a sum, and says before it what
// happened to its domains.
func (c *converter) notes(h *Header, t *Tick, s *power.Sample) error {
	for i := range c.domains {
		d := &h.Domains[i]
		got := i < len(s.W) && s.W[i] != power.Null
		if s.J != nil && d.Energy != power.None {
			raw := s.J[i]
			total, reset := c.tallies[i].next(t.TUs, raw)
			if s.J[i] = total; total != power.Null {
				got = true
			}
			if reset {
				if err := c.say(t.TUs, d, power.Reset, counterFell); err != nil {
					return err
				}
			}
		}
		if h.Sparse {
			continue
		}
		if err := c.presence(t, i, d, got); err != nil {
			return err
		}
	}
	return nil
}

// resume is for joules that count again with this tick: what they count from is
// a reading at the tick before, what was used before it is not known.
func (c *converter) resume(t *Tick) error {
	var s *power.Sample
	for i := range c.domains {
		if i >= len(t.Values) || t.Values[i].J == power.Null {
			continue
		}
		why := c.tallies[i].resume(c.last.TUs, reading{t.TUs, t.Values[i].J, true})
		if why == "" {
			continue
		}
		if s == nil {
			s = &power.Sample{TUs: c.last.TUs, J: slices.Repeat([]int64{power.Null}, c.domains)}
		}
		s.J[i] = c.tallies[i].total
		if err := c.say(s.TUs, &c.header.Domains[i], power.Reset, why); err != nil {
			return err
		}
	}
	if s == nil {
		return nil
	}
	return c.out.sample(s, nil)
}

// presence notes that a domain's values stop, and that they are back.
func (c *converter) presence(t *Tick, i int, d *Domain, got bool) error {
	switch {
	case got && c.lost[i] && c.seen[i]:
		c.lost[i] = false
		return c.say(t.TUs, d, power.Resumed, "")
	case got:
		c.lost[i], c.seen[i] = false, true
	case !c.lost[i] && c.seen[i]:
		c.lost[i] = true
		return c.say(t.TUs, d, power.Lost, "no value in the log")
	}
	return nil
}

func (c *converter) say(at int64, d *Domain, what, detail string) error {
	return c.out.note(&power.Note{Type: "note", TUs: at, Domain: d.ID, What: what, Detail: detail}, nil)
}

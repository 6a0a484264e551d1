package powerlog

import (
	"fmt"
	"io"
	"slices"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// sink takes the records of a power stream. raw is the line that a record was
// read from, nil if it is new.
type sink interface {
	header(h *power.Header, raw []byte) error
	sample(s *power.Sample, raw []byte) error
	note(n *power.Note, raw []byte) error
	other(raw []byte) error // a record of a type that is not known
	end(status string, raw []byte) error
}

// converter makes the records of a power stream of ticks.
type converter struct {
	out      sink
	src      *source
	host     string
	tool     string
	problems *stream.Problems

	header  *Header // of the open segment, nil for none
	domains int     // it has
	tallies []tally
	lost    []bool // the domain's last tick had no value
	seen    []bool // it has had one
	last    power.Sample
	begun   bool  // last is of the open segment
	spacing int64 // of the first two ticks
	step    int64 // of the last two in the open segment; 0: there are none yet
	odd     bool  // step is far from spacing
	first   *Tick // held back until the second one tells how long the mean is
	back    *Tick // earlier than the one before: a stray, or a clock that was set back
	fresh   *Header
	any     bool
}

// run converts a whole log, and ends the last segment.
func (c *converter) run(r Reader) error {
	for {
		t, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.fail(err)
		}
		if err := c.take(r.Header(), t); err != nil {
			return c.fail(err)
		}
	}
	if err := c.settle(); err != nil {
		return c.fail(err)
	}
	if !c.any {
		return &stream.Error{File: c.src.name, Text: "no reading that could be used"}
	}
	return c.end("ok")
}

// fail ends what was written of a log that cannot be read further.
func (c *converter) fail(err error) error {
	c.back = nil
	_ = c.settle()
	if ended := c.end("failed"); ended != nil {
		return ended
	}
	return err
}

// settle writes what was held back for the next tick, which there is none of.
func (c *converter) settle() error {
	if c.first != nil {
		t := c.first
		c.first = nil
		if err := c.write(c.fresh, t); err != nil {
			return err
		}
	}
	if t := c.back; t != nil {
		c.back = nil
		return c.stray(t)
	}
	return nil
}

func (c *converter) stray(t *Tick) error {
	return c.problems.Reject(c.src.name, t.Line, fmt.Errorf("time runs backwards, by %s", seconds(c.last.TUs-t.TUs)))
}

func seconds(us int64) string { return fmt.Sprintf("%g s", float64(us)/1e6) }

// take takes a tick. One that is earlier than the one before is held back: if
// the next goes on from it, the clock was set back or another log begins, which
// is another segment; if the next goes on from before, it was a stray.
func (c *converter) take(h *Header, t *Tick) error {
	if c.fresh != h && c.first != nil {
		first := c.first
		c.first = nil
		if err := c.write(c.fresh, first); err != nil {
			return err
		}
	}
	c.fresh = h
	if c.header != h && c.first == nil && h.means() && h.IntervalUs == 0 {
		c.first = clone(t)
		return nil
	}
	if c.first != nil {
		first := c.first
		c.first = nil
		if t.TUs > first.TUs {
			c.spacing = t.TUs - first.TUs
		}
		if err := c.write(h, first); err != nil {
			return err
		}
	}
	return c.order(h, t)
}

// order sees to it that time runs forward in a segment.
func (c *converter) order(h *Header, t *Tick) error {
	if c.header != h || t.TUs >= c.last.TUs {
		if back := c.back; back != nil {
			c.back = nil
			if err := c.stray(back); err != nil {
				return err
			}
		}
		return c.write(h, t)
	}
	back := c.back
	if c.back = nil; back == nil || t.TUs < back.TUs {
		if back != nil {
			if err := c.stray(back); err != nil {
				return err
			}
		}
		c.back = clone(t)
		return nil
	}
	if err := c.end("ok"); err != nil {
		return err
	}
	if err := c.write(h, back); err != nil {
		return err
	}
	return c.write(h, t)
}

func clone(t *Tick) *Tick {
	n := *t
	n.Values = slices.Clone(t.Values)
	return &n
}

// write writes a tick, in a new segment if it must.
func (c *converter) write(h *Header, t *Tick) error {
	if c.header != nil && (c.header != h || c.apart(h, t)) {
		if err := c.end("ok"); err != nil {
			return err
		}
	}
	if c.header == nil {
		if err := c.begin(h, t); err != nil {
			return err
		}
	} else if c.respaced(h, t) || len(h.Domains) > c.domains {
		if err := c.again(h); err != nil {
			return err
		}
	}
	c.sane(h, t)
	if err := c.resume(t); err != nil {
		return err
	}
	s := c.convert(h, t)
	if err := c.notes(h, t, s); err != nil {
		return err
	}
	c.last, c.begun = *s, true
	return c.out.sample(s, nil)
}

// apart reports whether joules per interval leave a gap before this tick: what
// was used there nobody counted.
func (c *converter) apart(h *Header, t *Tick) bool {
	if !slices.ContainsFunc(h.Domains, func(d Domain) bool { return d.PerInterval }) {
		return false
	}
	if t.FromUs != 0 {
		return t.FromUs > c.last.TUs
	}
	before := c.step
	c.step = t.TUs - c.last.TUs
	return before > 0 && c.step > 3*before
}

// respaced reports that a log's ticks come at another spacing than the first two,
// which the header names: two in a row, since one may be a gap. Readers would
// take each for one.
func (c *converter) respaced(h *Header, t *Tick) bool {
	dt := t.TUs - c.last.TUs
	if !h.means() || h.IntervalUs > 0 || dt <= 0 {
		return false
	}
	before := c.odd
	c.odd = dt > 3*c.spacing || 3*dt < c.spacing
	if !before || !c.odd {
		return false
	}
	c.spacing, c.odd = dt, false
	return true
}

func (c *converter) end(status string) error {
	if c.header == nil {
		return nil
	}
	c.header = nil
	return c.out.end(status, nil)
}

package attribute

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/event"
	"ipw/lib/power"
)

// clocks puts the records of all streams on one time line: Unix microseconds.
// Streams of one boot join on m_us, shifted by what the boot's first record
// had between its two stamps; all others on t_us. A --clock-offset is part of
// t_us, of that first one too: a boot's streams shift together, and what joins
// another host's on t_us is where it belongs.
type clocks struct {
	events, power map[string]bool // boots whose first records carry m_us
	offset        map[string]int64
	boot          string // the last one asked for, and its offset
	off           int64
}

func newClocks() clocks {
	return clocks{events: map[string]bool{}, power: map[string]bool{}, offset: map[string]int64{}}
}

// joined reports whether a boot's records join on m_us.
func (c *clocks) joined(boot string) bool { return boot != "" && c.events[boot] && c.power[boot] }

// time returns a record's place on the line.
func (c *clocks) time(byM bool, boot string, t, m int64, hasM bool) int64 {
	if !byM || !hasM {
		return t
	}
	if boot == c.boot && boot != "" {
		return m + c.off
	}
	off, ok := c.offset[boot]
	if !ok {
		off = t - m
		c.offset[boot] = off
	}
	c.boot, c.off = boot, off
	return m + off
}

// LearnEvents tells the clock of an event segment from its header, and whether
// its first record carries m_us, before either is pushed: how two streams join
// depends on both.
func (e *Engine) LearnEvents(h *event.Header, firstHasM bool) {
	e.meet(h.Host)
	if h.Windows && !e.windows {
		e.still()
		e.windows = true
		e.unshare()
	}
	if i := slices.IndexFunc(e.eventHeads, func(o *event.Header) bool { return o.Host == h.Host }); i >= 0 {
		e.eventHeads[i] = h // a long table names its hosts over and over
	} else {
		e.eventHeads = append(e.eventHeads, h)
	}
	if firstHasM && h.BootID != "" {
		e.clocks.events[h.BootID] = true
	}
}

// LearnPower is LearnEvents for a power segment.
func (e *Engine) LearnPower(h *power.Header, firstHasM bool) {
	e.still()
	e.powered = true
	if firstHasM && h.BootID != "" {
		e.clocks.power[h.BootID] = true
	}
}

// Offset is how far a host's clock is off: it is added to its t_us, and not
// known better than to ± ErrorUs.
type Offset struct{ Us, ErrorUs int64 }

// ParseOffset reads HOST=SECONDS±SECONDS; +- may stand for ±.
func ParseOffset(s string) (host string, o Offset, err error) {
	host, spec, ok := strings.Cut(s, "=")
	off, tolerance, ok2 := strings.Cut(strings.Replace(spec, "+-", "±", 1), "±")
	if !ok || !ok2 || host == "" {
		return "", o, fmt.Errorf("%q is not HOST=SECONDS±SECONDS", s)
	}
	a, err1 := strconv.ParseFloat(off, 64)
	b, err2 := strconv.ParseFloat(tolerance, 64)
	if err1 != nil || err2 != nil || !(b >= 0 && b < 1e9) || !(math.Abs(a) < 1e12) {
		return "", o, fmt.Errorf("%q is not HOST=SECONDS±SECONDS", s)
	}
	return host, Offset{int64(math.Round(a * 1e6)), int64(math.Round(b * 1e6))}, nil
}

// ClockError refuses a join across hosts whose clocks nobody vouches for.
type ClockError struct{ Power, Events string }

func (c *ClockError) Error() string {
	return fmt.Sprintf("power of host %q and events of host %q: the clocks' errors are not known, not joined", c.Power, c.Events)
}

// Hint is what a user may type next.
func (c *ClockError) Hint() string {
	return fmt.Sprintf("--clock-offset '%s=SECONDS±SECONDS' states how far its clock is off", c.Power)
}

// epsilon is the clock error of joining a power segment with the events.
func (e *Engine) epsilon(h *power.Header) (int64, error) {
	if e.clocks.joined(h.BootID) {
		return 0, nil
	}
	eps := int64(0)
	for _, ev := range e.eventHeads {
		if sameHost(ev.Host, h.Host) {
			return 0, nil
		}
		if ev.Windows { // nothing is joined
			continue
		}
		both, ok := e.clockError(h.Host, ev.Host, h.ClockErrorUs, ev.ClockErrorUs)
		if !ok {
			return 0, &ClockError{h.Host, ev.Host}
		}
		eps = max(eps, both)
	}
	return eps, nil
}

// clockError is the error of a join of two hosts: what --clock-offset says, else
// both headers' errors added.
func (e *Engine) clockError(a, b string, aUs, bUs *int64) (int64, bool) {
	x, ok1 := e.opts.Offsets[a]
	y, ok2 := e.opts.Offsets[b]
	if ok1 || ok2 {
		return x.ErrorUs + y.ErrorUs, true
	}
	if aUs == nil || bUs == nil {
		return 0, false
	}
	return *aUs + *bUs, true
}

// DriftError refuses a join on t_us of a stream whose wall clock was moved.
type DriftError struct {
	Host    string
	MovedUs int64
}

func (d *DriftError) Error() string {
	return fmt.Sprintf("the wall clock of host %q moved by %.6g s during the run, more than its stated error: not joined", d.Host, float64(d.MovedUs)/1e6)
}

// Hint is what a user may type next.
func (d *DriftError) Hint() string {
	return fmt.Sprintf("--clock-offset '%s=SECONDS±SECONDS' with an error that covers the step", d.Host)
}

// drift watches t_us − m_us of a stream that joins another host's on t_us.
type drift struct {
	at  int64
	any bool
}

func (d *drift) moved(t, m int64, hasM bool) int64 {
	if !hasM {
		return 0
	}
	if !d.any {
		d.at, d.any = t-m, true
	}
	if by := t - m - d.at; by < 0 {
		return -by
	} else {
		return by
	}
}

// MayRefuse reports whether a stream joins another host's on wall clocks, which
// may still turn out to have been moved: see DriftError.
func (e *Engine) MayRefuse() bool {
	for _, s := range e.segments {
		if s.foreign {
			return true
		}
	}
	return false
}

// foreign reports whether a power segment joins events of another host.
func (e *Engine) foreign(h *power.Header) bool {
	return slices.ContainsFunc(e.eventHeads, func(ev *event.Header) bool { return !ev.Windows && !sameHost(ev.Host, h.Host) })
}

package attribute

import (
	"fmt"

	"ipw/lib/event"
	"ipw/lib/power"
)

// clocks puts the records of all streams on one time line: Unix microseconds.
// Streams of one boot join on m_us, shifted by what the boot's first record
// had between its two stamps; all others on t_us.
type clocks struct {
	events, power map[string]bool // boots whose first records carry m_us
	offset        map[string]int64
}

func newClocks() clocks {
	return clocks{map[string]bool{}, map[string]bool{}, map[string]int64{}}
}

// joined reports whether a boot's records join on m_us.
func (c *clocks) joined(boot string) bool { return boot != "" && c.events[boot] && c.power[boot] }

// time returns a record's place on the line.
func (c *clocks) time(byM bool, boot string, t, m int64, hasM bool) int64 {
	if !byM || !hasM {
		return t
	}
	off, ok := c.offset[boot]
	if !ok {
		off = t - m
		c.offset[boot] = off
	}
	return m + off
}

// LearnEvents tells the clock of an event segment from its header, and whether
// its first record carries m_us, before either is pushed: how two streams join
// depends on both.
func (e *Engine) LearnEvents(h *event.Header, firstHasM bool) {
	e.hosts[h.Host] = true
	e.eventHeads = append(e.eventHeads, h)
	if firstHasM && h.BootID != "" {
		e.clocks.events[h.BootID] = true
	}
}

// LearnPower is LearnEvents for a power segment.
func (e *Engine) LearnPower(h *power.Header, firstHasM bool) {
	e.powered = true
	if firstHasM && h.BootID != "" {
		e.clocks.power[h.BootID] = true
	}
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
		if h.ClockErrorUs == nil || ev.ClockErrorUs == nil {
			return 0, &ClockError{h.Host, ev.Host}
		}
		eps = max(eps, *h.ClockErrorUs+*ev.ClockErrorUs)
	}
	return eps, nil
}

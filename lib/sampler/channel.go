package sampler

import (
	"errors"
	"fmt"
	"io/fs"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// channel is one domain's way from raw readings into the stream.
type channel struct {
	sensor   sensor.Sensor
	domain   *sensor.Domain
	counter  sensor.Counter
	integral sensor.Integral
	derived  derived
	refresh  refresh
	reading  sensor.Reading

	energy state // of what the joules are made of
	watts  state // of the watts beside them
	told   bool  // it has had a value
	events []event
}

// event is a note in the making.
type event struct {
	what string
	why  error
}

func newChannel(s sensor.Sensor, intervalUs int64) channel {
	d := s.Domain()
	update := int64(0)
	if d.UpdateUs != nil {
		update = *d.UpdateUs
	}
	return channel{
		sensor: s, domain: d,
		counter:  sensor.Counter{Range: d.Range},
		integral: sensor.Integral{MaxGap: 3 * max(intervalUs, update), Mean: d.Mean},
		derived:  newDerived(intervalUs, update),
		events:   make([]event, 0, 4),
	}
}

// gap is how long a domain's readings may be apart for its joules to go on, in
// microseconds; 0: as long as they like.
func (c *channel) gap() int64 {
	if c.domain.Energy == power.Integrated {
		return c.integral.MaxGap
	}
	return 0
}

var errDoubt = errors.New("impossible value")

// mostMicroW is more than any device or machine draws, 100 kW, and less than the
// sentinels: 4.29 MW is 32 ones in milliwatts.
const mostMicroW = 100_000 * 1_000_000

// read takes one reading: the microjoules so far and the microwatts, or
// power.Null.
func (c *channel) read(now int64, full bool) (j, w int64) {
	c.events = c.events[:0]
	r := &c.reading
	r.Clear()
	c.sensor.Read(now, full, r)
	if r.Neighbours != nil {
		c.events = append(c.events, event{power.Neighbours, errors.New(*r.Neighbours)})
	}
	j, w = power.Null, r.MicroW
	if w < 0 || w > mostMicroW {
		if w != power.Null {
			r.WErr = sensor.ErrRange
		}
		w = power.Null
	}
	switch c.domain.Energy {
	case power.Counter:
		c.refresh.see(now, r.MicroJ)
		j = c.count(now, r)
		if c.energy != "" {
			c.watts = "" // when joules are resumed, it is to be told anew that watts are not
		}
		if c.domain.Power == power.Derived {
			w = c.derived.next(now, j)
		} else if c.domain.Power != power.None && c.energy == "" {
			c.see(&c.watts, missing(w, r.WErr))
		}
	case power.Integrated:
		c.refresh.see(now, w)
		j = c.integral.Next(now, w)
		c.see(&c.energy, missing(w, r.WErr))
	default:
		if c.domain.Silent() {
			c.see(&c.energy, r.JErr)
		} else {
			c.see(&c.energy, missing(w, r.WErr))
		}
	}
	c.told = c.told || j != power.Null || w != power.Null
	return j, w
}

// count takes the raw counter.
func (c *channel) count(now int64, r *sensor.Reading) int64 {
	if err := missing(r.MicroJ, r.JErr); err != nil {
		c.see(&c.energy, err)
		return power.Null
	}
	j, verdict := c.counter.Next(now, r.MicroJ)
	switch verdict {
	case sensor.Doubt:
		c.see(&c.energy, errDoubt)
		return power.Null
	case sensor.Reset:
		c.events = append(c.events, event{power.Reset, nil})
		c.derived.restart()
	}
	c.see(&c.energy, nil)
	return j
}

// missing is why there is no value, nil if there is one.
func missing(v int64, err error) error {
	if v == power.Null && err == nil {
		return sensor.ErrStale
	}
	return err
}

// see makes an event of a change.
func (c *channel) see(s *state, err error) {
	if what := s.next(err); what != "" {
		c.events = append(c.events, event{what, err})
	}
}

// tell appends the notes of the last reading.
func (c *channel) tell(notes []power.Note) []power.Note {
	for _, e := range c.events {
		notes = append(notes, power.Note{Domain: c.domain.ID, What: e.what, Detail: detail(e.why)})
	}
	return notes
}

func detail(err error) string {
	if err == nil {
		return ""
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return fmt.Sprintf("%v; %s", err, h.Hint())
	}
	return err.Error()
}

// state is "" where readings come, else the note that said that they do not.
type state string

func (s *state) next(err error) (what string) {
	now := state("")
	if errors.Is(err, fs.ErrPermission) {
		now = power.Permission
	} else if err != nil {
		now = power.Lost
	}
	if now == *s {
		return ""
	}
	*s = now
	if now == "" {
		return power.Resumed
	}
	return string(now)
}

// derivedRefreshes is how many refreshes of a counter watts are derived from at
// least: over fewer, the refreshes' own jitter would show as power.
const derivedRefreshes = 5

// derived turns joules into watts: their difference over time, every so many
// ticks. In between, and before a tick's time, there are none.
type derived struct {
	span  int64 // microseconds from one value to the next, at least
	at, j int64
	set   bool
}

func newDerived(intervalUs, updateUs int64) derived {
	ticks := max(1, (derivedRefreshes*updateUs+intervalUs-1)/intervalUs)
	return derived{span: ticks*intervalUs - intervalUs/2} // half a tick for its jitter
}

func (d *derived) next(now, j int64) int64 {
	if j == power.Null || d.set && now-d.at < d.span {
		return power.Null
	}
	w := int64(power.Null)
	if d.set {
		w = watts(j-d.j, now-d.at)
	}
	d.at, d.j, d.set = now, j, true
	return w
}

func (d *derived) restart() { d.set = false }

// watts is microjoules over microseconds in microwatts, rounded down. A step of
// more than 9 TJ does not occur.
func watts(microJ, us int64) int64 { return microJ/us*1_000_000 + microJ%us*1_000_000/us }

// Package join reads event and power streams side by side and feeds them to
// the attribution in step, so that neither has to be held in memory.
//
// From files it reads whichever stream the engine waits for. Live, it takes
// what comes: when the event stream has been silent for a moment, all events up
// to the power that had come by then are taken for known, so that a finished
// query's trace appears without waiting for the next event.
package join

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"ipw/lib/attribute"
)

// lookahead is how many events are read ahead: a setup or scoring window that
// begins after its query's end is seen in time.
const lookahead = 4096

// settle is how long a live event stream must be silent before power that
// came meanwhile is taken to be ahead of it.
const settle = 200 * time.Millisecond

// patience is how long silent events may mean that the agent has died.
const patience = 10 * time.Minute

// Job is one attribution.
type Job struct {
	Engine        *attribute.Engine
	Events        EventReader
	Power         []Power
	Live          bool
	FollowTimeout time.Duration // live: how long a query waits for power that does not grow
	Warn          func(string)
}

// joiner is a running Job.
type joiner struct {
	Job
	events   *source[eventItem]
	power    []*source[powerItem]
	names    []string
	eof      []bool
	due      []int64 // when each power stream's next record is to be fed
	eventEOF bool
}

// Run reads all streams to their end, live ones until nothing can change.
func (j Job) Run(ctx context.Context) error {
	stop := make(chan struct{})
	defer close(stop)
	defer j.Engine.Stop()
	x := &joiner{Job: j}
	for _, p := range j.Power {
		x.power = append(x.power, pump(j.Live, stop, (&powerReading{open: p.Open, live: j.Live}).fill))
		name := p.Name
		for n := 2; slices.Contains(x.names, name); n++ {
			name = fmt.Sprintf("%s (%d)", p.Name, n)
		}
		x.names = append(x.names, name)
		j.Engine.Expect(name)
	}
	x.eof = make([]bool, len(x.power))
	x.due = make([]int64, len(x.power))
	for i := range x.due {
		x.due[i] = math.MinInt64
	}
	x.events = pump(j.Live, stop, (&eventReading{r: j.Events}).fill)
	if j.Live {
		return x.live(ctx)
	}
	return x.files()
}

// files joins streams that are all there.
func (x *joiner) files() error {
	if err := x.begin(); err != nil {
		return err
	}
	for {
		for !x.eventEOF && (x.Engine.WantsEvents() || x.Engine.Queued() < lookahead) {
			if err := x.pullEvents(); err != nil {
				return err
			}
		}
		i := x.behind()
		if i < 0 {
			break
		}
		it, err := x.power[i].next()
		if err != nil {
			return err
		}
		if err := x.feed(i, it); err != nil {
			return err
		}
		if err := x.look(i); err != nil {
			return err
		}
	}
	for !x.eventEOF {
		if err := x.pullEvents(); err != nil {
			return err
		}
	}
	return x.Engine.Finish()
}

// begin lets the engine learn every stream's clock before anything is pushed.
func (x *joiner) begin() error {
	for i, s := range x.power {
		it, err := s.next()
		if err != nil {
			return err
		}
		if it == nil {
			x.eof[i] = true
			continue
		}
		s.i-- // it is fed later
		x.learn(it)
	}
	it, err := x.events.next()
	if err != nil {
		return err
	}
	if it != nil {
		x.events.i--
		if it.header != nil {
			x.Engine.LearnEvents(it.header, it.hasM)
		}
	}
	return nil
}

func (x *joiner) learn(it *powerItem) {
	if it.header != nil {
		x.Engine.LearnPower(it.header, it.hasM)
	}
}

// behind is the power stream whose next record comes first, −1 if all have
// ended.
func (x *joiner) behind() int {
	best := -1
	for i := range x.power {
		if !x.eof[i] && (best < 0 || x.due[i] < x.due[best]) {
			best = i
		}
	}
	return best
}

// look finds out when a stream's next record is due. Of several streams samples
// come in the order of time, so that it is known which of them give a domain;
// all else comes at once.
func (x *joiner) look(i int) error {
	if len(x.power) == 1 || x.eof[i] {
		return nil
	}
	it, err := x.power[i].next()
	x.due[i] = math.MinInt64
	if it == nil {
		return err
	}
	x.power[i].i--
	if it.header == nil && it.note == nil && !it.end {
		x.due[i] = x.Engine.SampleTime(x.names[i], &it.sample)
		x.Engine.Coming(x.names[i], x.due[i])
	}
	return nil
}

// feed pushes one power record; nil is the stream's end.
func (x *joiner) feed(i int, it *powerItem) error {
	e, name := x.Engine, x.names[i]
	switch {
	case it == nil:
		x.eof[i] = true
		return e.PowerEOF(name)
	case it.header != nil:
		x.learn(it)
		return e.PowerHeader(name, it.header)
	case it.note != nil:
		e.PowerNote(name, it.note)
		return nil
	case it.end:
		return e.PowerEnd(name)
	}
	return e.PowerSample(name, &it.sample)
}

// pullEvents pushes some events.
func (x *joiner) pullEvents() error {
	for range 64 {
		it, err := x.events.next()
		if err != nil {
			return err
		}
		if it == nil {
			x.eventEOF = true
			return x.Engine.EventEOF()
		}
		x.pushEvent(it)
	}
	return x.Engine.Known(x.Engine.Last() - 1)
}

func (x *joiner) pushEvent(it *eventItem) {
	switch {
	case it.header != nil:
		x.Engine.LearnEvents(it.header, it.hasM)
		x.Engine.EventHeader(it.header)
	case it.ev != nil:
		x.Engine.Event(it.ev)
	default:
		x.Engine.EventEnd(it.end)
	}
}

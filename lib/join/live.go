package join

import (
	"context"
	"io"
	"reflect"
	"slices"
	"time"
)

// arrival is when power of some time had come.
type arrival struct {
	wall time.Time
	t    int64
}

// live joins streams that are still being written.
func (x *joiner) live(ctx context.Context) error {
	l := &liveState{x: x, lastEvent: time.Now(), lastPower: make([]time.Time, len(x.power)),
		heldPower: make([][]powerItem, len(x.power)), powerOver: make([]bool, len(x.power))}
	for i := range l.lastPower {
		l.lastPower[i] = time.Now()
	}
	tick := time.NewTicker(settle / 4)
	defer tick.Stop()
	for !x.Engine.Done() {
		chosen, value, ok := reflect.Select(l.cases(ctx, tick))
		var err error
		switch {
		case chosen == 0:
			return ctx.Err()
		case chosen == 1:
			err = l.tick()
		case chosen == 2:
			err = l.gotEvents(value, ok)
		default:
			err = l.gotPower(chosen-3, value, ok)
		}
		if err != nil {
			return err
		}
	}
	return x.Engine.Finish()
}

// liveState is what a live join remembers.
type liveState struct {
	x          *joiner
	ready      bool // every stream's clock is known
	heldEvents []eventItem
	heldPower  [][]powerItem
	eventsOver bool // held back with the events
	powerOver  []bool
	lastEvent  time.Time
	lastPower  []time.Time // of each stream
	waiting    time.Time   // since then a query waits for its trace; zero if none does
	arrivals   []arrival
	dropped    bool
}

// cases lists what to wait for: the end, the clock, the events, each power.
func (l *liveState) cases(ctx context.Context, tick *time.Ticker) []reflect.SelectCase {
	recv := func(c any) reflect.SelectCase {
		return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)}
	}
	x := l.x
	cases := []reflect.SelectCase{recv(ctx.Done()), recv(tick.C)}
	if x.eventEOF || l.eventsOver {
		cases = append(cases, recv((chan *batch[eventItem])(nil)))
	} else {
		cases = append(cases, recv(x.events.c))
	}
	for i, s := range x.power {
		if x.eof[i] || l.powerOver[i] {
			cases = append(cases, recv((chan *batch[powerItem])(nil)))
		} else {
			cases = append(cases, recv(s.c))
		}
	}
	return cases
}

func (l *liveState) gotEvents(v reflect.Value, ok bool) error {
	b := &batch[eventItem]{err: io.EOF}
	if ok {
		b = v.Interface().(*batch[eventItem])
	}
	if b.err != nil && b.err != io.EOF {
		return b.err
	}
	l.lastEvent = time.Now()
	l.heldEvents = append(l.heldEvents, b.items...)
	l.eventsOver = l.eventsOver || b.err == io.EOF
	return l.flow()
}

func (l *liveState) gotPower(i int, v reflect.Value, ok bool) error {
	b := &batch[powerItem]{err: io.EOF}
	if ok {
		b = v.Interface().(*batch[powerItem])
	}
	if b.err != nil && b.err != io.EOF {
		return b.err
	}
	if len(b.items) > 0 {
		l.lastPower[i] = time.Now()
	}
	l.heldPower[i] = append(l.heldPower[i], b.items...)
	l.powerOver[i] = l.powerOver[i] || b.err == io.EOF
	return l.flow()
}

// flow pushes what was held back, once every stream's clock is known, or a
// power stream has kept everyone waiting for too long.
func (l *liveState) flow() error {
	if !l.ready && !l.learn() {
		return nil
	}
	x := l.x
	for i := range l.heldPower {
		for k := range l.heldPower[i] {
			if err := x.feed(i, &l.heldPower[i][k]); err != nil {
				return err
			}
		}
		if l.heldPower[i] = nil; l.powerOver[i] && !x.eof[i] {
			if err := x.feed(i, nil); err != nil {
				return err
			}
		}
	}
	for k := range l.heldEvents {
		x.pushEvent(&l.heldEvents[k])
	}
	pushed := len(l.heldEvents) > 0
	l.heldEvents = nil
	if l.eventsOver && !x.eventEOF {
		x.eventEOF = true
		return x.Engine.EventEOF()
	}
	if pushed {
		l.arrivals = l.arrivals[:0]
		if err := x.Engine.Known(x.Engine.Last() - 1); err != nil {
			return err
		}
	}
	return nil
}

// learn tells the engine every stream's clock, if all have shown theirs.
func (l *liveState) learn() bool {
	if len(l.heldEvents) == 0 && !l.eventsOver {
		return false
	}
	for i := range l.x.power {
		late := time.Since(l.lastEvent) > l.x.FollowTimeout && time.Since(l.lastPower[i]) > l.x.FollowTimeout
		if len(l.heldPower[i]) == 0 && !l.powerOver[i] {
			if !late {
				return false
			}
			l.waiting = l.lastEvent // all this time
		}
	}
	for i := range l.heldPower {
		if len(l.heldPower[i]) > 0 {
			l.x.learn(&l.heldPower[i][0])
		}
	}
	if len(l.heldEvents) > 0 && l.heldEvents[0].header != nil {
		l.x.Engine.LearnEvents(l.heldEvents[0].header, l.heldEvents[0].hasM)
	}
	l.ready = true
	return true
}

// tick moves on when the events are silent, and gives up on power that has
// stopped.
func (l *liveState) tick() error {
	x, now := l.x, time.Now()
	if err := l.flow(); err != nil {
		return err
	}
	if !l.ready {
		return nil
	}
	if !x.eventEOF {
		if err := l.silence(now); err != nil {
			return err
		}
	}
	return l.giveUp(now)
}

// silence takes events for known while none comes: for a query that has ended,
// as far as power had come a moment ago, or all that were read if no power is
// to come. Without such a query the engine keeps what is measured for a while,
// in case it turns out that the agent had died: what was open then has ended
// with the last event.
func (l *liveState) silence(now time.Time) error {
	x := l.x
	if now.Sub(l.lastEvent) >= settle && !slices.Contains(x.eof, false) {
		return x.Engine.Known(x.Engine.Last())
	}
	l.arrivals = append(l.arrivals, arrival{now, x.Engine.PowerTime()})
	if now.Sub(l.lastEvent) < settle {
		return nil
	}
	keep := patience
	if x.Engine.Waiting() {
		keep = settle
	}
	n := 0
	for n < len(l.arrivals) && now.Sub(l.arrivals[n].wall) >= keep {
		n++
	}
	if n == 0 {
		return nil
	}
	t := l.arrivals[n-1].t
	l.arrivals = l.arrivals[n:]
	return x.Engine.Known(t)
}

// giveUp lets queries go that wait for power which does not come.
func (l *liveState) giveUp(now time.Time) error {
	e, timeout := l.x.Engine, l.x.FollowTimeout
	if !e.Waiting() {
		l.waiting = time.Time{}
		return nil
	}
	if l.waiting.IsZero() {
		l.waiting = now
	}
	if now.Sub(l.waiting) <= timeout {
		return nil
	}
	for i, name := range l.x.names {
		if l.x.eof[i] || now.Sub(l.lastPower[i]) <= timeout {
			continue
		}
		if !l.dropped && l.x.Warn != nil {
			l.x.Warn("power has not grown for " + timeout.String() + ": going on with what there is")
		}
		l.dropped = true
		known := e.Last() // but for records of that instant that are still to come
		if now.Sub(l.lastEvent) < settle {
			known--
		}
		if err := e.Known(known); err != nil {
			return err
		}
		if err := e.Drop(name); err != nil {
			return err
		}
	}
	return nil
}

package attribute_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// push is one call of the engine.
type push struct {
	do    func(*attribute.Engine) error
	event bool // it pushes an event
}

// TestPushOrder: what is pushed first, power or events, and how far events are
// told to be known, changes no byte. Of windows outside their query the engine
// must see some ahead; those are left out.
func TestPushOrder(t *testing.T) {
	holds(t, history.Options{Off: history.OutsideWindows | history.Backwards | history.NoPower}, func(seed uint64, h history.History) string {
		opts := options(seed)
		want := asIs(h).write(t, opts)
		for _, lead := range []float64{0, 0.5, 1} { // chance that power goes first
			if got := pushed(t, rand.New(rand.NewPCG(seed, 2)), h, opts, lead); got != want {
				return fmt.Sprintf("rule %s, power first %v:\n%s", opts.Share, lead, difference(got, want))
			}
		}
		return ""
	})
}

// pushed drives an engine by hand.
func pushed(t *testing.T, rng *rand.Rand, h history.History, opts attribute.Options, lead float64) text {
	t.Helper()
	var out bytes.Buffer
	opts.Emit = func(q *trace.QueryTrace) error {
		line, err := q.Append(nil)
		out.Write(append(line, '\n'))
		return err
	}
	e := attribute.New(opts)
	e.Expect("power")
	powers, events := powerPushes(t, h.Power), eventPushes(t, h.Events)
	for _, p := range []push{powers[0], events[0]} { // every stream's clock first
		must(t, p.do(e))
	}
	powers, events = powers[1:], events[1:]
	for len(powers)+len(events) > 0 {
		list := &powers
		if len(powers) == 0 || len(events) > 0 && rng.Float64() >= lead {
			list = &events
		}
		n := 1 + rng.IntN(min(20, len(*list)))
		for _, p := range (*list)[:n] {
			must(t, p.do(e))
		}
		if *list = (*list)[n:]; list == &events && rng.IntN(3) > 0 && e.Last() != math.MinInt64 {
			must(t, e.Known(e.Last()-1-rng.Int64N(1000)))
		}
	}
	must(t, e.Finish())
	totals, err := json.Marshal(e.Totals())
	must(t, err)
	return text{out.String(), string(totals)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// powerPushes are the pushes of a power stream; the first one tells its clock.
// Notes go before samples of their instant.
func powerPushes(t *testing.T, text []byte) []push {
	r := power.NewReader(&stream.Problems{Partial: true}, stream.NewInput("power", bytes.NewReader(text)))
	var out []push
	add := func(do func(*attribute.Engine) error) { out = append(out, push{do: do}) }
	var head *power.Header
	lastSample := int64(math.MinInt64)
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return append(out, push{do: func(e *attribute.Engine) error { return e.PowerEOF("power") }})
		}
		must(t, err)
		switch {
		case rec.Header != nil:
			head = rec.Header
			h := head
			if len(out) == 0 {
				add(nil)
			}
			add(func(e *attribute.Engine) error { return e.PowerHeader("power", h) })
		case rec.Sample != nil:
			s := *rec.Sample
			s.J, s.W = slices.Clone(s.J), slices.Clone(s.W)
			if h := head; out[0].do == nil {
				out[0].do = func(e *attribute.Engine) error { e.LearnPower(h, s.HasM); return nil }
			}
			add(func(e *attribute.Engine) error { return e.PowerSample("power", &s) })
			lastSample = s.TUs
		case rec.Note != nil:
			n := *rec.Note
			if h := head; out[0].do == nil {
				out[0].do = func(e *attribute.Engine) error { e.LearnPower(h, n.MUs != nil); return nil }
			}
			add(func(e *attribute.Engine) error { e.PowerNote("power", &n); return nil })
			if n.TUs == lastSample {
				last := len(out) - 1
				out[last], out[last-1] = out[last-1], out[last]
			}
		default:
			add(func(e *attribute.Engine) error { return e.PowerEnd("power") })
		}
	}
}

// eventPushes are the pushes of an event stream; the first one tells its clock.
func eventPushes(t *testing.T, text []byte) []push {
	r := event.NewReader(&stream.Problems{Partial: true}, stream.NewInput("events", bytes.NewReader(text)))
	var out []push
	add := func(do func(*attribute.Engine) error) { out = append(out, push{do: do, event: true}) }
	var head *event.Header
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return append(out, push{do: func(e *attribute.Engine) error { return e.EventEOF() }, event: true})
		}
		must(t, err)
		switch {
		case rec.Header != nil:
			head = rec.Header
		case rec.Event != nil:
			ev := *rec.Event
			if h := head; h != nil {
				if len(out) == 0 {
					add(func(e *attribute.Engine) error { e.LearnEvents(h, ev.MUs != nil); return nil })
				}
				add(func(e *attribute.Engine) error {
					e.LearnEvents(h, ev.MUs != nil)
					e.EventHeader(h)
					return nil
				})
				head = nil
			}
			add(func(e *attribute.Engine) error { e.Event(&ev); return nil })
		default:
			status := rec.End
			add(func(e *attribute.Engine) error { e.EventEnd(status); return nil })
		}
	}
}

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
	"strings"
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

// TestNextSegmentReachesBack: the first cell of a segment may begin before the
// segment does, by the sensor's lag, and so within a query that has ended by
// then. Power that was read ahead of the events must wait for it.
func TestNextSegmentReachesBack(t *testing.T) {
	const head = `{"type":"header","schema":"ipw.power/1","host":"h","t_us":0,"interval_us":200000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none","update_us":0,"lag_us":300000}]}
`
	const end = `{"type":"end","records":3,"status":"ok"}
`
	const events = `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":0}
{"type":"query_start","t_us":1650000,"query":"q"}
{"type":"query_end","t_us":1950000,"query":"q"}
{"type":"query_start","t_us":2100000,"query":"p"}
{"type":"query_end","t_us":2400000,"query":"p"}
{"type":"end","records":4,"status":"ok"}
`
	// q has 30 J by its line. Its cells are [1.3, 1.8], [1.5, 2.0], and the other
	// segment's [1.8, 2.3] of 200 J: at least 0, at most 240 J.
	powerAhead(t, head+`{"t_us":1600000,"j":[0]}
{"t_us":1800000,"j":[20]}
{"t_us":2000000,"j":[40]}
`+end+head+`{"t_us":2100000,"j":[0]}
{"t_us":2300000,"j":[200]}
{"t_us":2500000,"j":[220]}
`+end, events, `"query_gpu_energy_joules":30,`, `"uncertainty_joules":{"gpu":210,`)
}

// TestEdgeInAGap: the reading behind a gap, of another line, says nothing of an
// edge before it, whether it has come already or not, and though the first
// reading of its line had no watts.
func TestEdgeInAGap(t *testing.T) {
	var power strings.Builder
	power.WriteString(`{"type":"header","schema":"ipw.power/1","host":"h","t_us":0,"interval_us":50000,"domains":[{"id":"cpu:0","kind":"cpu","energy":"integrated","power":"averaged","power_window_us":124000}]}` + "\n")
	for ms := 0; ms <= 1000; ms += 50 {
		fmt.Fprintf(&power, `{"t_us":%d,"j":[%g],"w":[10]}`+"\n", ms*1000, float64(ms)/100)
	}
	power.WriteString(`{"t_us":1300000,"j":[10],"w":[null]}` + "\n")
	for ms := 1350; ms <= 2000; ms += 50 {
		fmt.Fprintf(&power, `{"t_us":%d,"j":[%g],"w":[80]}`+"\n", ms*1000, 10+float64(ms-1300)*0.08)
	}
	power.WriteString(`{"type":"end","records":36,"status":"ok"}` + "\n")
	const events = `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":0}
{"type":"query_start","t_us":200000,"query":"q"}
{"type":"query_end","t_us":1000000,"query":"q"}
{"type":"query_start","t_us":1900000,"query":"p"}
{"type":"query_end","t_us":1920000,"query":"p"}
{"type":"end","records":4,"status":"ok"}
`
	// Measured from 0.2 s to 0.938 s. (62 ms + 2 · 50 ms) · (10 W + 10 W), and 50/124
	// of the 8.62 J from 0.076 s to 0.938 s.
	powerAhead(t, power.String(), events, `"query_cpu_energy_joules":7.38,`, `"uncertainty_joules":{"cpu":6.715806452,`)
}

// powerAhead attributes streams as files and with power read ahead, and wants
// the same and some words in it.
func powerAhead(t *testing.T, powers, events string, words ...string) {
	t.Helper()
	h := history.History{Power: []byte(powers), Events: []byte(events)}
	opts := attribute.Options{MinCoverage: 0.9}
	want := asIs(h).write(t, opts)
	for seed := range uint64(200) {
		if got := pushed(t, rand.New(rand.NewPCG(seed, 5)), h, opts, 0.9); got != want {
			t.Fatalf("seed %d:\n%s", seed, difference(got, want))
		}
	}
	for _, w := range words {
		if !strings.Contains(want.traces, w) {
			t.Errorf("no %s in %s", w, want.traces)
		}
	}
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
	opts.Aside = opts.Warn == nil // as the command has it
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

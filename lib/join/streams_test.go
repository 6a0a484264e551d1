package join_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/event"
	"ipw/lib/join"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// written is everything that an attribution writes.
type written struct {
	traces []string
	totals string
}

func (w written) equal(o written) bool {
	return slices.Equal(w.traces, o.traces) && w.totals == o.totals
}

// attribution is a job, and what comes out of it.
type attribution struct {
	join.Job
	out      written
	warnings []string
	emitted  func(*trace.QueryTrace)
}

// reading makes a job of readers; no power is no power stream.
func reading(opts attribute.Options, events io.Reader, powers ...io.Reader) *attribution {
	a := &attribution{}
	opts.MinCoverage = 0.9
	opts.Emit = func(q *trace.QueryTrace) error {
		line, err := q.Append(nil)
		a.out.traces = append(a.out.traces, string(line))
		if a.emitted != nil {
			a.emitted(q)
		}
		return err
	}
	problems := &stream.Problems{Partial: true}
	a.Job = join.Job{Engine: attribute.New(opts), Warn: func(s string) { a.warnings = append(a.warnings, s) },
		Events: event.NewReader(problems, stream.NewInput("events", events))}
	for i, r := range powers {
		a.Power = append(a.Power, join.Power{Name: fmt.Sprint("power", i), Open: func() (*power.Reader, error) {
			return power.NewReader(problems, stream.NewInput(fmt.Sprint("power", i), r)), nil
		}})
	}
	return a
}

func (a *attribution) run(t *testing.T) written {
	t.Helper()
	if err := a.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	totals, err := json.Marshal(a.Engine.Totals())
	if err != nil {
		t.Fatal(err)
	}
	a.out.totals = string(totals)
	return a.out
}

// timed is a line of a stream and its time; headers and ends have that of
// their neighbours.
type timed struct {
	at    int64
	event bool
	text  []byte
}

// merge puts the lines of both streams in time order, events first.
func merge(t *testing.T, events, powers []byte) []timed {
	t.Helper()
	var all []timed
	mono := everyM(events) && everyM(powers)
	for i, text := range [][]byte{events, powers} {
		from := len(all)
		for l := range bytes.Lines(text) {
			var r struct {
				Type string
				TUs  int64  `json:"t_us"`
				MUs  *int64 `json:"m_us"`
			}
			if err := json.Unmarshal(l, &r); err != nil {
				t.Fatal(err)
			}
			x := timed{r.TUs, i == 0, bytes.Clone(l)}
			if mono && r.MUs != nil {
				x.at = *r.MUs
			}
			if n := len(all); r.Type == "end" || r.Type == "header" {
				x.at = 0
				if n > from {
					x.at = all[n-1].at
				}
			}
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return int(a.at - b.at) })
	return all
}

func everyM(stream []byte) bool {
	return strings.Count(string(stream), `"m_us"`) >= strings.Count(string(stream), "\n")-2*strings.Count(string(stream), `"type":"header"`)
}

// chunks cuts bytes anywhere.
func chunks(rng *rand.Rand, b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		n := 1 + rng.IntN(len(b))
		out, b = append(out, b[:n]), b[n:]
	}
	return out
}

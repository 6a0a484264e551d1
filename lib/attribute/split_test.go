package attribute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/event"
	"ipw/lib/join"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

var laws = flag.Int("laws", 120, "random histories for each law")

// files are streams in one or more files each.
type files struct{ power, events [][]byte }

// text is everything that an attribution writes.
type text struct{ traces, totals string }

// write attributes files as the command does.
func (f files) write(t *testing.T, opts attribute.Options) text {
	t.Helper()
	var out bytes.Buffer
	problems := &stream.Problems{Partial: true}
	opts.Emit = func(q *trace.QueryTrace) error {
		line, err := q.Append(nil)
		out.Write(append(line, '\n'))
		return err
	}
	opts.Aside = opts.Warn == nil // as the command has it
	e := attribute.New(opts)
	job := join.Job{Engine: e, Events: event.NewReader(problems, inputs("events", f.events)...)}
	if len(f.power) > 0 && len(f.power[0]) > 0 {
		job.Power = []join.Power{{Name: "power", Open: func() (*power.Reader, error) {
			return power.NewReader(problems, inputs("power", f.power)...), nil
		}}}
	}
	if err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	totals, err := json.Marshal(e.Totals())
	if err != nil {
		t.Fatal(err)
	}
	return text{out.String(), string(totals)}
}

func inputs(name string, files [][]byte) []*stream.Input {
	var in []*stream.Input
	for _, b := range files {
		in = append(in, stream.NewInput(name, bytes.NewReader(b)))
	}
	return in
}

// asIs is a history in a file each.
func asIs(h history.History) files { return files{[][]byte{h.Power}, [][]byte{h.Events}} }

// law attributes random histories written in two ways, and wants the same
// bytes. What fails is shown in the simplest history that fails.
func law(t *testing.T, o history.Options, ways func(*rand.Rand, history.History) (files, files)) {
	t.Helper()
	holds(t, o, func(seed uint64, h history.History) string {
		opts := options(seed)
		one, other := ways(rand.New(rand.NewPCG(seed, 1)), h)
		return difference(other.write(t, opts), one.write(t, opts))
	})
}

// rules are all rules of sharing; the last one does not balance.
var rules = []string{attribute.Active, attribute.Equal, attribute.Tokens, attribute.Whole}

// options tries every rule, with and without an idle baseline.
func options(seed uint64) attribute.Options {
	return attribute.Options{Share: rules[seed%4], MinCoverage: 0.9, Idle: attribute.Idle{Auto: seed/4%2 == 1}}
}

// holds wants no objection to any of many random histories.
func holds(t *testing.T, o history.Options, objection func(seed uint64, h history.History) string) {
	t.Helper()
	for seed := *firstSeed; seed < *firstSeed+uint64(*laws); seed++ {
		if objection(seed, history.Seeded(seed, o)) == "" {
			continue
		}
		h, simple := history.Narrow(seed, o, func(h history.History) bool { return objection(seed, h) != "" })
		t.Fatalf("seed %d, %+v, needs only %s:\n%s", seed, simple, h.On, objection(seed, h))
	}
}

// difference shows where two texts begin to differ, "" if they do not.
func difference(got, want text) string {
	if got == want {
		return ""
	}
	a, b := got.traces+got.totals, want.traces+want.totals
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-300)
	return "got  … " + a[from:min(len(a), i+80)] + "\nwant … " + b[from:min(len(b), i+80)]
}

// TestSplitPower: a power stream that is cut anywhere, the instant of the cut
// repeated, into segments or files, says the same, whatever its counters begin
// with in each. A seam is no end of a line.
func TestSplitPower(t *testing.T) {
	law(t, history.Options{Off: history.NoPower | history.PowerSegments | history.Seams | history.NoInterval},
		func(rng *rand.Rand, h history.History) (files, files) {
			return asIs(h), files{splitPower(t, rng, h.Power), [][]byte{h.Events}}
		})
}

// TestSplitStaircase is TestSplitPower where most readings are repeats.
func TestSplitStaircase(t *testing.T) {
	law(t, history.Options{Must: history.Staircase, Off: history.NoPower | history.PowerSegments | history.Seams | history.NoInterval | history.Nulls},
		func(rng *rand.Rand, h history.History) (files, files) {
			return asIs(h), files{splitPower(t, rng, h.Power), [][]byte{h.Events}}
		})
}

// TestSeamKeepsThePower: how much a gap may hide is judged by the largest power
// seen before a seam too. At 500 W a gap of 1.5 s may hide half of 1000 J.
func TestSeamKeepsThePower(t *testing.T) {
	const head = `{"type":"header","schema":"ipw.power/1","host":"h","t_us":0,"interval_us":500000,"domains":[{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none","update_us":0,"wrap_joules":1000}]}` + "\n"
	const end = `{"type":"end","records":%d,"status":"ok"}` + "\n"
	const start = `{"t_us":0,"j":[0]}` + "\n" + `{"t_us":500000,"j":[250]}` + "\n"
	const seam = `{"t_us":1000000,"j":[255]}` + "\n"
	const rest = `{"t_us":2500000,"j":[270]}` + "\n" + `{"t_us":3000000,"j":[275]}` + "\n"
	const events = `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":0}
{"type":"query_start","t_us":0,"query":"q"}
{"type":"query_end","t_us":3000000,"query":"q"}
{"type":"end","records":2,"status":"ok"}
`
	one := files{[][]byte{[]byte(head + start + seam + rest + fmt.Sprintf(end, 5))}, [][]byte{[]byte(events)}}
	two := files{[][]byte{[]byte(head + start + seam + fmt.Sprintf(end, 3) + head + seam + rest + fmt.Sprintf(end, 3))}, [][]byte{[]byte(events)}}
	want := one.write(t, attribute.Options{MinCoverage: 0.9})
	if d := difference(two.write(t, attribute.Options{MinCoverage: 0.9}), want); d != "" || !strings.Contains(want.totals, `"measured_s":1.5,"device_joules":260,`) {
		t.Error(d, want.totals)
	}
}

// splitPower cuts each segment at up to four samples, and puts the segments
// into files.
func splitPower(t *testing.T, rng *rand.Rand, stream []byte) [][]byte {
	var all []pieces
	for _, p := range pull(t, stream) {
		from := 0
		for _, k := range cuts(rng, p) {
			all = append(all, p.part(rng, from, k+1))
			from = k
		}
		all = append(all, p.part(rng, from, len(p.records)))
	}
	var out [][]byte
	for len(all) > 0 {
		n := 1 + rng.IntN(len(all))
		out = append(out, put(all[:n]))
		all = all[n:]
	}
	return out
}

// cuts picks samples that read every domain that has ever been read.
func cuts(rng *rand.Rand, p pieces) []int {
	var whole []int
	for i, r := range p.records {
		if r.typ == "" && r.whole(p.domains()) {
			whole = append(whole, i)
		}
	}
	rng.Shuffle(len(whole), func(a, b int) { whole[a], whole[b] = whole[b], whole[a] })
	whole = whole[:min(len(whole), 1+rng.IntN(4))]
	slices.Sort(whole)
	return whole
}

func (l line) whole(domains []map[string]any) bool {
	for i, d := range domains {
		switch {
		case d["energy"] == "none" && d["power"] == "none":
		case d["energy"] == "none" && l.w[i] == power.Null, d["energy"] != "none" && l.j[i] == power.Null:
			return false
		}
	}
	return true
}

// part is a segment of records from here to there. Its counters begin anywhere.
func (p pieces) part(rng *rand.Rand, from, to int) pieces {
	out := pieces{header: maps.Clone(p.header), status: "ok"}
	out.header["t_us"] = p.records[from].at.TUs
	shift := make([]int64, len(p.domains()))
	for i := range shift {
		shift[i] = rng.Int64N(1_000_000_000_000)
	}
	for _, r := range p.records[from:to] {
		if r.typ != "" {
			out.records = append(out.records, r)
			continue
		}
		j := slices.Clone(r.j)
		for i := range j {
			if j[i] != power.Null {
				j[i] += shift[i]
			}
		}
		out.records = append(out.records, r.sampleLine(j, r.w))
	}
	return out
}

// TestSplitEvents: an event stream that ends well and goes on in another
// segment or file says the same.
func TestSplitEvents(t *testing.T) {
	law(t, history.Options{}, func(rng *rand.Rand, h history.History) (files, files) {
		var out [][]byte
		for _, p := range pull(t, h.Events) {
			for len(p.records) > 1 && rng.IntN(3) > 0 {
				n := 1 + rng.IntN(len(p.records)-1)
				out = append(out, put([]pieces{{p.header, p.records[:n], "ok"}}))
				p.records = p.records[n:]
			}
			out = append(out, put([]pieces{p}))
			if rng.IntN(2) == 0 && len(out) > 1 { // one file
				last := len(out) - 1
				out[last-1] = append(out[last-1], out[last]...)
				out = out[:last]
			}
		}
		return asIs(h), files{[][]byte{h.Power}, out}
	})
}

// TestEqualTimes: records of one instant have no order.
func TestEqualTimes(t *testing.T) {
	law(t, history.Options{Must: history.EqualTimes}, func(rng *rand.Rand, h history.History) (files, files) {
		return equalTimesWays(t, rng, h)
	})
}

// equalTimesWays writes a history with the records of one instant in one order
// and in another.
func equalTimesWays(t *testing.T, rng *rand.Rand, h history.History) (one, other files) {
	powers, events := pull(t, h.Power), pull(t, h.Events)
	for i := range powers {
		powers[i].records = halves(rng, powers[i])
	}
	first := put(powers)
	for i := range powers {
		powers[i].records = shuffleEqual(rng, powers[i].records)
	}
	for i := range events {
		events[i].records = shuffleEqual(rng, events[i].records)
	}
	return files{[][]byte{first}, [][]byte{h.Events}}, files{[][]byte{put(powers)}, [][]byte{put(events)}}
}

// halves writes some samples as two, each of some domains; not the first and
// the last of a segment, which may be a seam.
func halves(rng *rand.Rand, p pieces) []line {
	var out []line
	isSample := func(r line) bool { return r.typ == "" }
	first := slices.IndexFunc(p.records, isSample)
	last := len(p.records) - 1
	for last > first && !isSample(p.records[last]) {
		last--
	}
	for i, r := range p.records {
		if !isSample(r) || i == first || i == last || rng.IntN(3) > 0 || len(p.domains()) < 2 {
			out = append(out, r)
			continue
		}
		aj, aw, bj, bw := slices.Clone(r.j), slices.Clone(r.w), slices.Clone(r.j), slices.Clone(r.w)
		for i := range r.j {
			if rng.IntN(2) == 0 {
				aj[i], aw[i] = power.Null, power.Null
			} else {
				bj[i], bw[i] = power.Null, power.Null
			}
		}
		out = append(out, r.sampleLine(aj, aw), r.sampleLine(bj, bw))
	}
	return out
}

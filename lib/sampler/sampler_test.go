package sampler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// world is the time of a test. Each look at the clock takes a microsecond.
type world struct {
	us    int64
	late  []int64 // how late the next ticks are; then on time
	ticks int     // until ctx ends
}

func (w *world) clock() clock.Stamp {
	w.us++
	return clock.Stamp{TUs: 1_700_000_000_000_000 + w.us, MUs: w.us}
}

func (w *world) wait(_ context.Context, until int64) bool {
	if w.ticks == 0 {
		return false
	}
	w.ticks--
	w.us = max(w.us, until) - 1
	if len(w.late) > 0 {
		w.us += w.late[0]
		w.late = w.late[1:]
	}
	return true
}

// played is a sensor that gives its readings one after the other, the last one
// for ever.
type played struct {
	domain sensor.Domain
	play   []sensor.Reading
	at     int
	full   []bool
}

func (p *played) Domain() *sensor.Domain { return &p.domain }
func (p *played) Close() error           { return nil }
func (p *played) Read(_ int64, full bool, r *sensor.Reading) {
	*r = p.play[min(p.at, len(p.play)-1)]
	p.at++
	p.full = append(p.full, full)
}

func counter(id string, update int64, raws ...any) *played {
	p := &played{domain: sensor.Domain{Domain: power.Domain{ID: id, Kind: power.CPU, Energy: power.Counter, Power: power.Derived, UpdateUs: &update}}}
	for _, raw := range raws {
		var r sensor.Reading
		r.Clear()
		switch v := raw.(type) {
		case int:
			r.MicroJ = int64(v)
		case error:
			r.JErr = v
		}
		p.play = append(p.play, r)
	}
	return p
}

func gauge(id string, update int64, watts ...any) *played {
	p := counter(id, update, watts...)
	p.domain.Energy, p.domain.Power = power.Integrated, power.Instant
	for i := range p.play {
		r := &p.play[i]
		r.MicroW, r.MicroJ, r.WErr, r.JErr = r.MicroJ, power.Null, r.JErr, nil
	}
	return p
}

// record samples the sensors and returns the stream's lines.
func record(t *testing.T, w *world, sensors ...sensor.Sensor) []string {
	t.Helper()
	var out bytes.Buffer
	s := New(sensors, stream.NewWriter(&out), Config{Interval: 50 * time.Millisecond, Clock: w.clock, Wait: w.wait})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.End("ok"); err != nil {
		t.Fatal(err)
	}
	problems := &stream.Problems{Print: func(s string) { t.Error(s) }}
	r := power.NewReader(problems, stream.NewInput("out", bytes.NewReader(out.Bytes())))
	for {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if problems.Err() != nil {
		t.Error(problems.Err())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// values lists the samples' values of a key as JSON, and notes by name.
func values(t *testing.T, lines []string, key string) []string {
	t.Helper()
	var list []string
	for _, line := range lines {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		switch string(m["type"]) {
		case "":
			list = append(list, string(m[key]))
		case `"note"`:
			var n power.Note
			json.Unmarshal([]byte(line), &n)
			list = append(list, strings.TrimSuffix(n.What+" "+n.Domain+": "+n.Detail, ": "))
		}
	}
	return list
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestSamples(t *testing.T) {
	lines := record(t, &world{ticks: 3},
		counter("cpu:0", 1000, 5_000_000, 7_500_000, 12_500_001, 12_500_001),
		gauge("gpu:0", 1000, 10_000_000, 10_000_000, 30_000_000, 30_000_000))
	expect(t, "j", values(t, lines, "j"), "[0,0]", "[2.5,0.5]", "[7.500001,1.5]", "[7.500001,3]")
	expect(t, "w", values(t, lines, "w"), "[null,10]", "[50,10]", "[100.00002,30]", "[0,30]")
	expect(t, "m_us", values(t, lines, "m_us"), "2", "50002", "100002", "150002")
	expect(t, "t_us", values(t, lines, "t_us"), "1700000000000002", "1700000000050002", "1700000000100002", "1700000000150002")
	expect(t, "read_us", values(t, lines, "read_us"), "2", "2", "2", "2")
	var h power.Header
	if err := json.Unmarshal([]byte(lines[0]), &h); err != nil || h.IntervalUs != 50_000 || h.Schema != power.Schema || len(h.Domains) != 2 || h.TUs >= 1700000000000002 {
		t.Errorf("%+v %v", h, err)
	}
}

func TestHygiene(t *testing.T) {
	lost, denied := errors.New("GPU is lost"), &fs.PathError{Op: "read", Path: "energy_uj", Err: fs.ErrPermission}
	tests := []struct {
		name   string
		sensor *played
		want   []string // j, and notes where they stand
	}{
		{"a failed reading", counter("x", 1000, 0, 5_000_000, lost, lost, 9_000_000),
			[]string{"[0]", "[5]", "lost x: GPU is lost", "[null]", "[null]", "resumed x", "[9]"}},
		{"failing from the start", counter("x", 1000, lost, lost, 9_000_000, 10_000_000),
			[]string{"lost x: GPU is lost", "[null]", "[null]", "resumed x", "[0]", "[1]"}},
		{"permission lost and regained", counter("x", 1000, 0, denied, lost, denied, 2_000_000),
			[]string{"[0]", "permission x: read energy_uj: permission denied", "[null]", "lost x: GPU is lost", "[null]", "permission x: read energy_uj: permission denied", "[null]", "resumed x", "[2]"}},
		{"a torn number", counter("x", 1000, 150_000_000_000, 150_001_000_000, 150, 150_002_000_000),
			[]string{"[0]", "[1]", "lost x: impossible value", "[null]", "resumed x", "[2]"}},
		{"a reset", counter("x", 1000, 150_000_000_000, 150_001_000_000, 150, 1_000_150, 2_000_150),
			[]string{"[0]", "[1]", "lost x: impossible value", "[null]", "reset x", "resumed x", "[1]", "[2]"}},
		{"no value and no word", counter("x", 1000, 0, nil, 1_000_000),
			[]string{"[0]", "lost x: no fresh value", "[null]", "resumed x", "[1]"}},
		{"a gauge that fails", gauge("x", 1000, 20_000_000, lost, 20_000_000, 20_000_000),
			[]string{"[0]", "lost x: GPU is lost", "[null]", "resumed x", "[2]", "[3]"}},
		{"a gauge that tells what nothing draws", gauge("x", 1000, 20_000_000, 999_999_000_000, 20_000_000),
			[]string{"[0]", "lost x: value out of range", "[null]", "resumed x", "[2]"}},
		{"a gauge's sentinel", gauge("x", 1000, 20_000_000, 4_294_967_295_000, -5, 20_000_000),
			[]string{"[0]", "lost x: value out of range", "[null]", "[null]", "resumed x", "[3]"}},
	}
	for _, tt := range tests {
		w := &world{ticks: len(tt.sensor.play) - 1}
		lines := record(t, w, tt.sensor)
		expect(t, tt.name, values(t, lines, "j"), tt.want...)
	}
}

func TestWrap(t *testing.T) {
	s := counter("cpu:0", 1000, 900_000, 100_000, 200_000)
	s.domain.Range = 1_000_000
	expect(t, "j", values(t, record(t, &world{ticks: 2}, s), "j"), "[0]", "[0.2]", "[0.3]")
}

// A counter's watts may fail by themselves.
func TestWattsBesideACounter(t *testing.T) {
	s := counter("gpu:0", 100_000, 0, 1_000_000, 2_000_000, 3_000_000)
	s.domain.Power = power.Instant
	s.play[0].MicroW, s.play[1].WErr, s.play[2].MicroW, s.play[3].MicroW = 20_000_000, errors.New("not now"), 21_000_000, 1<<62
	lines := record(t, &world{ticks: 3}, s)
	expect(t, "w", values(t, lines, "w"), "[20]", "lost gpu:0: not now", "[null]", "resumed gpu:0", "[21]", "lost gpu:0: value out of range", "[null]")
	expect(t, "j", values(t, lines, "j"), "[0]", "lost gpu:0: not now", "[1]", "resumed gpu:0", "[2]", "lost gpu:0: value out of range", "[3]")
}

// When the joules are back and the watts are not, a note says so: the joules'
// note was for both.
func TestWattsStayAway(t *testing.T) {
	away := errors.New("not now")
	s := counter("gpu:0", 100_000, 0, 1_000_000, away, 3_000_000, 4_000_000)
	s.domain.Power = power.Instant
	s.play[0].MicroW, s.play[4].MicroW = 20_000_000, 21_000_000
	for i := 1; i <= 3; i++ {
		s.play[i].WErr = away
	}
	lines := record(t, &world{ticks: 4}, s)
	expect(t, "w", values(t, lines, "w"), "[20]", "lost gpu:0: not now", "[null]", "lost gpu:0: not now", "[null]",
		"resumed gpu:0", "lost gpu:0: not now", "[null]", "resumed gpu:0", "[21]")
}

// After a last reading that makes no sense there is one more: the joules until
// then are not lost.
func TestFinishWithoutDoubt(t *testing.T) {
	var out bytes.Buffer
	w := &world{ticks: 2}
	s := New([]sensor.Sensor{counter("x", 1000, 10_000_000, 20_000_000, 2, 30_000_000)}, stream.NewWriter(&out), Config{Interval: 50 * time.Millisecond, Clock: w.clock, Wait: w.wait})
	if err := errors.Join(s.Begin(), s.Run(context.Background()), s.Finish(), s.End("ok")); err != nil {
		t.Fatal(err)
	}
	expect(t, "j", values(t, strings.Split(strings.TrimSpace(out.String()), "\n"), "j"),
		"[0]", "[10]", "lost x: impossible value", "[null]", "resumed x", "[20]")
}

// Between the last tick of a slow sampler and its end there are joules.
func TestFinishOfASlowSampler(t *testing.T) {
	var out bytes.Buffer
	w := &world{}
	s := New([]sensor.Sensor{counter("x", 1000, 0, 7_000_000)}, stream.NewWriter(&out), Config{Interval: time.Hour, Clock: w.clock, Wait: w.wait})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	w.us += 20_000_000
	if err := errors.Join(s.Run(context.Background()), s.Finish(), s.Finish(), s.End("ok")); err != nil {
		t.Fatal(err)
	}
	expect(t, "j", values(t, strings.Split(strings.TrimSpace(out.String()), "\n"), "j"), "[0]", "[7]")
}

func TestSilent(t *testing.T) {
	s := sensor.Silent(power.Domain{ID: "cpu:0", Kind: power.CPU}, &sensor.Denied{What: "energy_uj", Fix: "sudo chmod"})
	lines := record(t, &world{ticks: 2}, s)
	expect(t, "j", values(t, lines, "j"), "permission cpu:0: energy_uj: permission denied; sudo chmod", "[null]", "[null]", "[null]")
	expect(t, "w", values(t, lines, "w"), "permission cpu:0: energy_uj: permission denied; sudo chmod", "[null]", "[null]", "[null]")
	if !strings.Contains(lines[0], `"energy":"none","power":"none"`) {
		t.Error(lines[0])
	}
}

func TestMissedTicksAndGaps(t *testing.T) {
	g := gauge("x", 1000, 100_000_000)
	lines := record(t, &world{ticks: 5, late: []int64{0, 130_000, 0, 300_000}}, g, counter("y", 1000, 0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000))
	expect(t, "m_us", values(t, lines, "m_us"), "2", "50002", "gap : 1, the longest 0.180 s", "230002", "missed_ticks : 2", "250002", "600002", "650002", "missed_ticks : 6", "gap : 1, the longest 0.350 s")
	// An integrated domain does not advance across a gap, a counter does.
	got := values(t, lines, "j")
	expect(t, "j", got, "[0,0]", "[5,1]", "gap : 1, the longest 0.180 s", "[5,2]", "missed_ticks : 2", "[7,3]", "[7,4]", "[12,5]", "missed_ticks : 6", "gap : 1, the longest 0.350 s")
	var end struct {
		Missed  int64        `json:"missed_ticks"`
		Gaps    int64        `json:"gaps"`
		Rate    float64      `json:"rate_hz"`
		Late    *Percentiles `json:"jitter_us"`
		Reads   *Percentiles `json:"read_us"`
		CPU     *float64     `json:"cpu_s"`
		Status  string       `json:"status"`
		Records int          `json:"records"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil {
		t.Fatal(err)
	}
	if end.Missed != 8 || end.Gaps != 2 || end.Rate != 7.692 || end.Late.Max != 300_000 || end.Late.P50 != 0 || end.Reads.Max != 2 || end.CPU == nil || end.Status != "ok" || end.Records != 10 {
		t.Errorf("%s", lines[len(lines)-1])
	}
}

// What is not energy or power is read at first and then once a second.
func TestOnceASecond(t *testing.T) {
	s := counter("gpu:0", 1000, 0)
	s.play[0].Util, s.play[0].MemBytes = 0.5, 8e9
	lines := record(t, &world{ticks: 45}, s, counter("cpu:0", 1000, 0))
	var full []int
	for i, f := range s.full {
		if f {
			full = append(full, i)
		}
	}
	if !slices.Equal(full, []int{0, 20, 40}) {
		t.Error(full)
	}
	util := values(t, lines, "util")
	if util[0] != "[0.5,null]" || util[1] != "" || util[20] != "[0.5,null]" || values(t, lines, "mem_bytes")[0] != "[8000000000,null]" || values(t, lines, "temp_c")[0] != "" {
		t.Errorf("%q", util)
	}
}

// At a kilohertz a counter that refreshes every millisecond gives joules at
// every tick, watts over five.
func TestDerivedWattsOfAFastSampler(t *testing.T) {
	raws := []any{}
	for i := range 12 {
		raws = append(raws, i*100_000) // 100 W
	}
	w := &world{ticks: 11}
	var out bytes.Buffer
	s := New([]sensor.Sensor{counter("cpu:0", 1000, raws...)}, stream.NewWriter(&out), Config{Interval: time.Millisecond, Clock: w.clock, Wait: w.wait})
	if err := errors.Join(s.Begin(), s.Run(context.Background()), s.End("ok")); err != nil {
		t.Fatal(err)
	}
	got := values(t, strings.Split(strings.TrimSpace(out.String()), "\n"), "w")
	expect(t, "w", got, "[null]", "[null]", "[null]", "[null]", "[null]", "[100]", "[null]", "[null]", "[null]", "[null]", "[100]", "[null]")
}

// counting counts the writes to a file or pipe.
type counting struct{ n int }

func (c *counting) Write(p []byte) (int, error) { c.n++; return len(p), nil }

func TestFlush(t *testing.T) {
	tests := []struct {
		interval, flush time.Duration
		ticks, writes   int
	}{
		{50 * time.Millisecond, 0, 40, 42},                   // each sample, and the end
		{time.Millisecond, 100 * time.Millisecond, 1000, 12}, // ten a second
		{700 * time.Millisecond, time.Second, 10, 12},        // rather early than late
		{50 * time.Millisecond, time.Second, 60, 5},
	}
	for _, tt := range tests {
		w, out := &world{ticks: tt.ticks}, &counting{}
		s := New([]sensor.Sensor{counter("x", 1000, 0)}, stream.NewWriter(out), Config{Interval: tt.interval, Clock: w.clock, Wait: w.wait, Flush: tt.flush})
		if err := errors.Join(s.Begin(), s.Run(context.Background()), s.End("ok")); err != nil {
			t.Fatal(err)
		}
		if out.n < tt.writes-1 || out.n > tt.writes+1 {
			t.Errorf("every %v, flush %v: %d writes, want %d", tt.interval, tt.flush, out.n, tt.writes)
		}
	}
}

// failing is a disk that is full.
type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	w := &world{ticks: 1000}
	s := New([]sensor.Sensor{counter("x", 1000, 0)}, stream.NewWriter(&failing{after: 2000}), Config{Interval: time.Millisecond, Clock: w.clock, Wait: w.wait})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "no space") || w.ticks < 900 {
		t.Errorf("%v after %d ticks", err, 1000-w.ticks)
	}
}

func TestTickAllocatesNothing(t *testing.T) {
	var sensors []sensor.Sensor
	for i := range 8 {
		sensors = append(sensors, &counted{domain: counter(fmt.Sprint("gpu:", i), 100_000).domain})
	}
	s := New(sensors, stream.NewWriter(io.Discard), Config{Interval: time.Millisecond, Clock: clock.System, Wait: (&world{}).wait})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(2000, func() {
		if err := s.Sample(); err != nil {
			t.Fatal(err)
		}
		s.next(s.sample.MUs)
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

// counted counts up at every reading.
type counted struct {
	domain sensor.Domain
	j      int64
}

func (c *counted) Domain() *sensor.Domain { return &c.domain }
func (c *counted) Close() error           { return nil }
func (c *counted) Read(_ int64, full bool, r *sensor.Reading) {
	c.j += 123_456
	r.MicroJ = c.j
	if full {
		r.Util = 0.5
	}
}

func BenchmarkTick(b *testing.B) {
	var sensors []sensor.Sensor
	for i := range 12 {
		sensors = append(sensors, &counted{domain: counter(fmt.Sprint("gpu:", i), 100_000).domain})
	}
	s := New(sensors, stream.NewWriter(io.Discard), Config{Interval: time.Millisecond, Clock: clock.System, Wait: (&world{}).wait})
	if err := s.Begin(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Sample(); err != nil {
			b.Fatal(err)
		}
	}
}

// A million samples leave the heap as it was: bytes grown between the first
// thousand and the last.
func BenchmarkMillion(b *testing.B) {
	var sensors []sensor.Sensor
	for i := range 11 {
		sensors = append(sensors, &counted{domain: counter(fmt.Sprint("gpu:", i), 100_000).domain})
	}
	grown := int64(0)
	for b.Loop() {
		s := New(sensors, stream.NewWriter(io.Discard), Config{Interval: time.Millisecond, Clock: clock.System, Wait: (&world{}).wait, Flush: time.Second})
		if err := s.Begin(); err != nil {
			b.Fatal(err)
		}
		var before, after runtime.MemStats
		for i := range 1_000_000 {
			if i == 1000 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
			if err := s.Sample(); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		grown = int64(after.HeapAlloc) - int64(before.HeapAlloc)
		runtime.KeepAlive(s)
	}
	b.ReportMetric(float64(grown), "B-grown")
}

// The real clock and the real sleep: a tick is never early, and the end of the
// context is heard, whenever it comes.
func TestSleeper(t *testing.T) {
	now := func() int64 { return clock.System().MUs }
	for name, wait := range map[string]Wait{"file": Sleeper(now), "timer": timerSleeper(now)} {
		for _, ahead := range []int64{-5, 0, 300, 3000} {
			until := now() + ahead
			if !wait(context.Background(), until) || now() < until {
				t.Errorf("%s, %d µs ahead: woke too early", name, ahead)
			}
		}
		for _, after := range []time.Duration{0, 5 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(context.Background(), after)
			if start := now(); wait(ctx, start+3_600_000_000) || now()-start > 60_000_000 {
				t.Errorf("%s: slept on", name)
			}
			cancel()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		wait(ctx, now()+5000)
		cancel()
		if until := now() + 20_000; !wait(context.Background(), until) || now() < until {
			t.Errorf("%s: wakes at the time of the wait before, which a context ended", name)
		}
	}
	wait := Sleeper(now)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wait(ctx, now()+100)
	if n := testing.AllocsPerRun(20, func() { wait(ctx, now()+100) }); n != 0 {
		t.Errorf("%v allocations a wait", n)
	}
}

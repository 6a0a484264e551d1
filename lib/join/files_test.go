package join_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/trace"
)

// hosted is the live scene's power stream of another host, whose clock is
// vouched for.
func hosted(host string, from, to int) string {
	head := strings.Replace(powerHeader, `"host":"h"`, fmt.Sprintf(`"host":%q,"clock_error_us":1000`, host), 1)
	return head + samples(from, to) + fmt.Sprintf(`{"type":"end","records":%d,"status":"ok"}`+"\n", (to-from)/100+1)
}

// fromServers are events of an agent whose model runs on two servers.
func fromServers() string {
	var b strings.Builder
	b.WriteString(strings.Replace(eventHeader, `"host":"h"`, `"host":"h","clock_error_us":1000`, 1))
	b.WriteString(queryFrom("a", 1000))
	for i, server := range []string{"s1", "s2"} {
		at := 1_000_000_000 + 1_000_000*(i+1)
		fmt.Fprintf(&b, `{"type":"lm_inference_start","t_us":%d,"query":"a","span":%q,"turn":%d,"endpoint":"http://%s/v1"}`+"\n", at, server, i, server)
		fmt.Fprintf(&b, `{"type":"lm_inference_end","t_us":%d,"query":"a","span":%q,"turn":%d}`+"\n", at+500_000, server, i)
	}
	b.WriteString(queryTo("a", 3000) + `{"type":"end","records":6,"status":"ok"}` + "\n")
	return b.String()
}

// TestTwoHosts: streams of two hosts, in either order, one of them with a gap at
// its end, are read in step; domains are named by host.
func TestTwoHosts(t *testing.T) {
	s1, s2 := hosted("s1", 0, 10_000), hosted("s2", -500, 2900)
	one := reading(attribute.Options{}, strings.NewReader(fromServers()), strings.NewReader(s1), strings.NewReader(s2)).run(t)
	other := reading(attribute.Options{}, strings.NewReader(fromServers()), strings.NewReader(s2), strings.NewReader(s1)).run(t)
	if !one.equal(other) {
		t.Error(firstDifference(other, one))
	}
	// 1 s on s1 alone in the query, and all else shared by no call: of each
	// device the query has all it used, s2 but for the last tenth.
	for _, want := range []string{`"by_domain":{"s1/gpu:0":200,"s2/gpu:0":190}`, `"query_gpu_energy_joules":390`, `"partial":["gpu","overhead_gpu"]`} {
		if len(one.traces) != 1 || !strings.Contains(one.traces[0], want) {
			t.Errorf("no %s in %s", want, one.traces)
		}
	}
}

// TestSecondStreamIsIgnored: of two streams that give the same domains at the
// same times, in whatever order of reading, only the first counts.
func TestSecondStreamIsIgnored(t *testing.T) {
	for seed := range uint64(60) {
		h := history.Seeded(seed, history.Options{Off: history.NoPower})
		other := bytes.ReplaceAll(h.Power, []byte(`"j":[`), []byte(`"j":[9`)) // other joules, no less rising
		other = bytes.ReplaceAll(other, []byte(`"j":[9null`), []byte(`"j":[null`))
		opts := attribute.Options{Idle: attribute.Idle{Auto: true}}
		want := reading(opts, bytes.NewReader(h.Events), bytes.NewReader(h.Power)).run(t)
		got := reading(opts, bytes.NewReader(h.Events), bytes.NewReader(h.Power), bytes.NewReader(other)).run(t)
		if !got.equal(want) {
			t.Fatalf("seed %d, %s:\n%s", seed, h.On, firstDifference(got, want))
		}
	}
}

// TestErrorsOfFiles: what is wrong in the middle of a stream ends the job, and
// says where.
func TestErrorsOfFiles(t *testing.T) {
	for _, c := range []struct{ events, power, want string }{
		{eventHeader, "", "power0: empty"},
		{"", powerHeader, "events: empty"},
		{eventHeader + powerHeader, powerHeader, `events:2: schema "ipw.power/1"`},
		{eventHeader, powerHeader + samples(0, 300) + eventHeader, `power0:6: schema "ipw.events/1"`},
		{eventHeader, samples(0, 300), "power0:1: "},
	} {
		err := reading(attribute.Options{}, strings.NewReader(c.events), strings.NewReader(c.power)).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q and %q: %v, want %s", c.events, c.power, err, c.want)
		}
	}
}

// TestNotesFirst: a reset that a sampler noted when it had read lies before that
// reading, wherever the note stands among the records of its instant.
func TestNotesFirst(t *testing.T) {
	const head = `{"type":"header","schema":"ipw.power/1","host":"h","t_us":1000000000,"interval_us":500000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none","update_us":0},{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none","update_us":0}]}` + "\n"
	at := func(ms int, fields string) string {
		return fmt.Sprintf(`{"t_us":%d,%s}`+"\n", 1_000_000_000+ms*1000, fields)
	}
	begin := head + at(0, `"j":[0,0]`) + at(1000, `"j":[100,10]`)
	end := at(2000, `"j":[300,30]`) + `{"type":"end","records":6,"status":"ok"}` + "\n"
	gpu, cpu, reset := at(1500, `"j":[230,null]`), at(1500, `"j":[null,20]`), at(1500, `"type":"note","domain":"gpu:0","what":"reset"`)
	events := eventHeader + queryFrom("a", 500) + queryTo("a", 2000) + `{"type":"end","records":2,"status":"ok"}` + "\n"
	for _, order := range []string{gpu + cpu + reset, gpu + reset + cpu, reset + gpu + cpu, cpu + gpu + reset, cpu + reset + gpu, reset + cpu + gpu} {
		got := reading(attribute.Options{}, strings.NewReader(events), strings.NewReader(begin+order+end)).run(t)
		// From 0.5 s to 1 s and from 1.5 s to 2 s 50 J and 70 J; nothing is known between.
		if !strings.Contains(got.totals, `"id":"gpu:0","host":"h","kind":"gpu","measured_s":1,"device_joules":120,`) {
			t.Errorf("order %s: %s", order, got.totals)
		}
	}
}

// TestReadSizes: the sizes of what is read at once do not matter.
func TestReadSizes(t *testing.T) {
	for seed := range uint64(30) {
		h := history.Seeded(seed, history.Options{Off: history.NoPower})
		want := reading(attribute.Options{}, bytes.NewReader(h.Events), bytes.NewReader(h.Power)).run(t)
		rng := rand.New(rand.NewPCG(seed, 4))
		got := reading(attribute.Options{}, bits{rng, bytes.NewReader(h.Events)}, bits{rng, bytes.NewReader(h.Power)}).run(t)
		if !got.equal(want) {
			t.Fatalf("seed %d, %s:\n%s", seed, h.On, firstDifference(got, want))
		}
	}
}

// bits reads a little at a time.
type bits struct {
	rng *rand.Rand
	r   io.Reader
}

func (b bits) Read(p []byte) (int, error) { return b.r.Read(p[:min(len(p), 1+cap(p)%97)]) }

// TestMemory: files are read as far as they are needed, power not ahead of
// events and events not ahead of power.
func TestMemory(t *testing.T) {
	const queries, apart = 20_000, 50 // ms
	events := &source{t: t, head: eventHeader, line: func(i int) string {
		id := fmt.Sprint("q", i/2)
		if i%2 == 0 {
			return queryFrom(id, i/2*apart)
		}
		return queryTo(id, i/2*apart+apart-1)
	}, n: 2 * queries}
	power := &source{t: t, head: powerHeader, line: func(i int) string { return samples(100*(i-2), 100*(i-2)) }, n: queries*apart/100 + 10}
	n := 0
	a := reading(attribute.Options{}, events, power)
	a.emitted = func(*trace.QueryTrace) {
		a.out.traces = nil
		if n++; n == queries/10 {
			events.base.Store(heap())
		}
	}
	a.run(t)
	if n != queries {
		t.Errorf("%d traces", n)
	}
	t.Logf("at most %d MB more", events.most.Load()>>20)
	if events.most.Load() > 16<<20 {
		t.Errorf("the heap has grown by %d MB", events.most.Load()>>20)
	}
}

// source makes a stream line by line as it is read, and watches the heap.
type source struct {
	t          *testing.T
	head       string
	line       func(i int) string
	n, i       int
	rest       []byte
	base, most atomic.Int64
}

func (s *source) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		switch {
		case s.i == 0:
			s.rest = []byte(s.head)
		case s.i <= s.n:
			s.rest = []byte(s.line(s.i - 1))
		case s.i == s.n+1:
			s.rest = fmt.Appendf(nil, `{"type":"end","records":%d,"status":"ok"}`+"\n", s.n)
		default:
			return 0, io.EOF
		}
		if s.i++; s.base.Load() > 0 && s.i%4000 == 0 {
			s.most.Store(max(s.most.Load(), heap()-s.base.Load()))
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// heap is the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

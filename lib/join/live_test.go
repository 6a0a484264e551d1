package join_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
	"ipw/lib/trace"
)

var histories = flag.Uint64("histories", 60, "random histories that are read live")

// TestLiveIsFiles: streams that arrive bit by bit, with pauses, say what they
// say as files. Left out is what only a file can know: windows beyond the end
// of their query, records that come late.
func TestLiveIsFiles(t *testing.T) {
	rules := []string{attribute.Active, attribute.Equal, attribute.Whole}
	off := history.OutsideWindows | history.MissingQueryStarts | history.Backwards | history.NoPower
	for seed := range *histories {
		h := history.Seeded(seed, history.Options{Off: off})
		opts := attribute.Options{Share: rules[seed%3]}
		want := reading(opts, bytes.NewReader(h.Events), bytes.NewReader(h.Power)).run(t)
		opts.Live = true
		synctest.Test(t, func(t *testing.T) {
			if got := live(t, rand.New(rand.NewPCG(seed, 3)), opts, h); !got.equal(want) {
				t.Errorf("seed %d, rule %s, %s:\n%s", seed, opts.Share, h.On, firstDifference(got, want))
			}
		})
		if t.Failed() {
			return
		}
	}
}

// live feeds a history through pipes, in time order.
func live(t *testing.T, rng *rand.Rand, opts attribute.Options, h history.History) written {
	events, power := newPipe(), newPipe()
	a := reading(opts, events, power)
	a.Live, a.FollowTimeout = true, time.Hour
	fed := make(chan bool)
	defer func() {
		events.stop()
		power.stop()
		<-fed
	}()
	go func() {
		defer close(fed)
		for _, l := range merge(t, h.Events, h.Power) {
			to := power
			if l.event {
				to = events
			}
			for _, c := range chunks(rng, l.text) {
				to.Write(c)
				if rng.IntN(10) == 0 {
					time.Sleep(time.Duration(rng.Int64N(int64(time.Second))))
				}
			}
		}
		first, second := events, power
		if rng.IntN(2) == 0 {
			first, second = power, events
		}
		first.Close()
		time.Sleep(time.Duration(rng.Int64N(int64(3 * time.Second))))
		second.Close()
	}()
	return a.run(t)
}

func firstDifference(got, want written) string {
	for i := range max(len(got.traces), len(want.traces)) {
		x, y := "nothing", "nothing"
		if i < len(got.traces) {
			x = got.traces[i]
		}
		if i < len(want.traces) {
			y = want.traces[i]
		}
		if x != y {
			k := 0
			for k < min(len(x), len(y)) && x[k] == y[k] {
				k++
			}
			from := max(0, k-200)
			return fmt.Sprintf("trace %d: got … %s\nwant … %s", i, x[from:min(len(x), k+80)], y[from:min(len(y), k+80)])
		}
	}
	return fmt.Sprintf("got totals %s\nwant       %s", got.totals, want.totals)
}

// pipe is an io.Pipe that buffers, as the system's do.
type pipe struct {
	*io.PipeReader
	in    chan []byte
	close func()
}

func newPipe() pipe {
	r, w := io.Pipe()
	in := make(chan []byte, 1000)
	p := pipe{r, in, sync.OnceFunc(func() { close(in) })}
	go func() {
		for b := range p.in {
			w.Write(b)
		}
		w.Close()
	}()
	return p
}

// stop lets what is still to be written go.
func (p pipe) stop() { p.PipeReader.Close() }

func (p pipe) Write(b []byte) { p.in <- bytes.Clone(b) }
func (p pipe) Close() error   { p.close(); return nil }

// A live scene: one GPU at 100 W from 0 s on, a query from 1 s to 2 s.
const (
	powerHeader = `{"type":"header","schema":"ipw.power/1","host":"h","t_us":1000000000,"interval_us":100000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none","update_us":0}]}` + "\n"
	eventHeader = `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":1000000000}` + "\n"
)

// samples are those of the scene from one moment to another, in ms.
func samples(from, to int) string {
	var b strings.Builder
	for ms := from; ms <= to; ms += 100 {
		fmt.Fprintf(&b, `{"t_us":%d,"j":[%d.%d]}`+"\n", 1_000_000_000+ms*1000, ms/10, ms%10)
	}
	return b.String()
}

func queryFrom(id string, ms int) string {
	return fmt.Sprintf(`{"type":"query_start","t_us":%d,"query":%q}`+"\n", 1_000_000_000+ms*1000, id)
}

func queryTo(id string, ms int) string {
	return fmt.Sprintf(`{"type":"query_end","t_us":%d,"query":%q,"reason":"finished"}`+"\n", 1_000_000_000+ms*1000, id)
}

// stage is a live job on pipes, and the traces it has written so far.
type stage struct {
	*attribution
	events, power pipe
	cancel        context.CancelFunc

	mu       sync.Mutex
	energies []string // QUERY=JOULES
	err      error
	done     bool
}

func newStage(t *testing.T, more ...io.Reader) *stage {
	s := &stage{events: newPipe(), power: newPipe()}
	s.attribution = reading(attribute.Options{Live: true}, s.events, append([]io.Reader{s.power}, more...)...)
	s.Live, s.FollowTimeout = true, 5*time.Second
	s.emitted = func(q *trace.QueryTrace) {
		j := "null"
		if q.Query.GPU != nil {
			j = q.Query.GPU.String()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.energies = append(s.energies, q.QueryID+"="+j)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	go func() {
		err := s.Run(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err, s.done = err, true
	}()
	return s
}

// want checks what has been written after a while in which nothing came.
func (s *stage) want(t *testing.T, while time.Duration, energies string) {
	t.Helper()
	time.Sleep(while)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.energies, " "); got != energies {
		t.Errorf("written is %q, want %q", got, energies)
	}
}

// close lets everything go.
func (s *stage) close() {
	s.events.stop()
	s.power.stop()
	s.events.Close()
	s.power.Close()
}

// end closes what is open.
func (s *stage) end(t *testing.T, pipes ...pipe) {
	t.Helper()
	for _, p := range pipes {
		p.Close()
	}
	time.Sleep(time.Minute)
	s.close()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done || s.err != nil {
		t.Errorf("done is %v, %v", s.done, s.err)
	}
}

// TestLiveTraceAppears: the trace of a query that has ended is written when
// power has come past its end, without another event.
func TestLiveTraceAppears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + queryTo("a", 2000)))
		s.want(t, time.Second, "")
		s.power.Write([]byte(powerHeader + samples(0, 1900)))
		s.want(t, time.Second, "")
		s.power.Write([]byte(samples(2000, 2100)))
		s.want(t, time.Second, "a=100")
		s.events.Write([]byte(queryFrom("b", 4000) + queryTo("b", 5000)))
		s.power.Write([]byte(samples(2200, 5200)))
		s.want(t, time.Second, "a=100 b=100")
		s.end(t, s.events, s.power)
	})
}

// TestLiveEndOfPower: when the sampler has ended, nothing waits for it.
func TestLiveEndOfPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.power.Write([]byte(powerHeader + samples(0, 1950) + `{"type":"end","records":20,"status":"ok"}` + "\n"))
		s.power.Close()
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + queryTo("a", 2000)))
		s.want(t, 300*time.Millisecond, "a=90")
		s.end(t, s.events)
	})
}

// TestLivePowerStops: power that does not grow holds a query up for
// --follow-timeout and no longer; when it comes again, later queries have
// theirs.
func TestLivePowerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.power.Write([]byte(powerHeader + samples(0, 1900)))
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + queryTo("a", 2000)))
		s.want(t, 4500*time.Millisecond, "")
		s.want(t, time.Second, "a=90")
		if len(s.warnings) != 1 || !strings.Contains(s.warnings[0], "power has not grown for 5s") {
			t.Errorf("warnings %q", s.warnings)
		}
		s.power.Write([]byte(samples(10_000, 10_500))) // on again
		s.events.Write([]byte(queryFrom("b", 10_100)))
		s.want(t, time.Second, "a=90")
		s.events.Write([]byte(queryTo("b", 11_100)))
		s.want(t, time.Second, "a=90")
		s.power.Write([]byte(samples(10_600, 12_000)))
		s.want(t, time.Second, "a=90 b=100")
		s.end(t, s.events, s.power)
		if x := s.Engine.Totals(); !x.Balanced {
			t.Errorf("%+v", x)
		}
	})
}

// TestLiveOneSamplerStops: one stream of two that stops holds nobody up for
// longer, though the other one grows and events keep coming.
func TestLiveOneSamplerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := newPipe()
		s := newStage(t, dead)
		dead.Write([]byte(strings.ReplaceAll(powerHeader, "gpu", "cpu") + samples(0, 1500)))
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + queryTo("a", 2000)))
		s.power.Write([]byte(powerHeader))
		for ms := 0; ms < 9000; ms += 100 {
			s.power.Write([]byte(samples(ms, ms)))
			if ms >= 3000 && ms%500 == 0 {
				s.events.Write([]byte(queryFrom(fmt.Sprint(ms), ms) + queryTo(fmt.Sprint(ms), ms+200)))
			}
			time.Sleep(100 * time.Millisecond)
		}
		s.want(t, 0, "a=100 3000=20 3500=20 4000=20 4500=20 5000=20 5500=20 6000=20 6500=20 7000=20 7500=20 8000=20 8500=20")
		dead.Close()
		s.end(t, s.events, s.power)
		dead.stop()
	})
}

// TestLiveLatePower: a power stream that says nothing at all is waited for as
// long, and taken up when it begins after all.
func TestLiveLatePower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + queryTo("a", 2000)))
		s.want(t, 4500*time.Millisecond, "")
		s.want(t, time.Second, "a=null")
		s.power.Write([]byte(powerHeader + samples(1500, 3000))) // nothing of a's time counts any more
		s.events.Write([]byte(queryFrom("b", 4000) + queryTo("b", 5000)))
		s.want(t, time.Second, "a=null")
		s.power.Write([]byte(samples(3100, 5100)))
		s.want(t, time.Second, "a=null b=100")
		s.end(t, s.events)
		if x := s.Engine.Totals(); !x.Balanced || len(x.Domains) != 1 {
			t.Errorf("%+v", x)
		}
	})
}

// TestLiveAgentDies: what was open when the agent died ended with its last event,
// not when that became known, though a call's retry would have been due
// meanwhile.
func TestLiveAgentDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.power.Write([]byte(powerHeader + samples(0, 2000)))
		s.events.Write([]byte(eventHeader + queryFrom("a", 1000) + `{"type":"lm_inference_start","t_us":1001500000,"query":"a","span":"1","turn":0,"local":true}
{"type":"retry","t_us":1002000000,"query":"a","span":"1","wait_s":1}
`))
		for ms := 2100; ms < 20_000; ms += 100 {
			s.power.Write([]byte(samples(ms, ms)))
			time.Sleep(100 * time.Millisecond)
		}
		s.want(t, 0, "")
		s.end(t, s.events, s.power)
		if got := strings.Join(s.energies, " "); got != "a=100" {
			t.Errorf("written is %q", got)
		}
		if x := s.Engine.Totals(); len(x.Domains) != 1 || x.Domains[0].MeasuredS != 1 || !x.Balanced {
			t.Errorf("%+v", x)
		}
	})
}

// TestLiveErrors: what is wrong with a stream ends the job.
func TestLiveErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.events.Write([]byte(powerHeader))
		s.want(t, time.Second, "")
		if s.err == nil || !strings.Contains(s.err.Error(), `schema "ipw.power/1"`) {
			t.Error(s.err)
		}
		s.close()
	})
}

// TestLiveIsCancelled: a job ends when its context does.
func TestLiveIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.power.Write([]byte(powerHeader))
		s.cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(s.err, context.Canceled) {
			t.Error(s.err)
		}
		s.close()
	})
}

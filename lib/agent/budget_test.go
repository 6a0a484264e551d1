package agent

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/power"
)

// solveWithin runs one query over a script, and returns its events.
func solveWithin(t *testing.T, b *Budget, steps ...step) []event.Event {
	t.Helper()
	rec := record(20)
	run := Run{Recorder: NewRecorder(rec.w), Budget: b,
		Agent: &React{Client: &fakeModel{steps: steps}, Request: llm.Request{Model: "m"}, Tools: hostileTools(nil), MaxTurns: 20}}
	if _, err := run.Tasks(t.Context(), tasks("q")); err != nil {
		t.Fatal(err)
	}
	return rec.events(t)
}

// TestBudget: an answer of the script counts 107 tokens.
func TestBudget(t *testing.T) {
	look := answer("let me see", toolCalls("echo")...)
	for _, c := range []struct {
		name         string
		budget       Budget
		reason, text string
		calls, tools int
	}{
		{"enough", Budget{Tokens: 322}, event.Finished, "42", 3, 2},
		{"tools of the call that goes over it do not run", Budget{Tokens: 200}, event.Budget, "let me see", 2, 1},
		{"an answer that goes over it is one", Budget{Tokens: 300}, event.Finished, "42", 3, 2},
		{"cost", Budget{CostUSD: 0.5}, event.Budget, "let me see", 1, 0},
	} {
		c.budget.Cost = func(model string, u llm.Usage) float64 { return float64(*u.InputTokens) / 100 }
		events := solveWithin(t, &c.budget, look, look, answer("42"))
		end := events[len(events)-1]
		if end.Reason != c.reason || *end.ResponseText != c.text || len(only(events, event.LMEnd)) != c.calls || len(only(events, event.ToolEnd)) != c.tools {
			t.Errorf("%s: %s %q after %d calls and %d tools", c.name, end.Reason, *end.ResponseText, len(only(events, event.LMEnd)), len(only(events, event.ToolEnd)))
		}
	}
}

// TestFailedCallsCount: what a failed call used is spent.
func TestFailedCallsCount(t *testing.T) {
	n := int64(1000)
	failing := func(context.Context, llm.Request, llm.Observer) (llm.Response, error) {
		return llm.Response{Usage: llm.Usage{InputTokens: &n}, Attempts: 1}, &llm.Error{Class: llm.Rejected, Text: "no"}
	}
	events := solveWithin(t, &Budget{Tokens: 500}, failing)
	if end := events[len(events)-1]; end.Reason != event.Budget {
		t.Errorf("%s", end.Reason)
	}
}

// TestJoules: a query that uses too much is stopped in the middle of a call.
func TestJoules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		m := NewMeter(func() clock.Stamp {
			us := time.Since(begun).Microseconds()
			return clock.Stamp{TUs: us, MUs: us}
		})
		h := &power.Header{Domains: []power.Domain{{ID: "gpu:0", Kind: power.GPU, Energy: power.Counter}}}
		m.learn(h)
		ctx, stop := context.WithCancel(t.Context())
		go func() { // 100 W, a sample every 50 ms
			for ms := int64(0); ctx.Err() == nil; ms += 50 {
				m.sample(h, &power.Sample{TUs: ms * 1000, J: []int64{ms * 100_000}})
				time.Sleep(50 * time.Millisecond)
			}
		}()
		events := solveWithin(t, &Budget{Joules: 250, Meter: m}, hang("half an "))
		stop()
		end := events[len(events)-1]
		if end.Reason != event.Budget || *end.ResponseText != "half an " || *end.Completed {
			t.Errorf("%+v", end)
		}
		if lm := only(events, event.LMEnd)[0]; lm.Error == nil || !strings.Contains(*lm.Error, "J of 250 J") {
			t.Errorf("%v", lm.Error)
		}
		if took := time.Since(begun); took < 2500*time.Millisecond || took > 2700*time.Millisecond {
			t.Errorf("stopped after %s", took)
		}
		time.Sleep(time.Second)
	})
}

// TestWarmup: warm-up queries run first, all of them before the others, are not
// counted, and run again when there is something to resume.
func TestWarmup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
			time.Sleep(time.Duration(len(req.Messages[0].Content)) * second)
			return answer("42")(ctx, req, obs)
		}
		rec := record(20)
		warm := []dataset.Task{{ID: "w1", Problem: "slowest of all", WorkloadType: "w"}, {ID: "w2", Problem: "?", WorkloadType: "w"}}
		a := &React{Client: &fakeModel{steps: []step{slow}}, Request: llm.Request{Model: "m"}, MaxTurns: 20}
		first := Run{Recorder: NewRecorder(rec.w), Agent: a, Concurrency: 5, Warmup: warm}
		totals, err := first.Tasks(t.Context(), tasks("a", "b"))
		if err != nil || totals.Ended() != 2 || totals.Warm != 2 {
			t.Errorf("%+v, %v", totals, err)
		}
		begun := map[string]int64{}
		for _, e := range rec.events(t) {
			if e.Type == event.QueryStart {
				begun[e.Query] = *e.MUs
			} else if e.Type == event.QueryEnd && e.Query[0] == 'w' && (begun["a"] > 0 || begun["b"] > 0) {
				t.Errorf("%s ends after others have begun", e.Query)
			}
		}
		earlier := readEarlier(t, rec.String())
		for _, c := range []struct {
			tasks []string
			warm  int
		}{{[]string{"a", "b"}, 0}, {[]string{"a", "b", "c"}, 2}} {
			_ = rec.w.Header(earlier.Header)
			again := Run{Recorder: NewRecorder(rec.w), Agent: a, Warmup: warm, Earlier: earlier}
			totals, err := again.Tasks(t.Context(), tasks(c.tasks...))
			if err != nil || totals.Warm != c.warm || totals.Kept != 2 || totals.Ended() != len(c.tasks)-2 {
				t.Errorf("%q: %+v, %v", c.tasks, totals, err)
			}
			rec.events(t)
		}
	})
}

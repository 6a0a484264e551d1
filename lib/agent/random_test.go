package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ipw/lib/event"
	"ipw/lib/llm"
)

// TestRandom plays random scripts with random timeouts and stops, many queries
// at once, and sees that the stream keeps its promises each time.
func TestRandom(t *testing.T) {
	reasons := map[string]int{}
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				release := make(chan bool)
				defer close(release)
				maxTurns := 1 + rng.IntN(5)
				rec := record(maxTurns)
				run := Run{Recorder: NewRecorder(rec.w), Concurrency: 1 + rng.IntN(20), Agent: &React{
					Client: &fakeModel{steps: randomSteps(rng, maxTurns)}, Request: llm.Request{Model: "m"},
					Tools: hostileTools(release), MaxTurns: maxTurns}}
				if rng.IntN(2) == 0 {
					run.Timeout = time.Duration(1 + rng.IntN(int(6*second)))
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if run.Timeout == 0 || rng.IntN(2) == 0 {
					time.AfterFunc(time.Duration(rng.IntN(int(20*second))), cancel)
				}
				totals, err := run.Tasks(ctx, tasks(ids(30)...))
				if err != nil || totals.Open != 0 {
					t.Errorf("%+v, %v", totals, err)
				}
				ended := only(rec.events(t), event.QueryEnd)
				if len(ended) != totals.Ended() || ctx.Err() == nil && len(ended) != 30 {
					t.Errorf("%d queries ended, %d were counted", len(ended), totals.Ended())
				}
				for _, e := range ended {
					reasons[e.Reason]++
				}
			})
		})
	}
	for _, r := range []string{event.Finished, event.MaxTurns, event.Timeout, event.Failed, event.Interrupted} {
		if reasons[r] == 0 {
			t.Errorf("no query ended with reason %s: %v", r, reasons)
		}
	}
}

// randomSteps is a script that may answer, call tools, wait, retry or break in
// each turn.
func randomSteps(rng *rand.Rand, n int) []step {
	names := []string{"echo", "slow", "fail", "panic", "goexit", "wait", "tardy", "stubborn", "nosuch"}
	var steps []step
	for range n {
		var calls []llm.ToolCall
		for range rng.IntN(4) {
			calls = append(calls, toolCalls(names[rng.IntN(len(names))])...)
		}
		s := answer([]string{"", "so far"}[rng.IntN(2)], calls...)
		switch rng.IntN(8) {
		case 0:
			s = hang("half")
		case 1:
			s = broken("half")
		case 2:
			s = retrying(1+rng.IntN(3), s)
		case 3:
			s = func(context.Context, llm.Request, llm.Observer) (llm.Response, error) { panic("boo") }
		}
		steps = append(steps, s)
	}
	return steps
}

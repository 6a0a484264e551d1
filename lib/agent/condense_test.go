package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// readingAtMost refuses conversations of more than limit bytes.
func readingAtMost(limit int, s step) step {
	return func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
		n := 0
		for _, m := range req.Messages {
			n += len(m.Content)
		}
		if n > limit {
			return llm.Response{Attempts: 1}, &llm.Error{Class: llm.Rejected, Status: 400,
				Text: fmt.Sprintf("This model's maximum context length is %d tokens", limit)}
		}
		return s(ctx, req, obs)
	}
}

// TestCondense: a conversation that is too long loses its oldest results first,
// and the query goes on; the calls that were refused are seen.
func TestCondense(t *testing.T) {
	n := 0
	long := fakeTool{"long", func(context.Context, string) (string, error) {
		n++
		return strings.Repeat(fmt.Sprint(n), 1000), nil
	}}
	for _, c := range []struct {
		limit  int
		reason string
		kept   string // of the results, as they begin, when the answer comes
	}{
		{9000, event.Finished, "1111 2222 3333 4444"},
		{4000, event.Finished, "[a r [a r 3333 4444"},
		{2000, event.Finished, "[a r [a r [a r 4444"},
		{1000, event.Finished, "[a r [a r [a r 4444"}, // and that one cut
		{500, event.Finished, "[a r [a r [a r [a r"},
		{100, event.Failed, ""},
	} {
		n = 0
		var steps []step
		kept := ""
		for range 4 {
			steps = append(steps, readingAtMost(c.limit, answer("", toolCalls("long")...)))
		}
		steps = append(steps, readingAtMost(c.limit, func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
			for _, m := range req.Messages {
				if m.Role == llm.ToolRole {
					kept += " " + m.Content[:4]
				}
			}
			return answer("42")(ctx, req, obs)
		}))
		rec := record(20)
		run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: &fakeModel{steps: steps}, Request: llm.Request{Model: "m"}, Tools: []tool.Tool{long}, MaxTurns: 20}}
		task := tasks("q")
		if c.limit == 100 {
			task = tasks(strings.Repeat("long ", 50))
		}
		if _, err := run.Tasks(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		events := rec.events(t)
		end := events[len(events)-1]
		if end.Reason != c.reason || strings.TrimSpace(kept) != c.kept {
			t.Errorf("at most %d bytes: %s, kept %q", c.limit, end.Reason, kept)
		}
		if refused := len(only(events, event.LMEnd)) - 5; c.reason == event.Finished && (refused > 0) != (c.limit < 9000) {
			t.Errorf("at most %d bytes: %d calls were refused", c.limit, refused)
		}
	}
}

// TestNothingToCondense: another failure is not taken for a long conversation.
func TestNothingToCondense(t *testing.T) {
	calls := 0
	failing := func(context.Context, llm.Request, llm.Observer) (llm.Response, error) {
		calls++
		return llm.Response{Attempts: 1}, errors.New("400 Bad Request: no")
	}
	rec := record(20)
	run := Run{Recorder: NewRecorder(rec.w), Agent: &React{Client: &fakeModel{steps: []step{answer("", toolCalls("echo")...), failing}},
		Request: llm.Request{Model: "m"}, Tools: hostileTools(nil), MaxTurns: 20}}
	if _, err := run.Tasks(t.Context(), tasks("q")); err != nil {
		t.Fatal(err)
	}
	rec.events(t)
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// TestMaxResult: results, and error texts, are cut to head and tail.
func TestMaxResult(t *testing.T) {
	var seen []string
	last := func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
		for _, m := range req.Messages {
			if m.Role == llm.ToolRole {
				seen = append(seen, m.Content)
			}
		}
		return answer("42")(ctx, req, obs)
	}
	long := "head" + strings.Repeat("-", 1000) + "tail"
	rec := record(20)
	run := Run{Recorder: NewRecorder(rec.w), MaxResult: 200, Agent: &React{
		Client: &fakeModel{steps: []step{answer("", toolCalls("long", "wrong")...), last}}, Request: llm.Request{Model: "m"}, MaxTurns: 20,
		Tools: []tool.Tool{
			fakeTool{"long", func(context.Context, string) (string, error) { return long, nil }},
			fakeTool{"wrong", func(context.Context, string) (string, error) { return "", errors.New(long) }},
		}}}
	if _, err := run.Tasks(t.Context(), tasks("q")); err != nil {
		t.Fatal(err)
	}
	for _, s := range seen {
		if !strings.Contains(s, "head-") || !strings.HasSuffix(s, "-tail") || !strings.Contains(s, "bytes cut]") || len(s) > 240 {
			t.Errorf("%q", s)
		}
	}
	for i, e := range only(rec.events(t), event.ToolEnd) {
		if int(*e.ResultBytes) > 240 {
			t.Errorf("result %d of %d bytes, %d were handed over", i, *e.ResultBytes, len(seen[i]))
		}
	}
}

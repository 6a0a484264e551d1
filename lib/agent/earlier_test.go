package agent

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/stream"
)

func readEarlier(t *testing.T, text string) *Earlier {
	t.Helper()
	e, err := ReadEarlier(event.NewReader(&stream.Problems{}, stream.NewInput("events", strings.NewReader(text))))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEarlier(t *testing.T) {
	header := func(run string) string {
		return fmt.Sprintf(`{"type":"header","schema":"ipw.events/1","run":%q,"t_us":1}`+"\n", run)
	}
	start := func(q string, attempt int) string {
		return fmt.Sprintf(`{"type":"query_start","t_us":1,"query":%q,"attempt":%d}`+"\n", q, attempt)
	}
	end := func(q string, attempt int, reason string) string {
		return fmt.Sprintf(`{"type":"query_end","t_us":1,"query":%q,"attempt":%d,"reason":%q}`+"\n", q, attempt, reason)
	}
	both := func(q string, attempt int, reason string) string { return start(q, attempt) + end(q, attempt, reason) }
	text := header("old") + both("a", 1, "finished") + both("z", 7, "error") +
		header("new") + both("b", 1, "finished") + both("c", 1, "max_turns") + both("d", 1, "timeout") + both("e", 1, "budget") +
		both("f", 1, "error") + both("g", 1, "interrupted") + start("h", 1) + both("i", 1, "error") + both("k", 1, "error") +
		header("new") + both("i", 2, "finished") + both("k", 2, "error") + start("k", 3) +
		`{"type":"query_start","t_us":1,"query":"l"}` + "\n" + `{"type":"query_end","t_us":1,"query":"l"}` + "\n" + `{"type":"query_sta`
	e := readEarlier(t, text)
	if e.Header.Run != "new" {
		t.Errorf("run %q", e.Header.Run)
	}
	want := map[string]int{"a": 1, "z": 1, "f": 2, "g": 2, "h": 2, "k": 4, "new": 1}
	for _, q := range strings.Fields("a b c d e f g h i k l z new") {
		attempt, again := e.Attempt(q)
		if again != (want[q] > 0) || again && attempt != want[q] {
			t.Errorf("%s: attempt %d, run again %v", q, attempt, again)
		}
	}
	var none *Earlier
	if attempt, again := none.Attempt("a"); attempt != 1 || !again {
		t.Error("nothing ran before, and yet something is kept")
	}
}

// TestResume runs half, resumes, and finds every query once.
func TestResume(t *testing.T) {
	broke := true
	m := &fakeModel{steps: []step{func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
		if strings.Contains(req.Messages[0].Content, "q0001") && broke {
			return broken("")(ctx, req, obs)
		}
		return answer("42")(ctx, req, obs)
	}}}
	rec := record(20)
	a := &React{Client: m, Request: llm.Request{Model: "m"}, MaxTurns: 20}
	first := Run{Recorder: NewRecorder(rec.w), Agent: a}
	if totals, err := first.Tasks(t.Context(), tasks(ids(3)...)); err != nil || totals.Ended() != 3 {
		t.Fatalf("%+v, %v", totals, err)
	}
	if err := rec.w.End("ok"); err != nil {
		t.Fatal(err)
	}
	broke = false
	earlier := readEarlier(t, rec.String())
	if err := rec.w.Header(earlier.Header); err != nil {
		t.Fatal(err)
	}
	second := Run{Recorder: NewRecorder(rec.w), Agent: a, Earlier: earlier}
	totals, err := second.Tasks(t.Context(), tasks(ids(5)...))
	if err != nil || totals.Ended() != 3 || totals.Kept != 2 {
		t.Errorf("%+v, %v", totals, err)
	}
	got := ""
	for _, e := range only(rec.events(t), event.QueryEnd) {
		got += fmt.Sprintf("%s.%d %s\n", e.Query, e.Attempt, e.Reason)
	}
	if want := "q0000.1 finished\nq0001.1 error\nq0002.1 finished\nq0001.2 finished\nq0003.1 finished\nq0004.1 finished\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// TestPlace: a place is made, worked in, collected from, graded and closed, in
// this order and within its own windows.
func TestPlace(t *testing.T) {
	rec := record(3)
	var done []string
	m := &fakeModel{steps: []step{answer("", toolCalls("dig")...), answer("done")}}
	r := Run{Agent: &React{Client: m, MaxTurns: 3, Request: llm.Request{Model: "m"}}, Recorder: NewRecorder(rec.w),
		Open: func(_ context.Context, q *Query, _ dataset.Task) (*Place, error) {
			done = append(done, "open "+q.ID)
			return &Place{
				Tools: []tool.Tool{fakeTool{"dig", func(context.Context, string) (string, error) {
					done = append(done, "dig")
					return "a hole", nil
				}}},
				Collect: func(_ context.Context, o Outcome) Outcome {
					o.Text += ", with a patch"
					return o
				},
				Grade: func(_ context.Context, o Outcome) (Grade, error) {
					done = append(done, "grade "+o.Text)
					return Grade{}, nil
				},
				Close: func() error {
					done = append(done, "close")
					return errors.New("still there")
				},
			}, nil
		}}
	totals, err := r.Tasks(t.Context(), tasks("q"))
	if err != nil || totals.Left == nil {
		t.Errorf("%v, left %v", err, totals.Left)
	}
	if want := []string{"open q", "dig", "grade done, with a patch", "close"}; !slices.Equal(done, want) {
		t.Errorf("%q", done)
	}
	var types []string
	for _, e := range rec.events(t) {
		if strings.HasPrefix(e.Type, "setup") || strings.HasPrefix(e.Type, "scoring") || strings.HasPrefix(e.Type, "query") {
			types = append(types, e.Type)
			if e.Turn != nil {
				t.Errorf("%s in turn %d", e.Type, *e.Turn)
			}
		}
	}
	if want := []string{event.QueryStart, event.SetupStart, event.SetupEnd, event.ScoringStart, event.ScoringEnd, event.QueryEnd}; !slices.Equal(types, want) {
		t.Errorf("%q", types)
	}
}

// TestNoPlace: a query whose place cannot be made ends in error, and what there
// was of the place is closed.
func TestNoPlace(t *testing.T) {
	rec := record(1)
	closed := false
	r := Run{Agent: &React{Client: &fakeModel{}, MaxTurns: 1}, Recorder: NewRecorder(rec.w),
		Open: func(context.Context, *Query, dataset.Task) (*Place, error) {
			return &Place{Close: func() error { closed = true; return nil }}, errors.New("no image")
		}}
	totals, err := r.Tasks(t.Context(), tasks("q"))
	if err != nil || totals.Reasons[event.Failed] != 1 || !closed {
		t.Errorf("%v %v, closed %v", totals, err, closed)
	}
	for _, e := range only(rec.events(t), event.QueryEnd) {
		if *e.Error != "setup: no image" {
			t.Errorf("%q", *e.Error)
		}
	}
}

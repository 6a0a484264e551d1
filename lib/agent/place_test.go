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
	"ipw/lib/sandbox"
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

// breakingBox breaks as soon as a command runs in it.
type breakingBox struct {
	fakeBox
	sandbox.Lost
}

func (b breakingBox) While(ctx context.Context) (context.Context, func()) { return b.Lost.While(ctx) }
func (b breakingBox) Close() error                                        { return nil }
func (b breakingBox) Exec(context.Context, sandbox.Command) (sandbox.Result, error) {
	b.Lose(hinted{errors.New("the daemon is gone")})
	return sandbox.Result{}, b.Err()
}

type hinted struct{ error }

func (hinted) Hint() string { return "start the daemon" }

// TestBrokenBox: a query whose box breaks ends in error, while the agent works
// and while the tests run, and the next query has a box of its own.
func TestBrokenBox(t *testing.T) {
	for _, during := range []string{"turns", "tests"} {
		rec := record(9)
		bash := answer("", llm.ToolCall{ID: "a", Name: "bash", Arguments: `{"command":"x"}`})
		m := &fakeModel{steps: []step{bash, func(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
			if strings.Contains(req.Messages[0].Content, "is p?") && during == "turns" {
				return hang("never mind")(ctx, req, obs)
			}
			return answer("done")(ctx, req, obs)
		}}}
		r := Run{Agent: &React{Client: m, MaxTurns: 9, Request: llm.Request{Model: "m"}}, Recorder: NewRecorder(rec.w),
			Open: func(_ context.Context, q *Query, _ dataset.Task) (*Place, error) {
				whole, breaks := fakeBox{s: &fakeSandbox{}}, breakingBox{fakeBox{s: &fakeSandbox{}}, sandbox.NewLost()}
				p := &Place{Box: whole, Tools: []tool.Tool{tool.Bash{Box: whole}}}
				if q.ID != "p" {
					return p, nil
				}
				p.Box = breaks
				if during == "turns" {
					p.Tools = []tool.Tool{tool.Bash{Box: breaks}}
				}
				p.Grade = func(ctx context.Context, _ Outcome) (Grade, error) {
					_, err := breaks.Exec(ctx, sandbox.Command{})
					return Grade{}, err
				}
				return p, nil
			}}
		totals, err := r.Tasks(t.Context(), tasks("p", "q"))
		if err != nil || totals.Reasons[event.Failed] != 1 || totals.Reasons[event.Finished] != 1 {
			t.Errorf("%s: %v %v", during, totals, err)
		}
		for _, e := range only(rec.events(t), event.QueryEnd) {
			if e.Query == "p" && (e.Error == nil || *e.Error != "the box is lost: the daemon is gone; hint: start the daemon") {
				t.Errorf("%s: %+v", during, e)
			}
		}
	}
}

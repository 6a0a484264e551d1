package score

import (
	"testing"

	"ipw/lib/trace"
)

// TestWarmup: a warm-up query is not scored, even with a reference, and a report
// does not count it.
func TestWarmup(t *testing.T) {
	answer, reason := "42", "finished"
	q := &trace.QueryTrace{QueryID: "warmup#1", Metadata: []byte(`{"warmup":true}`), ResponseText: answer, Reference: &answer, Reason: &reason}
	if r := Trace(t.Context(), Exact{}, q); r.Resolved != nil || r.Reason != Warmup {
		t.Errorf("%+v", r)
	}
	report := NewReport("exact")
	report.Add(q)
	if c := report.Contents(); c.Queries != 0 || c.Efficiency.LeftOut.Unscored != 0 {
		t.Errorf("%+v", c)
	}
}

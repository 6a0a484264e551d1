// Package score says whether an answer is right.
//
// A Scorer compares a trace's answer with its reference and gives a Result:
// right, wrong, or unscored with the reason. Unscored is an outcome of its own:
// a judge that fails says nothing about the answer, so it never makes it wrong.
//
//   - Exact compares texts: what follows the last "FINAL ANSWER:" with the
//     reference, after normalisation, numbers as numbers. A mismatch is wrong.
//   - Judge takes an exact match for right and asks a model about every other
//     answer.
//
// Whatever the scorer, a query that broke (error, interrupted) has not answered
// and is unscored, and so is one without a reference.
//
//	r := score.Trace(ctx, score.Exact{}, q)
//	if r.Resolved == nil { fmt.Println("unscored:", r.Reason) }
package score

import (
	"context"
	"encoding/json"
	"strings"

	"ipw/lib/trace"
)

// Reasons why a trace is unscored.
const (
	NoReference = "no_reference"     // nothing to compare with
	AgentError  = "agent_error"      // the query ended in an error
	Interrupted = "interrupted"      // the query was cut off
	JudgeError  = "judge_error"      // the judge could not be reached, or refused
	Unreadable  = "judge_unreadable" // the judge's reply holds no verdict, or several
	Warmup      = "warmup"           // a warm-up query, which is not counted
)

// Tests is the scorer that score_metadata names where a task's own tests gave
// the verdict, in the run.
const Tests = "tests"

// Scorer says whether an answer is right.
type Scorer interface {
	// Name is exact or judge.
	Name() string
	// Score looks at a trace with a reference. It is safe for concurrent use.
	Score(ctx context.Context, q *trace.QueryTrace) Result
}

// Result is what a scorer says of one trace.
type Result struct {
	Resolved *bool  // right or wrong, nil for unscored
	Reason   string // of unscored
	Metadata Metadata
}

// Metadata is score_metadata: how the result came about. The fields of a judge
// are there only if one was asked.
type Metadata struct {
	Scorer     string `json:"scorer"`
	ExactMatch *bool  `json:"exact_match,omitempty"` // nil if it was not looked at
	*Asked
}

// Asked is one call of a judge. What it did not tell is null.
type Asked struct {
	JudgeModel    string   `json:"judge_model"`
	JudgeEndpoint string   `json:"judge_endpoint"`
	Verdict       *string  `json:"verdict"` // correct or incorrect
	Explanation   *string  `json:"explanation"`
	InputTokens   *int64   `json:"input_tokens"`
	OutputTokens  *int64   `json:"output_tokens"`
	CostUSD       *float64 `json:"cost_usd"` // only if the provider said so
	Attempts      int      `json:"attempts"` // tries of the call
	Error         *string  `json:"error"`
	Reply         *string  `json:"reply,omitempty"`        // of an unreadable verdict, as it came
	ResponseCut   bool     `json:"response_cut,omitempty"` // the judge saw the head and the tail of the answer only
}

// Trace scores a trace with s, if it can be scored.
func Trace(ctx context.Context, s Scorer, q *trace.QueryTrace) Result {
	r := Result{Metadata: Metadata{Scorer: s.Name()}}
	switch {
	case q.Warmup():
		r.Reason = Warmup
	case q.Errored() && q.Reason != nil && *q.Reason == "interrupted":
		r.Reason = Interrupted
	case q.Errored():
		r.Reason = AgentError
	case q.Reference == nil || strings.TrimSpace(*q.Reference) == "":
		r.Reason = NoReference
	default:
		return s.Score(ctx, q)
	}
	return r
}

// fields are the keys of a trace that a result sets.
func (r Result) fields() map[string]any {
	f := map[string]any{"is_resolved": r.Resolved, "accuracy_score": r.score(), "unscorable_reason": nil, "score_metadata": r.Metadata}
	if r.Reason != "" {
		f["unscorable_reason"] = r.Reason
	}
	return f
}

// set sets the same fields in memory.
func (r Result) set(q *trace.QueryTrace) (err error) {
	q.IsResolved, q.AccuracyScore, q.UnscorableReason = r.Resolved, r.score(), nil
	if r.Reason != "" {
		q.UnscorableReason = &r.Reason
	}
	q.ScoreMetadata, err = json.Marshal(r.Metadata)
	return err
}

func (r Result) score() *float64 {
	if r.Resolved == nil {
		return nil
	}
	s := 0.0
	if *r.Resolved {
		s = 1
	}
	return &s
}

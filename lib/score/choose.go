package score

import (
	"encoding/json"
	"sync"

	"ipw/lib/trace"
)

// Choice picks the scorer of each trace by what is known before its first
// answer: the command line and the data set, never the outcome.
type Choice struct {
	Flag      string                      // auto, exact or judge
	Own       func(dataset string) string // a data set's own scorer; "" for files and stdin
	WithJudge bool                        // there is a key or an endpoint for a judge
	NewJudge  func() (Scorer, error)      // called once, when the first trace needs it

	once  sync.Once
	judge Scorer
	err   error
}

// For returns the scorer of a trace, nil for one that keeps the score it has:
// what the tests of its task said is not for a comparison or a model to change,
// and under auto a score that is not ours stands too.
func (c *Choice) For(q *trace.QueryTrace) (Scorer, error) {
	by := scorerOf(q)
	if by == Tests || c.Flag == "auto" && by != "" && by != "exact" && by != "judge" {
		return nil, nil
	}
	name := c.Flag
	if name == "auto" && q.Dataset != nil {
		name = c.Own(*q.Dataset)
	}
	if name == "judge" || (name == "auto" || name == "") && c.WithJudge {
		return c.Judge()
	}
	return Exact{}, nil
}

// scorerOf names what scored a trace: "" if nothing did, "other" if it does not
// say what.
func scorerOf(q *trace.QueryTrace) string {
	var m Metadata
	_ = json.Unmarshal(q.ScoreMetadata, &m) // another tool's may have any shape
	if m.Scorer == "" && (q.IsResolved != nil || q.UnscorableReason != nil) {
		return "other"
	}
	return m.Scorer
}

// Judge returns the judge, which is made at the first call.
func (c *Choice) Judge() (Scorer, error) {
	c.once.Do(func() { c.judge, c.err = c.NewJudge() })
	return c.judge, c.err
}

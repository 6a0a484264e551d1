package trace

import (
	"bytes"
	"encoding/json"
)

// Warmup tells that the query was run before the others and counts in nothing:
// it has "warmup": true in its metadata.
func (q *QueryTrace) Warmup() bool { return IsWarmup(q.Metadata) }

// IsWarmup tells whether a query's metadata mark it as a warm-up one.
func IsWarmup(metadata json.RawMessage) bool {
	if !bytes.Contains(metadata, []byte(`"warmup"`)) { // nearly all
		return false
	}
	var m struct {
		Warmup any `json:"warmup"`
	}
	return json.Unmarshal(metadata, &m) == nil && m.Warmup == true
}

// Errored tells that the attempt broke rather than answered: it ended in an
// error, was interrupted, or has an error and no word how it ended. Running
// out of time, turns or budget is the agent's own failure and not this.
func (q *QueryTrace) Errored() bool {
	if q.Reason == nil {
		return q.Error != nil
	}
	return *q.Reason == "error" || *q.Reason == "interrupted"
}

// Failed tells that there is no finished answer: the attempt errored, or it
// ran out of time, turns or budget.
func (q *QueryTrace) Failed() bool {
	return q.Errored() || q.TimedOut || q.Reason != nil && !q.Completed
}

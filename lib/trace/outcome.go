package trace

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

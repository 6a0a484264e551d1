package event

import (
	"errors"
	"math"

	"ipw/lib/stream"
)

// Parse reads one record.
func Parse(b []byte, e *Event) error {
	*e = Event{}
	return parse(b, e, nil)
}

// parse reads one record into an empty Event.
func parse(b []byte, e *Event, m *stream.Memory) error {
	const none = math.MinInt64 // 0 is a time, if an unlikely one
	e.TUs = none
	s := m.Scan(b)
	e.begin(&s)
	for s.Next() {
		e.field(&s)
	}
	if err := s.Err(); err != nil {
		return err
	}
	if e.TUs == none {
		e.TUs = 0
		if e.Type == "" || e.Known() { // what a later version adds need not have a time
			return errors.New("record without t_us")
		}
	}
	return nil
}

// begin takes what nearly all records begin with, as they are written.
func (e *Event) begin(s *stream.Scanner) {
	if s.At(`{"type":`) {
		s.Text(&e.Type)
	}
	if s.At(`,"t_us":`) {
		s.Int(&e.TUs)
	}
	if s.At(`,"m_us":`) {
		s.OptInt(&e.MUs)
	}
	if s.At(`,"query":`) {
		s.Text(&e.Query)
	}
	if s.At(`,"attempt":`) {
		e.attempt(s)
	}
	if s.At(`,"span":`) {
		s.Text(&e.Span)
	}
	if s.At(`,"turn":`) {
		s.OptCount(&e.Turn)
	}
}

// field takes the value of the member that s is at.
func (e *Event) field(s *stream.Scanner) {
	switch string(s.Key()) {
	case "type":
		s.Text(&e.Type)
	case "t_us":
		s.Int(&e.TUs)
	case "m_us":
		s.OptInt(&e.MUs)
	case "query":
		s.Text(&e.Query)
	case "attempt":
		e.attempt(s)
	case "span":
		s.Text(&e.Span)
	case "parent":
		s.Text(&e.Parent)
	case "turn":
		s.OptCount(&e.Turn)
	case "time_derived":
		s.Bool(&e.TimeDerived)
	case "workload_type":
		s.Text(&e.WorkloadType)
	case "query_text":
		s.OptText(&e.QueryText)
	case "reference":
		s.OptText(&e.Reference)
	case "metadata":
		s.Object(&e.Metadata)
	case "response_text":
		s.OptText(&e.ResponseText)
	case "completed":
		s.OptBool(&e.Completed)
	case "timed_out":
		s.OptBool(&e.TimedOut)
	case "reason":
		s.Text(&e.Reason)
	case "error":
		s.OptText(&e.Error)
	case "what":
		s.Text(&e.What)
	case "is_resolved":
		s.OptBool(&e.IsResolved)
	case "unscorable_reason":
		s.Text(&e.UnscorableReason)
	case "score_metadata":
		s.Object(&e.ScoreMetadata)
	case "model":
		s.Text(&e.Model)
	case "provider":
		s.Text(&e.Provider)
	case "endpoint":
		s.Text(&e.Endpoint)
	case "local":
		s.OptBool(&e.Local)
	case "input_tokens":
		s.OptInt(&e.InputTokens)
	case "output_tokens":
		s.OptInt(&e.OutputTokens)
	case "cached_tokens":
		s.OptInt(&e.CachedTokens)
	case "cache_write_tokens":
		s.OptInt(&e.CacheWriteTokens)
	case "reasoning_tokens":
		s.OptInt(&e.ReasoningTokens)
	case "cost_usd":
		s.OptFloat(&e.CostUSD)
	case "queue_s":
		s.OptFloat(&e.QueueS)
	case "finish_reason":
		s.Text(&e.FinishReason)
	case "attempts":
		n := int64(e.Attempts)
		s.Int(&n)
		e.Attempts = int(n)
	case "tokens_estimated":
		s.Bool(&e.TokensEstimated)
	case "tool":
		s.Text(&e.Tool)
	case "call_id":
		s.Text(&e.CallID)
	case "arguments":
		s.OptText(&e.Arguments)
	case "ok":
		s.OptBool(&e.OK)
	case "result_tokens":
		s.OptInt(&e.ResultTokens)
	case "result_bytes":
		s.OptInt(&e.ResultBytes)
	case "error_class":
		s.Text(&e.ErrorClass)
	case "wait_s":
		s.OptFloat(&e.WaitS)
	default:
		s.Skip()
	}
}

func (e *Event) attempt(s *stream.Scanner) {
	n := int64(e.Attempt)
	s.Int(&n)
	e.Attempt = int(n)
}

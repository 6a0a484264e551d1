// Package foreign reads other people's logs of what agents did as event
// streams, schema ipw.events/1: OpenTelemetry spans, the event list of the
// Python reference, the transcripts that Claude Code and Codex leave on disk.
//
// A format has a parser that turns its records into queries made of spans: model
// calls, tool calls, model calls within tools. What follows is the same for all
// of them: queries of all inputs are put in the order of time and written as
// query_start, the starts and ends of spans with turns and parents, query_end,
// a segment for each host, agent and model.
//
//	in := stream.NewInput("spans.jsonl", f)
//	src := foreign.NewReader(problems, foreign.Options{}, in)
//	for {
//		rec, err := src.Next() // a header, events, an end
//		…
//	}
//
// Every start has an end. A time that the log does not say but that had to be
// inferred (a transcript has the moment of a record, not its beginning) is
// marked time_derived in its event, and the query's metadata lists the types of
// such events under the same name, so that traces carry it.
//
// What is held in memory: all inputs at once are merged by time, each holds the
// query it is in. OpenTelemetry spans come in no order: they are held until
// Options.Window bytes of them are there, then the trace that began first is
// given out whole.
package foreign

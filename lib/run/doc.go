// Package run is the run directory: the whole pipeline as processes joined by
// pipes, and what it leaves behind.
//
//	runs/run_<agent>_<model>_<dataset>[_<name>]/
//	    power.jsonl  events.jsonl  traces.jsonl  summary.json
//	    data-00000-of-00001.arrow  dataset_info.json  state.json
//	    analysis/accuracy.json     artifacts/<query_id>/…
//
// Every stage is a program of its own, in a process group of its own:
//
//	ipw-sample ──▶ power.jsonl ──────────────────┐
//	ipw-agent  ──▶ events.jsonl ──▶ ipw-attribute ──▶ ipw-judge ──▶ traces.jsonl
//
// This package carries the bytes between them, because it alone knows what a
// run is: streams are append-only and written before they are passed on, so
// whatever dies, the directory holds what was measured until then and the next
// run goes on from there. A resumed run attributes its streams as a whole, old
// segments first, so that sums over earlier attempts are right; verdicts that
// were already given are kept, not asked for again.
//
//	res, err := run.Run(ctx, run.Options{Config: c, Bin: "bin"})
package run

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ipw/lib/score"
	"ipw/lib/trace"
)

// Result is a run that ended, well or not. Its directory is written.
type Result struct {
	Dir     string
	Summary *Summary
	Traces  []*trace.QueryTrace // the valid ones, in query order

	Rejected bool // some lines of the data set are no tasks
}

// Run makes a run, or goes on with an unfinished one. When ctx ends, the agent
// is asked to end; what was measured by then is kept, and the result has status
// interrupted. The result is nil if nothing was begun.
func Run(ctx context.Context, o Options) (*Result, error) {
	p, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(p.dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if p.earlier, err = p.examine(); err != nil { // again: another run may have been here
		return nil, err
	}
	r := &runner{plan: p, started: time.Now()}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	failure := r.measure(ctx)
	res, err := r.finish(ctx, failure)
	return res, errors.Join(failure, err)
}

// runner is a run under way.
type runner struct {
	*plan
	cmds     commands
	samplers []*sampler
	crew     crew
	events   *eventLog
	traces   *traceLog
	agent    *stage // nil until it starts
	phase    string // for the progress
	started  time.Time
	begun    time.Time // the agent's start
	session  *Session
	summary  *Summary
	todo     int // queries of this session
}

// begin lays out the directory and writes the summary that says: running.
func (r *runner) begin(ctx context.Context) error {
	if r.Overwrite {
		if err := r.dir.Clear(); err != nil {
			return err
		}
	}
	for _, d := range []string{r.dir.file("analysis"), r.dir.Artifacts()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if r.stdin != nil {
		if err := replaceFile(r.dir.Tasks(), r.stdin); err != nil {
			return err
		}
	}
	missing, err := r.missing()
	if err != nil {
		return err
	}
	r.todo = missing
	if r.earlier != nil {
		r.Say(fmt.Sprintf("going on in %s: %d of %d queries are finished", r.dir, len(r.ids)-missing, len(r.ids)))
	}
	var powers []string
	for i := range max(1, len(r.Samplers)) {
		powers = append(powers, r.dir.Power(i))
	}
	for _, file := range r.dir.PowerFiles() { // of an earlier session with more samplers
		if !slices.Contains(powers, file) {
			powers = append(powers, file)
		}
	}
	r.run = filepath.Base(string(r.dir)) + "@" + r.started.UTC().Format("2006-01-02T15:04:05.000Z")
	r.cmds = r.build(r.programs, r.dir, r.cfg.Scorer, powers, r.resumes())
	r.summary = &Summary{Schema: SummarySchema, Status: Running, Config: r.cfg, asked: len(r.ids)}
	if r.earlier != nil {
		r.summary.Provenance.Sessions = r.earlier.Provenance.Sessions
	}
	r.session = &Session{Started: stamp(r.started), Status: Running, Commands: r.cmds.shown()}
	r.summary.Provenance.Sessions = append(r.summary.Provenance.Sessions, r.session)
	r.summary.Provenance.Command = shown(r.Args)
	r.summary.Provenance.Neighbours = neighbours(ctx)
	return r.summary.write(r.dir.Summary())
}

// resumes tells whether there are events to go on from.
func (r *runner) resumes() bool {
	fi, err := os.Stat(r.dir.Events())
	return r.earlier != nil && err == nil && fi.Size() > 0
}

// finish makes the directory whole, whatever the measurement came to.
func (r *runner) finish(ctx context.Context, failure error) (*Result, error) {
	res := &Result{Dir: string(r.dir), Summary: r.summary}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	traces, err := rewriteTraces(r.dir.Traces(), r.ids)
	note(err)
	res.Traces = traces
	if len(traces) > 0 {
		note(r.writeAccuracy(traces))
		note(runStage(r.cmds.export, nil, r.Words))
	}
	r.session.Ended = stamp(time.Now())
	switch {
	case failure != nil || errors.Join(errs...) != nil:
		r.summary.Status = Failed
	case ctx.Err() != nil:
		r.summary.Status = Interrupted
	default:
		r.summary.Status = Finished
	}
	r.session.Status = r.summary.Status
	note(r.describe(traces))
	// The agent exits 1 for queries in error too; those are counted by themselves.
	res.Rejected = failure == nil && r.agent != nil && r.agent.code() == 1 && r.events.failed() == 0
	note(r.summary.write(r.dir.Summary()))
	cleanTemporary(r.dir)
	return res, errors.Join(errs...)
}

// writeAccuracy writes the report of ipw-judge, over the valid traces of every
// session.
func (r *runner) writeAccuracy(traces []*trace.QueryTrace) error {
	report := score.NewReport(r.cfg.Scorer)
	for _, q := range traces {
		report.Add(q)
	}
	b, err := report.JSON()
	if err != nil {
		return err
	}
	return replaceFile(r.dir.Accuracy(), b)
}

// cleanTemporary removes what a killed write-and-rename left.
func cleanTemporary(d Dir) {
	for _, pattern := range []string{".summary.json-*", ".traces.jsonl-*", ".tasks.jsonl-*"} {
		found, _ := filepath.Glob(d.file(pattern))
		for _, path := range found {
			os.Remove(path)
		}
	}
}

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// measure runs the pipeline: samplers, filters, baseline, agent; then the last
// reading, and the end of everything in the order of the pipe. Its error is of
// a stage that failed; a signal is none.
func (r *runner) measure(ctx context.Context) error {
	r.crew.broken = make(chan struct{})
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-r.Kill:
			r.crew.kill()
		case <-over:
		}
	}()
	r.startSamplers(ctx)
	if r.stopped(ctx) {
		r.endSamplers()
		return r.crew.failed()
	}
	// Only now: before, an old power stream would look as if it had ended.
	filters, err := r.openFilters()
	if err != nil {
		r.crew.kill()
		return err
	}
	r.idle(ctx)
	if !r.stopped(ctx) {
		r.queries(ctx)
	}
	r.crew.fail(r.events.finish())
	r.endSamplers()
	if r.events.empty() { // nothing to attribute: the filters would only complain of it
		filters.kill()
	}
	filters.drain()
	return r.crew.failed()
}

// stopped tells that no query is to begin.
func (r *runner) stopped(ctx context.Context) bool { return ctx.Err() != nil || r.crew.failed() != nil }

// firstSample is how long a sampler may take to begin; ssh may ask a key agent.
const firstSample = 30 * time.Second

// startSamplers starts the samplers and sees a sample of each.
func (r *runner) startSamplers(ctx context.Context) {
	r.tell("waiting for the first sample")
	for i, argv := range r.cmds.samplers {
		s, err := r.startSampler(argv, r.dir.Power(i))
		if err != nil {
			r.crew.fail(err)
			return
		}
		r.samplers = append(r.samplers, s)
	}
	for _, s := range r.samplers {
		select {
		case <-s.first:
		case <-s.ended: // what it was is told by the watch
			<-r.crew.broken
			return
		case <-r.crew.broken:
			return
		case <-ctx.Done():
			return
		case <-time.After(firstSample):
			r.crew.fail(fmt.Errorf("%s gave no sample in %s", s.stage.name, firstSample))
			return
		}
	}
}

// idle sits still for the baseline.
func (r *runner) idle(ctx context.Context) {
	if r.Baseline > 0 {
		r.tell(fmt.Sprintf("idle baseline, %g s", r.Baseline.Seconds()))
	}
	select {
	case <-time.After(r.Baseline):
	case <-r.crew.broken:
	case <-ctx.Done():
	}
}

// startSampler starts a sampler and watches for its early end.
func (r *runner) startSampler(argv []string, path string) (*sampler, error) {
	s, err := newSampler(path)
	if err != nil {
		return nil, err
	}
	if s.stage, err = r.crew.start(argv, nil, r.Words); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	s.stage.isSampler = true
	if len(r.Samplers) > 0 {
		s.stage.name = fmt.Sprintf("sampler %q", argv[len(argv)-1])
	}
	go s.run()
	go func() {
		<-s.ended
		select {
		case <-s.stage.done:
		case <-time.After(patience): // it closed its output and goes on
			s.stage.kill()
		}
		if s.wasAsked() {
			return
		}
		err := s.stage.failure("it ended before the run did")
		if s.err != nil {
			err = fmt.Errorf("%s: %w", s.stage.name, s.err)
		}
		r.crew.fail(err)
	}()
	return s, nil
}

// queries runs the agent to its end. The first signal, or a stage that failed,
// sends it one SIGINT.
func (r *runner) queries(ctx context.Context) {
	agent, err := r.crew.start(r.cmds.agent, r.tasksFile(), r.Words)
	if err != nil {
		r.crew.fail(err)
		return
	}
	r.agent, r.begun = agent, time.Now()
	taken := make(chan struct{})
	go func() {
		r.crew.fail(r.events.take(agent.stdout))
		agent.stdout.Close()
		close(taken)
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	stop, broken := ctx.Done(), r.crew.broken
	var late <-chan time.Time
	for running := true; running; {
		select {
		case <-taken:
			running = false
		case <-stop:
			r.tell("ending well; a second signal kills")
			agent.interrupt()
			stop, broken = nil, nil
		case <-broken:
			agent.interrupt()
			stop, broken = nil, nil
			late = time.After(patience)
		case <-late:
			agent.kill()
		case <-tick.C:
			r.tell("")
		}
	}
	select {
	case <-agent.done:
	case <-time.After(patience):
		agent.kill()
		<-agent.done
	}
	r.crew.fail(r.agentFailure())
}

// agentFailure tells an agent that died, or gave up, from one whose queries
// failed or that was asked to end.
func (r *runner) agentFailure() error {
	switch r.events.endStatus() {
	case "ok", "interrupted":
		return nil
	case "":
		return r.agent.failure("it ended without the end of its stream")
	default:
		return r.agent.failure("it gave up")
	}
}

// endSamplers waits for a reading after the last event, and ends the samplers.
func (r *runner) endSamplers() {
	var last time.Time
	if r.events != nil {
		last = r.events.lastEvent()
		r.tell("waiting for the last sample")
	}
	for _, s := range r.samplers {
		if !last.IsZero() && r.crew.failed() == nil && !s.past(last) {
			r.Say(fmt.Sprintf("warning: %s gave no sample after the last event", s.stage.name))
		}
	}
	for _, s := range r.samplers {
		r.crew.fail(s.stop())
	}
}

// tasksFile is the agent's stdin: the tasks, if they came that way.
func (r *runner) tasksFile() *os.File {
	if r.stdin == nil {
		return nil
	}
	f, err := os.Open(r.dir.Tasks())
	if err != nil {
		r.crew.fail(err)
		return nil
	}
	return f
}

// tell passes on how far the run is.
func (r *runner) tell(phase string) {
	if r.Progress == nil {
		return
	}
	if phase != "" {
		r.phase = phase
	}
	st := State{Phase: r.phase, Total: r.todo, Since: r.begun}
	if r.agent != nil && phase == "" {
		st.Phase = ""
		st.Done, st.Open = r.events.progress()
	}
	for _, s := range r.samplers {
		st.Joules += s.soFar()
		st.Estimated = st.Estimated || s.estimated()
	}
	r.Progress(st)
}

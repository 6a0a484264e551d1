package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ipw/lib/agent"
	"ipw/lib/dataset"
	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// plan is a run that was looked at and may begin.
type plan struct {
	Options
	cfg      Config
	dir      Dir
	ids      map[string]int // queries asked for → their place in the data set
	stdin    []byte         // the tasks, if they came by a pipe
	programs programs
	model    llm.Endpoint
	judge    llm.Endpoint // with scorer judge
	earlier  *Summary     // of the run that goes on, nil for a new one
}

// defaults fills in what has one here and not in a stage.
func (o *Options) defaults() {
	if o.OutputDir == "" {
		o.OutputDir = "runs"
	}
	if o.MaxTurns == 0 {
		o.MaxTurns = 20
	}
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	if o.Repeat == 0 {
		o.Repeat = 1
	}
	if o.Interval == 0 {
		o.Interval = 50 * time.Millisecond
	}
	if o.Share == "" {
		o.Share = "active"
	}
	if o.Scorer == "" {
		o.Scorer = "auto"
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.Words == nil {
		o.Words = func(string) {}
	}
}

// prepare looks at everything that can be known before the first query, in the
// order of what it costs.
func prepare(ctx context.Context, o Options) (*plan, error) {
	o.defaults()
	p := &plan{Options: o}
	var err error
	if p.programs, err = findPrograms(o.Bin, len(o.Samplers) == 0); err != nil {
		return nil, err
	}
	if err := agent.CheckName(o.Agent); err != nil {
		return nil, err
	}
	if err := p.readTasks(ctx); err != nil {
		return nil, err
	}
	if err := p.resolve(); err != nil {
		return nil, err
	}
	p.dir = Dir(filepath.Join(o.OutputDir, Name(o.Agent, o.Model, p.cfg.Dataset, o.Name)))
	if _, err := p.examine(); err != nil {
		return nil, err
	}
	if err := p.disk(); err != nil {
		return nil, err
	}
	if p.model.Provider != "builtin" {
		if err := p.reach(ctx, "the model", p.model, o.Model); err != nil {
			return nil, err
		}
	}
	if p.cfg.Scorer == "judge" {
		if err := p.reach(ctx, judgeName, p.judge, o.EvalModel); err != nil {
			return nil, err
		}
	}
	return p, p.askAgent()
}

// askAgent has the agent check what it needs, such as tools, sandbox and prices,
// without beginning.
func (p *plan) askAgent() error {
	argv := append(p.build(p.programs, p.dir, p.cfg.Scorer, []string{p.dir.Power(0)}, false).agent, "--check")
	var stage *StageError
	err := runStage(argv, p.stdin, nil)
	if errors.As(err, &stage) {
		return &RefusedError{stage}
	}
	return err
}

// RefusedError is a run that its agent would not begin.
type RefusedError struct{ *StageError }

func (e *RefusedError) Unwrap() error { return e.StageError }

func (e *RefusedError) Error() string {
	if len(e.Words) == 0 {
		return e.StageError.Error()
	}
	return strings.Join(e.Words, "\n")
}

// readPipe reads tasks that can be read only once, stdin or a named pipe, to
// their end: a run that resumes must be able to tell whether they changed.
func (p *plan) readPipe() error {
	r := p.Stdin
	if fi, err := os.Stat(p.Dataset); err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
		f, err := os.Open(p.Dataset)
		if err != nil {
			return err
		}
		defer f.Close()
		p.Dataset, r = "-", f
	}
	if p.Dataset != "-" {
		return nil
	}
	if r == nil {
		return errors.New("no tasks on stdin")
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("stdin: %w", err)
	}
	p.stdin = append([]byte{}, b...)
	return nil
}

func (p *plan) readTasks(ctx context.Context) error {
	if err := p.readPipe(); err != nil {
		return err
	}
	set, err := dataset.Open(p.Dataset, bytes.NewReader(p.stdin))
	if err != nil {
		return err
	}
	p.ids = make(map[string]int)
	var wrong []string
	quiet := &stream.Problems{Print: func(s string) { wrong = append(wrong, s) }} // the agent reads it again, and reports
	pick, err := p.pick()
	if err != nil {
		return err
	}
	for t, err := range pick.Of(set.Tasks(ctx, quiet)) {
		if err != nil {
			return err
		}
		p.ids[t.ID] = len(p.ids)
	}
	if len(p.ids) == 0 {
		err := fmt.Errorf("data set %q holds no task", p.Dataset)
		if len(wrong) > 0 {
			err = fmt.Errorf("%w: %s", err, wrong[0])
		}
		return err
	}
	p.cfg.Dataset = set.Name
	if p.Dataset == "-" {
		sum := sha256.Sum256(p.stdin)
		p.cfg.DatasetSHA256 = hex.EncodeToString(sum[:])
	} else if p.cfg.DatasetSHA256, err = set.Hash(ctx); err != nil {
		return err
	}
	p.cfg.Tools = set.Tools
	if p.Tools != "" {
		p.cfg.Tools = strings.Split(p.Tools, ",")
	}
	p.cfg.Corpus = p.Corpus
	if p.cfg.Tools, err = tool.Names(p.cfg.Tools); err != nil {
		return err
	}
	p.cfg.Scorer = p.scorer(set)
	return nil
}

// pick is which tasks of the data set run.
func (o *Options) pick() (dataset.Pick, error) {
	p := dataset.Pick{Shuffle: o.Shuffle, Max: o.MaxQueries, Repeat: o.Repeat}
	if o.Shard == "" {
		return p, nil
	}
	var err error
	p.Shard, p.Shards, err = dataset.ParseShard(o.Shard)
	return p, err
}

// scorer chooses, before the first answer, how answers are judged.
func (p *plan) scorer(set *dataset.Set) string {
	if p.Scorer != "auto" {
		return p.Scorer
	}
	return AutoScorer(set, p.EvalClient, p.EvalBaseURL, p.Getenv)
}

// AutoScorer is what --scorer auto means for a data set: its own; for files and
// stdin judge, if there is a key or an endpoint for one, else exact.
func AutoScorer(set *dataset.Set, evalClient, evalBaseURL string, getenv func(string) string) string {
	if set.Scorer != "" {
		return set.Scorer
	}
	if evalBaseURL != "" {
		return "judge"
	}
	if e, err := llm.ResolveJudge(evalClient, "", getenv); err == nil && e.Key != "" {
		return "judge"
	}
	return "exact"
}

// resolve fills the configuration.
func (p *plan) resolve() error {
	var err error
	if p.model, err = llm.Resolve(p.Model, llm.Where{Provider: p.Provider, BaseURL: p.BaseURL}, p.Getenv); err != nil {
		return err
	}
	if _, err := p.model.Check(llm.Request{Temperature: p.Temperature}); err != nil { // ipw-agent says the rest
		return err
	}
	c := &p.cfg
	c.Shuffle, c.Shard, c.Repeat = p.Shuffle, p.Shard, p.Repeat
	c.MaxJoules, c.MaxCost, c.AgentFlags = p.MaxJoules, p.MaxCost, shown(p.AgentFlags)
	c.Agent, c.Model, c.MaxTurns, c.Concurrency, c.Temperature = p.Agent, p.Model, p.MaxTurns, p.Concurrency, p.Temperature
	c.EvalClient, c.EvalModel, c.Share, c.Name = p.EvalClient, p.EvalModel, p.Share, p.Name
	c.Provider = p.Provider
	c.Endpoint = agent.PublicURL(p.model.BaseURL)
	if p.model.Provider == "builtin" {
		c.Endpoint = "builtin"
	}
	if p.MaxQueries > 0 {
		c.MaxQueries = &p.MaxQueries
	}
	c.TopP, c.Seed, c.System = p.TopP, p.Seed, p.System
	if p.MaxTokens > 0 {
		c.MaxTokens = &p.MaxTokens
	}
	if p.QueryTimeout > 0 {
		s := p.QueryTimeout.Seconds()
		c.QueryTimeoutS = &s
	}
	c.IntervalS, c.BaselineS, c.Samplers = p.Interval.Seconds(), p.Baseline.Seconds(), p.Samplers
	p.judge, err = llm.ResolveJudge(p.EvalClient, p.EvalBaseURL, p.Getenv)
	var wrong *llm.UsageError // is wrong though nobody is asked; a missing key is not
	if err != nil && (c.Scorer == "judge" || errors.As(err, &wrong)) {
		return err
	}
	if c.Scorer == "judge" {
		c.EvalEndpoint = agent.PublicURL(p.judge.BaseURL)
	}
	return nil
}

// leastFree is what a run needs on disk to begin with: an hour of samples of a
// large machine, and room for the answers.
const leastFree = 64 << 20

func (p *plan) disk() error {
	free, err := FreeBytes(p.OutputDir)
	if err == nil && free < leastFree {
		return hinted{fmt.Errorf("%s: %d MB free, too little for a run", p.OutputDir, free>>20), "--output-dir DIR on another disk"}
	}
	return nil
}

// FreeBytes is the space left where path is, or would be made.
func FreeBytes(path string) (int64, error) {
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); err == nil || path == "." || path == "/" {
			return freeBytes(path)
		}
	}
}

// hinted is an error with what the user may type next.
type hinted struct {
	error
	hint string
}

func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

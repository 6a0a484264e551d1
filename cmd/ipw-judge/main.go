// Command ipw-judge reads traces, says of each whether its answer is right, and
// writes them on: by exact comparison, or by asking a model.
package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"ipw/lib/cli"
	"ipw/lib/dataset"
	"ipw/lib/llm"
	"ipw/lib/score"
	"ipw/lib/trace"
)

func main() { cli.Main("ipw-judge", run) }

type flags struct {
	Traces      []string `arg:"" optional:"" help:"Traces; - or none is stdin."`
	Scorer      string   `help:"How answers are scored: ${enum}. auto is the data set's own; for files and stdin judge, if a key or --eval-base-url is there, else exact." enum:"auto,exact,judge" default:"auto"`
	EvalClient  string   `help:"The judge's provider: openai, anthropic, gemini, openrouter, ollama, vllm, …" default:"openai"`
	EvalModel   string   `help:"The judge's model." default:"gpt-5-nano-2025-08-07"`
	EvalBaseURL string   `name:"eval-base-url" help:"An endpoint for the judge instead of the provider's own." placeholder:"URL"`
	Concurrency int      `help:"Traces in work at once." default:"4"`
	Keep        bool     `help:"Keep verdicts that are there already, score the rest."`
	Report      string   `help:"Write counts, accuracy and efficiency here, as JSON." placeholder:"FILE"`
	Output      string   `short:"o" help:"Write traces here; .gz and .zst compress." placeholder:"FILE"`
	Partial     bool     `help:"Accept incomplete input."`
	Strict      bool     `help:"Stop at the first rejected trace."`
}

const about = `Read traces, say of each whether its answer is right, write them on, in order and
as they are scored. What cannot be scored is unscored, with the reason, never wrong.
The judge's key is IPW_EVAL_API_KEY, else OPENAI_API_KEY.`

const example = `ipw-judge --scorer exact --report analysis/accuracy.json traces.jsonl -o scored.jsonl`

func run(c *cli.Context) error {
	var f flags
	if err := c.Parse(&f, about, example); err != nil {
		return err
	}
	if f.Concurrency < 1 {
		return cli.Usagef("--concurrency %d: at least 1", f.Concurrency)
	}
	choice, err := f.choice(os.Getenv)
	if err != nil {
		return err
	}
	c.Drain()
	problems := c.Problems(f.Strict, f.Partial)
	inputs, err := openAll(c, f.Traces)
	if err != nil {
		return err
	}
	out, err := openOutput(c, f.Output, f.Traces)
	if err != nil {
		return err
	}
	defer out.discard()
	report, shown := score.NewReport(f.Scorer), newProgress(c, f.Output != "")
	defer shown.clear()
	filter := score.Filter{
		Scorer: choice.For, Keep: f.Keep, Concurrency: f.Concurrency,
		Write: func(line []byte) error { _, err := out.Write(line); return err },
		Done:  func(q *trace.QueryTrace) { report.Add(q); shown.add(q) },
	}
	err = filter.Run(c, trace.NewReader(problems, inputs...))
	shown.clear()
	if err == nil {
		err = out.finish(problems.Err())
	}
	if err != nil {
		return err
	}
	if err := f.report(c, report); err != nil {
		return err
	}
	return problems.Err()
}

// choice decides how traces are scored. A judge that was asked for is made at
// once, another when the first trace needs it.
func (f *flags) choice(getenv func(string) string) (*score.Choice, error) {
	endpoint, err := llm.ResolveJudge(f.EvalClient, f.EvalBaseURL, getenv)
	var usage *llm.UsageError
	if errors.As(err, &usage) {
		return nil, err
	}
	choice := &score.Choice{Flag: f.Scorer, Own: ownScorer, WithJudge: f.EvalBaseURL != "" || err == nil && endpoint.Key != ""}
	choice.NewJudge = func() (score.Scorer, error) {
		if err != nil {
			return nil, err
		}
		client, err := llm.New(endpoint, llm.Config{Retry: llm.Retry{MaxTries: 5}})
		return &score.Judge{Client: client, Model: f.EvalModel}, err
	}
	if f.Scorer == "judge" {
		_, err := choice.Judge()
		return choice, err
	}
	return choice, nil
}

// ownScorer is the scorer of a data set with a name, "" for files and stdin.
func ownScorer(name string) string {
	if !slices.Contains(dataset.Known(), name) {
		return ""
	}
	set, err := dataset.Open(name, nil)
	if err != nil {
		return ""
	}
	return set.Scorer
}

// report writes the report, if one was asked for, and says what the judge did
// not answer.
func (f *flags) report(c *cli.Context, r *score.Report) error {
	if s := r.Spent(); s != nil && s.Failed > 0 {
		c.Say("warning: %d of %d calls of the judge gave no verdict, those traces are unscored; the first: %s", s.Failed, s.Calls, s.FirstError)
	}
	if f.Report == "" {
		return nil
	}
	b, err := r.JSON()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.Report), 0o755); err != nil {
		return err
	}
	return cli.WriteFile(f.Report, b)
}

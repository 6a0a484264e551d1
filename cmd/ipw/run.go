package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"ipw/lib/cli"
	"ipw/lib/dataset"
	"ipw/lib/run"
)

const runAbout = `Run an agent over a data set and measure what every turn cost.

The stages run as programs of their own, joined by pipes; everything is kept in one directory below --output-dir. Run again on an unfinished directory with the same flags, it goes on where it stopped. Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY, IPW_EVAL_API_KEY).`

const runExample = `ipw run --agent react --model builtin --dataset demo
ipw run --agent react --model qwen3-8b --base-url http://127.0.0.1:8000 --dataset tasks.jsonl --concurrency 8`

func runRun(c *cli.Context) error {
	var f runFlags
	args := append([]string{"ipw", "run"}, c.Args...)
	if err := c.Parse(&f, runAbout, runExample); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	o := f.options()
	o.Version, o.Args, o.Bin, o.Stdin, o.Getenv = cli.Version, args, run.Beside(), c.Stdin, os.Getenv
	if f.DryRun {
		return printShell(c, o)
	}
	kill := make(chan struct{})
	c.Signals(func(os.Signal) { cli.AtNextSignal(func() { close(kill) }) })
	screen := newScreen(c)
	o.Say = func(line string) { screen.say(c.Name + ": " + line) }
	o.Words, o.Progress, o.Kill = screen.say, screen.progress, kill
	res, err := run.Run(c, o)
	screen.clear()
	if res != nil {
		var b strings.Builder
		if reportErr := res.Report(&b); err == nil {
			err = reportErr
		}
		if _, writeErr := c.Stdout.Write([]byte(cli.Clean(b.String()))); err == nil {
			err = writeErr
		}
	}
	return verdict(c, res, err)
}

// verdict is the command's error after the directory is written.
func verdict(c *cli.Context, res *run.Result, err error) error {
	var stage *run.StageError
	var refused *run.RefusedError
	switch {
	case errors.As(err, &refused):
		return err
	case errors.As(err, &stage) && !stage.Usage():
		return cli.Hint(err, "what is finished is kept; the same command goes on from here")
	case err != nil:
		return err
	case c.Err() != nil:
		return cli.Hint(errors.New("interrupted: what is finished is kept"), "the same command goes on from here")
	case res.Summary.Errored() > 0:
		return cli.Hint(fmt.Errorf("%d of %d queries ended in error", res.Summary.Errored(), res.Summary.Totals.Queries), "the same command runs them again")
	case res.Rejected:
		return errors.New("some lines of the data set are no tasks, the rest is done")
	}
	return nil
}

// printShell is -n.
func printShell(c *cli.Context, o run.Options) error {
	set, err := dataset.Open(o.Dataset, strings.NewReader(""))
	if err != nil {
		return err
	}
	scorer := o.Scorer
	if scorer == "auto" {
		scorer = run.AutoScorer(set, o.EvalClient, o.EvalBaseURL, os.Getenv)
	}
	text, err := run.Shell(o, scorer, set.Name)
	if err != nil {
		return err
	}
	_, err = c.Stdout.Write([]byte(text))
	return err
}

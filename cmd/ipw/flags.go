package main

import (
	"math"
	"time"

	"ipw/lib/cli"
	"ipw/lib/run"
)

// runFlags are the flags of ipw run: its own, and those of the stages that a
// run passes on.
type runFlags struct {
	Agent      string `required:"" placeholder:"NAME" help:"The agent; ipw list shows them."`
	Model      string `required:"" placeholder:"NAME" help:"The model, by the name its endpoint knows; builtin is a scripted one."`
	Dataset    string `required:"" placeholder:"NAME|FILE|-" help:"The tasks: a data set's name, a JSONL file, or - for stdin."`
	MaxQueries *int   `placeholder:"N" help:"Run the first N tasks only."`
	OutputDir  string `default:"./runs/" placeholder:"DIR" help:"Where run directories are made (${default})."`
	MaxTurns   int    `default:"20" placeholder:"N" help:"Turns of a query at most; in the last one the model gets no tools (${default})."`
	EvalClient string `default:"openai" placeholder:"NAME" help:"The provider that judges (${default})."`
	EvalModel  string `default:"gpt-5-nano-2025-08-07" placeholder:"NAME" help:"The model that judges (${default})."`

	Shuffle *int64 `placeholder:"SEED" help:"Put the tasks in another order, always the same for a seed."`
	Shard   string `placeholder:"I/N" help:"Run the I-th of N parts of the tasks."`
	Repeat  int    `default:"1" placeholder:"K" help:"Run every task K times; the queries are ID, ID#2, …"`

	Name      string `placeholder:"TAG" help:"A further part of the directory's name."`
	Overwrite bool   `help:"Replace the run in the directory."`
	DryRun    bool   `short:"n" name:"dry-run" help:"Print the pipeline as shell lines and run nothing."`

	Provider     string        `placeholder:"NAME" help:"Who serves the model: openai, anthropic, gemini, openrouter, or a server: llamacpp, ollama, sglang, vllm." group:"Agent"`
	BaseURL      string        `name:"base-url" placeholder:"URL" help:"The model's endpoint, if it is not the provider's own." group:"Agent"`
	Concurrency  int           `default:"1" placeholder:"N" help:"Queries at a time (${default})." group:"Agent"`
	QueryTimeout time.Duration `placeholder:"TIME" help:"End a query after this long and keep what it has." group:"Agent"`
	Tools        string        `placeholder:"A,B" help:"Tools, or none. Default: the data set's own." group:"Agent"`
	Corpus       string        `placeholder:"PATH" help:"What the search tool looks in." group:"Agent"`
	Temperature  *float64      `placeholder:"X" help:"Sampling temperature." group:"Agent"`
	TopP         *float64      `placeholder:"X" help:"Nucleus sampling." group:"Agent"`
	MaxTokens    int           `placeholder:"N" help:"Tokens of an answer at most." group:"Agent"`
	Seed         *int          `placeholder:"N" help:"Seed of the sampling." group:"Agent"`
	System       *string       `placeholder:"TEXT" help:"The system prompt; empty for none." group:"Agent"`

	MaxJoules float64    `placeholder:"J" help:"End a query that has used so much energy." group:"Agent"`
	MaxCost   float64    `placeholder:"USD" help:"End a query that has cost so many dollars." group:"Agent"`
	Pass      agentFlags `embed:"" group:"Agent"`

	Sampler  []string      `sep:"none" placeholder:"CMD" help:"A shell command that prints a power stream, instead of the local sampler; repeatable." group:"Power"`
	Baseline time.Duration `default:"6s" placeholder:"TIME" help:"Idle time before the first query; 0s for none (${default})." group:"Power"`
	Interval time.Duration `default:"50ms" placeholder:"TIME" help:"Time between samples (${default})." group:"Power"`
	Source   []string      `placeholder:"NAME" help:"Sensors of these sources only: auto, nvml, rapl, …; repeatable." group:"Power"`
	Sysfs    string        `placeholder:"DIR" help:"Another /sys." group:"Power"`
	Only     string        `placeholder:"DOMAINS" help:"Only these domains: gpu:5,cpu." group:"Power"`

	Share         string   `default:"active" enum:"active,equal,tokens,whole" help:"Who pays for what several share: active, equal, tokens, whole." group:"Attribution"`
	Serves        []string `sep:"none" placeholder:"URL=WHERE" help:"Where an endpoint runs: gpu:0,gpu:1, HOST, remote; repeatable." group:"Attribution"`
	Idle          string   `placeholder:"auto|WATTS" help:"Also tell joules above idle." group:"Attribution"`
	MinCoverage   string   `placeholder:"X" help:"Measured part of a window below which its joules are null." group:"Attribution"`
	ClockOffset   []string `sep:"none" placeholder:"HOST=S±S" help:"A host's clock error; repeatable." group:"Attribution"`
	Prices        string   `placeholder:"FILE" help:"A price table." group:"Attribution"`
	KWhPrice      string   `name:"kwh-price" placeholder:"USD" help:"Also tell what the energy costs at this price of a kilowatt-hour." group:"Attribution"`
	PromptWeight  string   `placeholder:"X" help:"Of --share tokens." group:"Attribution"`
	FollowTimeout string   `placeholder:"TIME" help:"Wait this long for a reading past a window's end." group:"Attribution"`

	Scorer      string `default:"auto" enum:"auto,exact,judge" help:"auto, exact or judge." group:"Scoring"`
	EvalBaseURL string `name:"eval-base-url" placeholder:"URL" help:"The judge's endpoint, if it is not the eval client's own." group:"Scoring"`
}

// check finds wrong usage that the flags alone show.
func (f *runFlags) check() error {
	switch {
	case f.Agent == "" || f.Model == "" || f.Dataset == "":
		return cli.Usagef("--agent, --model and --dataset must not be empty")
	case f.MaxQueries != nil && *f.MaxQueries < 1:
		return cli.Usagef("--max-queries %d: at least 1", *f.MaxQueries)
	case f.Repeat < 1:
		return cli.Usagef("--repeat %d: at least 1", f.Repeat)
	case !(f.MaxJoules >= 0 && f.MaxCost >= 0):
		return cli.Usagef("a budget below 0")
	case f.MaxTurns < 1:
		return cli.Usagef("--max-turns %d: at least 1", f.MaxTurns)
	case f.Concurrency < 1 || f.Concurrency > 1000:
		return cli.Usagef("--concurrency %d: from 1 to 1000", f.Concurrency)
	case f.QueryTimeout < 0 || f.Baseline < 0:
		return cli.Usagef("a time below 0")
	case f.Interval <= 0:
		return cli.Usagef("--interval %s: above 0", f.Interval)
	case f.MaxTokens < 0:
		return cli.Usagef("--max-tokens %d: not below 0", f.MaxTokens)
	case f.Temperature != nil && !(*f.Temperature >= 0 && *f.Temperature <= math.MaxFloat32):
		return cli.Usagef("--temperature %g: 0 or more", *f.Temperature)
	case f.TopP != nil && !(*f.TopP > 0 && *f.TopP <= 1):
		return cli.Usagef("--top-p %g: above 0, at most 1", *f.TopP)
	}
	return nil
}

func (f *runFlags) options() run.Options {
	o := run.Options{
		Agent: f.Agent, Model: f.Model, Dataset: f.Dataset, OutputDir: f.OutputDir, Name: f.Name, MaxTurns: f.MaxTurns, Overwrite: f.Overwrite,
		Provider: f.Provider, BaseURL: f.BaseURL, Concurrency: f.Concurrency, QueryTimeout: f.QueryTimeout, Tools: f.Tools, Corpus: f.Corpus,
		Temperature: f.Temperature, TopP: f.TopP, MaxTokens: f.MaxTokens, Seed: f.Seed, System: f.System,
		Samplers: f.Sampler, Interval: f.Interval, Baseline: f.Baseline, Sources: f.Source, Sysfs: f.Sysfs, Only: f.Only,
		Share: f.Share, Serves: f.Serves, Idle: f.Idle, Prices: f.Prices, KWhPrice: f.KWhPrice, MinCoverage: f.MinCoverage, ClockOffsets: f.ClockOffset,
		PromptWeight: f.PromptWeight, FollowTimeout: f.FollowTimeout,
		Scorer: f.Scorer, EvalClient: f.EvalClient, EvalModel: f.EvalModel, EvalBaseURL: f.EvalBaseURL,
	}
	o.Shuffle, o.Shard, o.Repeat = f.Shuffle, f.Shard, f.Repeat
	o.MaxJoules, o.MaxCost, o.AgentFlags = f.MaxJoules, f.MaxCost, words(f.Pass)
	if f.MaxQueries != nil {
		o.MaxQueries = *f.MaxQueries
	}
	return o
}

package main

import (
	"errors"
	"math"
	"strings"
	"time"

	"ipw/lib/cli"
	"ipw/lib/dataset"
)

type flags struct {
	Agent   string `help:"The agent; --list shows them." placeholder:"NAME"`
	Model   string `help:"The model, by the name its endpoint knows; builtin is a scripted one." placeholder:"NAME"`
	Dataset string `help:"The tasks: a data set's name, a JSONL file, or - for stdin." placeholder:"NAME|FILE|-"`
	Output  string `short:"o" help:"Write to FILE; a further run is appended." placeholder:"FILE"`
	Resume  string `help:"Go on with the run in this event stream: only what is missing or ended in error." placeholder:"EVENTS"`
	List    bool   `help:"List agents, tools and data sets."`
	Check   bool   `help:"Look at everything that can be known before the first query, and stop there."`

	MaxQueries *int   `help:"Run the first N tasks only." placeholder:"N" group:"Tasks"`
	Shuffle    *int64 `help:"Put the tasks in another order, always the same for a seed." placeholder:"SEED" group:"Tasks"`
	Shard      string `help:"Run the I-th of N parts of the tasks." placeholder:"I/N" group:"Tasks"`
	Repeat     int    `help:"Run every task K times; the queries are ID, ID#2, …" default:"1" placeholder:"K" group:"Tasks"`
	Warmup     int    `help:"Run N more queries before the first, which are marked and not counted." placeholder:"N" group:"Tasks"`
	Strict     bool   `help:"Stop at the first line that is no task." group:"Tasks"`

	Concurrency  int           `help:"Queries at a time, at most 1000 (${default})." default:"1" placeholder:"N" group:"Limits"`
	MaxTurns     int           `help:"Turns of a query at most; in the last one the model gets no tools (${default})." default:"20" placeholder:"N" group:"Limits"`
	QueryTimeout time.Duration `help:"End a query after this long and keep what it has." placeholder:"TIME" group:"Limits"`
	TokenBudget  int64         `name:"max-tokens-total" help:"End a query that has used N tokens, input and output together." placeholder:"N" group:"Limits"`
	CostBudget   float64       `name:"max-cost" help:"End a query that has cost so many dollars." placeholder:"USD" group:"Limits"`
	Prices       string        `help:"Another price table than ipw's own, for --max-cost." placeholder:"FILE" group:"Limits"`
	JouleBudget  float64       `name:"max-joules" help:"End a query that has used so much energy, by --power." placeholder:"J" group:"Limits"`
	Power        []string      `sep:"none" help:"A power stream that is being written, for --max-joules; repeatable." placeholder:"FILE" group:"Limits"`

	Provider    string   `help:"Who serves the model: openai, anthropic, gemini, openrouter, or a server: llamacpp, ollama, sglang, vllm. Default: by --base-url, then by the model's name." placeholder:"NAME" group:"Model"`
	BaseURL     string   `name:"base-url" help:"The model's endpoint, if it is not the provider's own." placeholder:"URL" group:"Model"`
	Temperature *float64 `help:"Sampling temperature. Default: the endpoint's own." placeholder:"X" group:"Model"`
	TopP        *float64 `help:"Nucleus sampling." placeholder:"X" group:"Model"`
	MaxTokens   int      `help:"Tokens of an answer at most." placeholder:"N" group:"Model"`
	Seed        *int     `help:"Seed of the sampling." placeholder:"N" group:"Model"`
	System      *string  `help:"The system prompt; empty for none." placeholder:"TEXT" group:"Model"`

	Tools        []string `help:"Tools, or none. Default: the data set's own, else calculator." placeholder:"A,B" group:"Tools"`
	ToolProtocol string   `help:"How the model calls tools: native; text, for models that know no tool calling; auto, text once the endpoint refuses tools (${default})." default:"auto" enum:"auto,native,text" placeholder:"HOW" group:"Tools"`
	Corpus       string   `help:"What the search tool looks in: a JSONL file or a directory of texts." placeholder:"PATH" group:"Tools"`
	MaxResult    int      `help:"Cut the middle out of a tool's result that has more bytes (${default})." default:"6000" placeholder:"BYTES" group:"Tools"`

	SearchURL string `name:"search-url" env:"IPW_SEARCH_URL" help:"Where web_search asks instead of Tavily: a server that speaks its protocol (${env})." placeholder:"URL" group:"Tools"`

	MCP        []string      `name:"mcp" sep:"none" help:"An MCP server whose tools are added, NAME=COMMAND, NAME=URL or URL; repeatable." placeholder:"SERVER" group:"Tools"`
	MCPConfig  []string      `name:"mcp-config" sep:"none" type:"path" help:"The MCP servers of a file with mcpServers, as other clients take it; repeatable." placeholder:"FILE" group:"Tools"`
	MCPTimeout time.Duration `name:"mcp-timeout" help:"Give up a call of an MCP server after this long without a sign of progress (${default})." default:"60s" placeholder:"TIME" group:"Tools"`

	Sandbox sandboxFlags `embed:"" group:"Sandbox"`

	Artifacts string `help:"Keep whole messages and answers in this folder, a folder per query." placeholder:"DIR" group:"Output"`
	Record    bool   `help:"Keep a recording of terminus' terminal among the artifacts, for asciinema." group:"Output"`
	Run       string `help:"The run's name in the stream. Default: run_AGENT_MODEL_DATASET@TIME." placeholder:"NAME@TIME" group:"Output"`
}

// check finds wrong usage that the flags alone show.
func (f *flags) check() error {
	var missing []string
	for _, m := range []struct{ flag, value string }{{"--agent", f.Agent}, {"--model", f.Model}, {"--dataset", f.Dataset}} {
		if m.value == "" {
			missing = append(missing, m.flag)
		}
	}
	if len(missing) > 0 {
		return cli.Hint(cli.Usagef("missing flags: %s", strings.Join(missing, ", ")), "ipw-agent --list shows agents and data sets")
	}
	if f.Resume == "-" {
		return cli.Usagef("--resume reads a file, not stdin")
	}
	return errors.Join(f.checkValues(), f.checkPairs())
}

func (f *flags) checkValues() error {
	switch {
	case f.MaxQueries != nil && *f.MaxQueries < 1:
		return cli.Usagef("--max-queries %d: at least 1", *f.MaxQueries)
	case f.Repeat < 1:
		return cli.Usagef("--repeat %d: at least 1", f.Repeat)
	case f.Warmup < 0:
		return cli.Usagef("--warmup %d: not below 0", f.Warmup)
	case f.MaxTurns < 1:
		return cli.Usagef("--max-turns %d: at least 1", f.MaxTurns)
	case f.Concurrency < 1 || f.Concurrency > 1000:
		return cli.Usagef("--concurrency %d: from 1 to 1000", f.Concurrency)
	case f.QueryTimeout < 0:
		return cli.Usagef("--query-timeout %s: not below 0", f.QueryTimeout)
	case f.TokenBudget < 0:
		return cli.Usagef("--max-tokens-total %d: not below 0", f.TokenBudget)
	case !(f.CostBudget >= 0):
		return cli.Usagef("--max-cost %g: not below 0", f.CostBudget)
	case !(f.JouleBudget >= 0):
		return cli.Usagef("--max-joules %g: not below 0", f.JouleBudget)
	case f.MaxTokens < 0:
		return cli.Usagef("--max-tokens %d: not below 0", f.MaxTokens)
	case f.Temperature != nil && !(*f.Temperature >= 0 && *f.Temperature <= math.MaxFloat32):
		return cli.Usagef("--temperature %g: 0 or more", *f.Temperature)
	case f.TopP != nil && !(*f.TopP > 0 && *f.TopP <= 1):
		return cli.Usagef("--top-p %g: above 0, at most 1", *f.TopP)
	case f.MCPTimeout <= 0:
		return cli.Usagef("--mcp-timeout %s: above 0", f.MCPTimeout)
	case f.MaxResult < minResult:
		return cli.Usagef("--max-result %d: at least %d", f.MaxResult, minResult)
	}
	if f.Shard != "" {
		if _, _, err := dataset.ParseShard(f.Shard); err != nil {
			return cli.Usagef("--shard: %w", err)
		}
	}
	return nil
}

// minResult leaves room for a head, a tail and the words between.
const minResult = 100

// checkPairs finds flags that contradict each other, or mean nothing alone.
func (f *flags) checkPairs() error {
	switch {
	case f.JouleBudget > 0 && len(f.Power) == 0:
		return cli.Hint(cli.Usagef("--max-joules needs a power stream to read"), "ipw-sample -o power.jsonl & ipw-agent --max-joules %g --power power.jsonl …", f.JouleBudget)
	case f.JouleBudget == 0 && len(f.Power) > 0:
		return cli.Usagef("--power is read for --max-joules only; ipw-attribute joins the streams")
	case f.CostBudget == 0 && f.Prices != "":
		return cli.Usagef("--prices is read for --max-cost only; ipw-attribute tells the cost")
	case f.TokenBudget > 0 && int64(f.MaxTokens) > f.TokenBudget:
		return cli.Usagef("--max-tokens %d: one answer may be longer than the query's --max-tokens-total %d", f.MaxTokens, f.TokenBudget)
	case f.Record && f.Agent != "terminus":
		return cli.Usagef("--record needs --agent terminus: no other agent works at a terminal alone")
	case f.Record && f.Artifacts == "":
		return cli.Usagef("--record needs --artifacts DIR to keep the recording in")
	case f.Warmup > 0 && f.Dataset == "-":
		return cli.Usagef("--warmup needs tasks that can be read twice, not stdin")
	}
	return nil
}

// pick is which tasks run.
func (f *flags) pick() dataset.Pick {
	p := dataset.Pick{Shuffle: f.Shuffle, Repeat: f.Repeat}
	if f.MaxQueries != nil {
		p.Max = *f.MaxQueries
	}
	if f.Shard != "" {
		p.Shard, p.Shards, _ = dataset.ParseShard(f.Shard) // checked
	}
	return p
}

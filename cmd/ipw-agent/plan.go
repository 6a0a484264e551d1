package main

import (
	"fmt"
	"math"
	"os"
	"strings"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/llm"
	"ipw/lib/llm/builtin"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// check finds wrong usage that the flags alone show.
func (f *flags) check() error {
	var missing []string
	for _, m := range []struct{ flag, value string }{{"--agent", f.Agent}, {"--model", f.Model}, {"--dataset", f.Dataset}} {
		if m.value == "" {
			missing = append(missing, m.flag)
		}
	}
	switch {
	case len(missing) > 0:
		return cli.Hint(cli.Usagef("missing flags: %s", strings.Join(missing, ", ")), "ipw-agent --list shows agents and data sets")
	case f.MaxQueries != nil && *f.MaxQueries < 1:
		return cli.Usagef("--max-queries %d: at least 1", *f.MaxQueries)
	case f.MaxTurns < 1:
		return cli.Usagef("--max-turns %d: at least 1", f.MaxTurns)
	case f.Concurrency < 1 || f.Concurrency > 1000:
		return cli.Usagef("--concurrency %d: from 1 to 1000", f.Concurrency)
	case f.QueryTimeout < 0:
		return cli.Usagef("--query-timeout %s: not below 0", f.QueryTimeout)
	case f.MaxTokens < 0:
		return cli.Usagef("--max-tokens %d: not below 0", f.MaxTokens)
	case f.Temperature != nil && !(*f.Temperature >= 0 && *f.Temperature <= math.MaxFloat32):
		return cli.Usagef("--temperature %g: 0 or more", *f.Temperature)
	case f.TopP != nil && !(*f.TopP > 0 && *f.TopP <= 1):
		return cli.Usagef("--top-p %g: above 0, at most 1", *f.TopP)
	case f.Resume == "-":
		return cli.Usagef("--resume reads a file, not stdin")
	}
	return nil
}

// plan is what is known before the first query.
type plan struct {
	*flags
	set      *dataset.Set
	hash     string       // of the data set's content; "" if that can be read only once
	names    []string     // of all tools
	tools    []tool.Tool  // those that every query shares
	open     agent.Opener // makes the places where the others work; nil if there are none
	endpoint llm.Endpoint
	earlier  *agent.Earlier // nil: nothing is resumed
	problems *stream.Problems
	clock    clock.Clock
}

// prepare finds everything the run needs, or refuses.
func prepare(c *cli.Context, f *flags) (p *plan, err error) {
	p = &plan{flags: f, problems: c.Problems(f.Strict, true), clock: clock.System}
	if err := agent.CheckName(f.Agent); err != nil {
		return nil, err
	}
	if p.set, err = dataset.Open(f.Dataset, c.Stdin); err != nil {
		return nil, err
	}
	if err := p.openTools(c); err != nil {
		return nil, err
	}
	if p.endpoint, err = llm.Resolve(f.Model, f.BaseURL, os.Getenv); err != nil {
		return nil, err
	}
	if p.hash, err = p.set.Hash(c); err != nil {
		return nil, err
	}
	if p.earlier, err = p.readEarlier(c); err != nil {
		return nil, err
	}
	if f.Artifacts != "" {
		if err := os.MkdirAll(f.Artifacts, 0o755); err != nil {
			return nil, fmt.Errorf("--artifacts: %w", err)
		}
	}
	return p, nil
}

// client reaches the model. The scripted one is started first.
func (p *plan) client(c *cli.Context) (client llm.Client, stop func(), err error) {
	stop = func() {}
	if p.endpoint.Provider == llm.Builtin {
		c.Say("builtin is a scripted model, no language model: its answers show how ipw works and nothing else")
		if p.flags.BaseURL != "" {
			c.Say("--base-url is not used: builtin is always the scripted model")
		}
		if p.endpoint.BaseURL, stop, err = builtin.Start(); err != nil {
			return nil, nil, fmt.Errorf("builtin: %w", err)
		}
	}
	return llm.NewOpenAI(llm.OpenAIConfig{Endpoint: p.endpoint}), stop, nil
}

func (p *plan) react(client llm.Client) *agent.React {
	r := &agent.React{Client: client, Tools: p.tools, MaxTurns: p.MaxTurns, System: agent.SystemPrompt,
		Request: llm.Request{Model: p.Model, Temperature: p.Temperature, TopP: p.TopP, MaxTokens: p.MaxTokens, Seed: p.Seed}}
	if p.flags.System != nil {
		r.System = *p.flags.System
	}
	return r
}

// maxQueries is --max-queries, 0 for all.
func (p *plan) maxQueries() int {
	if p.MaxQueries == nil {
		return 0
	}
	return *p.MaxQueries
}

// total is how many queries there are, -1 if nobody knows.
func (p *plan) total() int {
	n, limit := p.set.Len(), p.maxQueries()
	if limit > 0 && (n < 0 && p.Dataset != "-" || n > limit) {
		return limit
	}
	return n
}

// failed says how many queries failed, and how to run them again.
func (p *plan) failed(n, of int) error {
	err := fmt.Errorf("%d of %d queries ended in error", n, of)
	if p.Output == "" || p.Output == "-" {
		return err
	}
	return cli.Hint(err, "the same command with --resume %s runs them again", p.Output)
}

// secrets are the keys that may not be written anywhere.
func secrets() []string {
	var s []string
	for _, name := range []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "IPW_EVAL_API_KEY", "TAVILY_API_KEY", "HF_TOKEN"} {
		s = append(s, os.Getenv(name))
	}
	return s
}

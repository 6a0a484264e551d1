package main

import (
	"fmt"
	"os"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/llm"
	"ipw/lib/llm/builtin"
	"ipw/lib/llm/spoken"
	"ipw/lib/llm/tokenizer"
	"ipw/lib/price"
	"ipw/lib/sandbox"
	"ipw/lib/sandbox/roster"
	"ipw/lib/stream"
	"ipw/lib/tool"
	"ipw/lib/tool/mcp"
)

// plan is what is known before the first query.
type plan struct {
	*flags
	set      *dataset.Set
	hash     string       // of the data set's content; "" if that can be read only once
	names    []string     // of all tools
	tools    []tool.Tool  // those that every query shares
	open     agent.Opener // makes the places where the others work; nil if there are none
	servers  []mcp.Server
	mcpTools []string        // names of their tools, which are among tools once they have started
	sandbox  sandbox.Sandbox // where boxes come from; nil if there are none
	warmup   []dataset.Task
	prices   *price.Model // nil: the model is in no table
	endpoint llm.Endpoint
	earlier  *agent.Earlier // nil: nothing is resumed
	problems *stream.Problems
	clock    clock.Clock
}

// prepare finds everything the run needs, or refuses. The plan is there in both
// cases, for what it has opened.
func prepare(c *cli.Context, f *flags) (p *plan, err error) {
	p = &plan{flags: f, problems: c.Problems(f.Strict, true), clock: clock.System}
	if err := agent.CheckName(f.Agent); err != nil {
		return p, err
	}
	if err := roster.Check(f.Sandbox.Sandbox); err != nil {
		return p, err
	}
	if p.set, err = dataset.Open(f.Dataset, c.Stdin); err != nil {
		return p, err
	}
	if err := p.openTools(c); err != nil {
		return p, err
	}
	if p.servers, err = f.readServers(); err != nil {
		return p, err
	}
	if p.endpoint, err = llm.Resolve(f.Model, llm.Where{Provider: f.Provider, BaseURL: f.BaseURL}, os.Getenv); err != nil {
		return p, err
	}
	warnings, err := p.endpoint.Check(p.request())
	if err != nil {
		return p, err
	}
	for _, w := range warnings {
		c.Say("warning: %s", w)
	}
	if err := p.findPrice(); err != nil {
		return p, err
	}
	if p.hash, err = p.set.Hash(c); err != nil {
		return p, err
	}
	if p.warmup, err = p.openWarmup(c); err != nil {
		return p, err
	}
	if p.earlier, err = p.readEarlier(c); err != nil {
		return p, err
	}
	if f.Artifacts != "" && !f.Check {
		if err := os.MkdirAll(f.Artifacts, 0o755); err != nil {
			return p, fmt.Errorf("--artifacts: %w", err)
		}
	}
	return p, nil
}

// client reaches the model. The scripted one is started first.
func (p *plan) client(c *cli.Context) (client llm.Client, stop func(), err error) {
	stop = func() {}
	if p.endpoint.Provider == llm.Builtin {
		c.Say("builtin is a scripted model, no language model: its answers show how ipw works and nothing else")
		if p.flags.BaseURL != "" || p.flags.Provider != "" {
			c.Say("--base-url and --provider are not used: builtin is always the scripted model")
		}
		if p.endpoint.BaseURL, stop, err = builtin.Start(); err != nil {
			return nil, nil, fmt.Errorf("builtin: %w", err)
		}
	}
	caller, err := llm.New(p.endpoint, llm.Config{Count: tokenizer.Count})
	return p.speaking(c, caller), stop, err
}

// speaking has the client call tools as --tool-protocol says.
func (p *plan) speaking(c *cli.Context, client llm.Client) llm.Client {
	switch p.ToolProtocol {
	case "text":
		return spoken.New(client)
	case "native":
		return client
	}
	return spoken.Auto(client, func(why error) {
		c.Say("tools are called in plain text from now on, as the endpoint refuses them: %v", why)
	})
}

// request is what every request has: model and sampling.
func (p *plan) request() llm.Request {
	return llm.Request{Model: p.Model, Temperature: p.Temperature, TopP: p.TopP, MaxTokens: p.MaxTokens, Seed: p.Seed}
}

func (p *plan) react(client llm.Client) *agent.React {
	r := &agent.React{Client: client, Tools: p.tools, MaxTurns: p.MaxTurns, System: agent.SystemPrompt,
		Request: p.request()}
	if p.flags.System != nil {
		r.System = *p.flags.System
	}
	return r
}

// openWarmup makes the warm-up queries.
func (p *plan) openWarmup(c *cli.Context) ([]dataset.Task, error) {
	if p.Warmup == 0 {
		return nil, nil
	}
	if p.hash == "" {
		return nil, cli.Usagef("--warmup needs tasks that can be read twice, not a pipe")
	}
	quiet := &stream.Problems{Print: func(string) {}} // they are read again, and reported
	return dataset.Warmup(p.pick().Of(p.set.Tasks(c, quiet)), p.Warmup)
}

// total is how many queries there are, -1 if nobody knows.
func (p *plan) total() int {
	if n := p.set.Len(); n >= 0 {
		return p.pick().Count(n)
	}
	if p.MaxQueries != nil && p.Dataset != "-" {
		return p.pick().Count(*p.MaxQueries)
	}
	return -1
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

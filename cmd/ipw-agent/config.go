package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// config is the header's: what was asked for. It holds no secret. Fields with a
// flag keep a run from being resumed if they differ: its queries could not stand
// side by side.
type config struct {
	BaseURL       string   `json:"base_url"`
	DatasetSHA256 string   `json:"dataset_sha256,omitempty"` // of the content; absent for a pipe
	MaxQueries    *int     `json:"max_queries,omitempty"`    // absent: all
	Shuffle       *int64   `json:"shuffle,omitempty" flag:"--shuffle"`
	Shard         string   `json:"shard,omitempty" flag:"--shard"`
	Repeat        int      `json:"repeat,omitempty"` // absent: once
	Warmup        int      `json:"warmup,omitempty"`
	MaxTurns      int      `json:"max_turns" flag:"--max-turns"`
	Concurrency   int      `json:"concurrency"`
	QueryTimeoutS *float64 `json:"query_timeout_s,omitempty"` // absent: none
	TokenBudget   int64    `json:"max_tokens_total,omitempty" flag:"--max-tokens-total"`
	CostBudget    float64  `json:"max_cost_usd,omitempty" flag:"--max-cost"`
	JouleBudget   float64  `json:"max_joules,omitempty" flag:"--max-joules"`
	Tools         []string `json:"tools" flag:"--tools"`
	ToolProtocol  string   `json:"tool_protocol,omitempty" flag:"--tool-protocol"` // absent: auto
	MaxResult     int      `json:"max_result,omitempty" flag:"--max-result"`       // absent: 6000
	MCP           []string `json:"mcp,omitempty" flag:"--mcp"`                     // names of servers
	MCPTools      []string `json:"mcp_tools,omitempty"`
	Corpus        string   `json:"corpus,omitempty"`
	Sandbox       string   `json:"sandbox,omitempty" flag:"--sandbox"` // absent: nothing runs in one
	Image         string   `json:"image,omitempty" flag:"--image"`     // absent: the sandbox's own, or the task's
	Network       bool     `json:"network,omitempty" flag:"--network"`
	Temperature   *float64 `json:"temperature,omitempty"` // these four absent: the endpoint's own
	TopP          *float64 `json:"top_p,omitempty"`
	MaxTokens     int      `json:"max_tokens,omitempty"`
	Seed          *int     `json:"seed,omitempty"`
	System        *string  `json:"system,omitempty"` // absent: the agent's own
}

func (p *plan) config(endpoint string) config {
	cfg := config{BaseURL: endpoint, DatasetSHA256: p.hash, MaxQueries: p.MaxQueries, Shuffle: p.Shuffle, Shard: p.Shard,
		Warmup: p.Warmup, MaxTurns: p.MaxTurns, Concurrency: p.Concurrency, TokenBudget: p.TokenBudget, CostBudget: p.CostBudget,
		JouleBudget: p.JouleBudget, Tools: p.names, MCP: p.serverNames(), MCPTools: p.mcpTools, Corpus: p.Corpus, Temperature: p.Temperature,
		TopP: p.TopP, MaxTokens: p.MaxTokens, Seed: p.Seed, System: p.flags.System}
	if p.MaxResult != tool.DefaultMaxResult {
		cfg.MaxResult = p.MaxResult
	}
	if p.ToolProtocol != "auto" {
		cfg.ToolProtocol = p.ToolProtocol
	}
	if p.sandbox != nil {
		cfg.Sandbox, cfg.Image, cfg.Network = p.sandbox.Kind(), p.Sandbox.Image, p.Sandbox.Network
	}
	if p.Repeat > 1 {
		cfg.Repeat = p.Repeat
	}
	if p.QueryTimeout > 0 {
		s := p.QueryTimeout.Seconds()
		cfg.QueryTimeoutS = &s
	}
	return cfg
}

// header begins the run's segment, under the name of the run it resumes.
func (p *plan) header(ctx context.Context, client llm.Client) (event.Header, error) {
	b, err := json.Marshal(p.config(agent.PublicURL(client.Endpoint())))
	h := event.Header{Run: p.Run, Host: clock.Host(), BootID: clock.BootID(), ClockErrorUs: clock.Kept(ctx).ErrorUs, Tool: "ipw-agent " + cli.Version,
		Agent: p.Agent, Model: p.Model, Dataset: p.set.Name, Config: b}
	if p.earlier != nil {
		h.Run = p.earlier.Header.Run
	}
	if h.Run == "" {
		now := time.UnixMicro(p.clock().TUs).UTC()
		h.Run = agent.RunName(p.Agent, p.Model, p.set.Name) + "@" + now.Format("2006-01-02T15:04:05.000Z")
	}
	return h, err
}

// readEarlier reads what --resume names. An empty file is a run that died
// before its first record.
func (p *plan) readEarlier(c *cli.Context) (*agent.Earlier, error) {
	if p.Resume == "" {
		return nil, nil
	}
	if fi, err := os.Stat(p.Resume); err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	} else if fi.Mode().IsRegular() && fi.Size() == 0 {
		return nil, nil
	}
	in, err := stream.Open(c, p.Resume, nil, false)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	e, err := agent.ReadEarlier(event.NewReader(p.problems, in))
	if err != nil {
		return nil, err
	}
	if diff := p.differences(e.Header); len(diff) > 0 {
		return nil, cli.Hint(cli.Usagef("%s holds another run: %s", p.Resume, strings.Join(diff, "; ")),
			"leave out --resume to begin a new run, or give the flags of the old one")
	}
	return e, nil
}

// differences tells what makes this another run than the one of the header.
func (p *plan) differences(h event.Header) []string {
	var old config
	_ = json.Unmarshal(h.Config, &old) // a header without a readable config differs in it
	var diff []string
	differ := func(what, was, is string) {
		if was != is {
			diff = append(diff, fmt.Sprintf("%s was %s, not %s", what, was, is))
		}
	}
	differ("--agent", h.Agent, p.Agent)
	differ("--model", h.Model, p.Model)
	differ("--dataset", h.Dataset, p.set.Name)
	if p.Run != "" {
		differ("--run", h.Run, p.Run)
	}
	cfg := p.config("")
	was, is := reflect.ValueOf(old), reflect.ValueOf(cfg)
	for i := range was.NumField() {
		if flag := was.Type().Field(i).Tag.Get("flag"); flag != "" {
			differ(flag, word(was.Field(i)), word(is.Field(i)))
		}
	}
	if old.Repeat > cfg.Repeat {
		differ("--repeat", fmt.Sprint(old.Repeat), fmt.Sprint(max(cfg.Repeat, 1)))
	}
	if len(diff) == 0 && old.DatasetSHA256 != "" && cfg.DatasetSHA256 != "" && old.DatasetSHA256 != cfg.DatasetSHA256 {
		diff = append(diff, "the data set's content has changed")
	}
	return diff
}

// word is a value as its flag would be typed, none for what is absent.
func word(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		v = v.Elem()
	case v.IsZero(), v.Kind() == reflect.Slice && v.Len() == 0:
		return "none"
	case v.Kind() == reflect.Slice:
		return strings.Join(v.Interface().([]string), ",")
	}
	return fmt.Sprint(v.Interface())
}

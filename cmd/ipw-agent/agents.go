package main

import (
	"slices"

	"ipw/lib/agent"
	"ipw/lib/agent/openhands"
	"ipw/lib/agent/terminus"
	"ipw/lib/llm"
	"ipw/lib/tool"
)

// boxed tells whether the agent itself works in a box.
func (f *flags) boxed() bool { return f.Agent != "react" }

// ownTools are names of tools that an agent which works in a box does without:
// it has its own.
func ownTools(name string) bool { return name == "think" || tool.NeedsWorkspace(name) }

// agent makes the agent.
func (p *plan) agent(client llm.Client) agent.Agent {
	switch p.flags.Agent {
	case "openhands":
		return &openhands.Agent{Client: client, Request: p.request(), Tools: p.tools, MaxTurns: p.MaxTurns, System: p.flags.System}
	case "terminus":
		return &terminus.Agent{Client: client, Request: p.request(), Tools: p.tools, MaxTurns: p.MaxTurns, System: p.flags.System, Record: p.Record}
	}
	return p.react(client)
}

// toolNames are the tools asked for, else the data set's own as far as the
// agent has not brought them.
func (p *plan) toolNames() []string {
	if p.Tools != nil || !p.boxed() {
		if p.Tools != nil {
			return p.Tools
		}
		return p.set.Tools
	}
	return slices.DeleteFunc(slices.Clone(p.set.Tools), ownTools)
}

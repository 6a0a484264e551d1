package main

import (
	"cmp"
	"os"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/retrieval"
	"ipw/lib/tool"
)

// openTools makes the tools that every query shares, and finds who makes the
// others in each query's place.
func (p *plan) openTools(c *cli.Context) (err error) {
	names := p.Tools
	if names == nil {
		names = p.set.Tools
	}
	if p.names, err = tool.Names(names); err != nil {
		return err
	}
	shared, placed := tool.Split(p.names)
	if p.open, err = (agent.Workspaces{Tools: placed}).Opener(); err != nil {
		return err
	}
	p.tools, err = tool.Build(shared, tool.Options{
		Corpus: func() (*retrieval.Corpus, error) {
			return retrieval.Open(c, cmp.Or(p.Corpus, p.set.Corpus), p.problems)
		},
		SearchKey: os.Getenv(tool.SearchKey),
	})
	return err
}

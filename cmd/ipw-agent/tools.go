package main

import (
	"cmp"
	"os"
	"slices"

	"ipw/lib/cli"
	"ipw/lib/retrieval"
	"ipw/lib/tool"
)

// openTools makes the tools that every query shares, and finds who makes the
// others in each query's place.
func (p *plan) openTools(c *cli.Context) (err error) {
	if p.names, err = tool.Names(p.toolNames()); err != nil {
		return err
	}
	if p.Corpus != "" && !slices.Contains(p.names, "search") {
		return cli.Usagef("--corpus is what search looks in, and search is not among the tools")
	}
	shared, placed := tool.Split(p.names)
	if err := p.openPlaces(c, placed); err != nil {
		return err
	}
	p.tools, err = tool.Build(shared, tool.Options{
		MaxResult: p.MaxResult,
		Corpus: func() (*retrieval.Corpus, error) {
			return retrieval.Open(c, cmp.Or(p.Corpus, p.set.Corpus), p.problems)
		},
		SearchURL: p.SearchURL,
		SearchKey: os.Getenv(tool.SearchKey),
	})
	return err
}

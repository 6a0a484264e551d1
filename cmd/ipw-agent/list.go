package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"ipw/lib/agent"
	"ipw/lib/dataset"
	"ipw/lib/tool"
	"ipw/lib/tool/document"
)

// list prints what --agent, --tools and --dataset take.
func list(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range agent.Known() {
		fmt.Fprintf(t, "agent\t%s\t%s\n", a.Name, a.About)
	}
	tools, err := tool.All(tool.Options{Formats: document.Formats("ipw-agent")})
	if err != nil {
		return err
	}
	for _, x := range tools {
		fmt.Fprintf(t, "tool\t%s\t%s\n", x.Name(), firstSentence(x.Description()))
	}
	for _, name := range dataset.Known() {
		set, err := dataset.Open(name, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "data set\t%s\t%s\n", name, set.About)
	}
	return t.Flush()
}

// firstSentence is enough of what a model is told about a tool.
func firstSentence(s string) string {
	first, _, _ := strings.Cut(s, ". ")
	return strings.TrimSuffix(first, ".")
}

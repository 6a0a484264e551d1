// Package tool is what an agent can call: a name, a description and a JSON
// schema for the model, and a function from the model's arguments to a text.
//
//	tools, err := tool.Build([]string{"calculator", "search"}, tool.Options{})
//	result, err := tools[0].Call(ctx, `{"expression":"0.1 + 0.2"}`) // 0.3
//
// An error of Call is a result like any other: its text says what was wrong
// with the arguments, so that the model can try again.
package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipw/lib/retrieval"
	"ipw/lib/stream"
)

// Tool is one tool. Call takes the arguments as the model sent them and may be
// used by several goroutines at once.
type Tool interface {
	Name() string
	Description() string
	Parameters() json.RawMessage // a JSON schema
	Call(ctx context.Context, arguments string) (result string, err error)
}

// DefaultMaxResult is the longest result in bytes. Longer ones, and error
// texts, are cut to head and tail, with the number of bytes cut in between.
const DefaultMaxResult = 6000

// Options is what the tools of one run share.
type Options struct {
	Corpus    func() (*retrieval.Corpus, error) // asked once, if search is among the tools; nil: the bundled one
	MaxResult int                               // longest result in bytes, 0 for DefaultMaxResult
}

// Known lists the tools that can be built.
func Known() []string { return []string{"calculator", "search"} }

// later are the names of tools that are planned.
var later = []string{"think", "web_search", "file_read", "file_write", "code_interpreter", "bash", "shell", "mcp"}

// Build makes the named tools, each once, in the order given. No name, or
// "none" alone, gives none. The error is a *NameError if a name is not known or
// not built yet; otherwise the corpus could not be read.
func Build(names []string, o Options) ([]Tool, error) {
	names, err := check(names)
	if err != nil {
		return nil, err
	}
	if o.MaxResult <= 0 {
		o.MaxResult = DefaultMaxResult
	}
	var tools []Tool
	for _, name := range names {
		var t Tool = Calculator{}
		if name == "search" {
			if t, err = openSearch(o.Corpus); err != nil {
				return nil, err
			}
		}
		tools = append(tools, clipped{t, o.MaxResult})
	}
	return tools, nil
}

func check(names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case slices.Contains(out, name):
		case (name == "none" || name == "") && len(names) == 1:
		case slices.Contains(Known(), name):
			out = append(out, name)
		default:
			return nil, &NameError{name, slices.Contains(later, name) || strings.HasPrefix(name, "mcp:")}
		}
	}
	return out, nil
}

func openSearch(open func() (*retrieval.Corpus, error)) (Tool, error) {
	if open == nil {
		return NewSearch(retrieval.Bundled()), nil
	}
	corpus, err := open()
	if err != nil {
		return nil, err
	}
	return NewSearch(corpus), nil
}

// NameError is a tool that cannot be had.
type NameError struct {
	Name     string
	NotBuilt bool // it is planned
}

func (e *NameError) Error() string {
	known := strings.Join(Known(), ", ")
	switch {
	case e.Name == "none":
		return `"none" goes with no other tool`
	case e.NotBuilt:
		return fmt.Sprintf("tool %q is not built yet; there are %s", e.Name, known)
	}
	return fmt.Sprintf("unknown tool %q; there are %s, or none", e.Name, known)
}

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }

// clipped cuts the results of a tool.
type clipped struct {
	Tool
	max int
}

func (c clipped) Call(ctx context.Context, arguments string) (string, error) {
	result, err := c.Tool.Call(ctx, arguments)
	if err != nil {
		if text := err.Error(); len(text) > c.max {
			err = errors.New(stream.Clip(text, c.max))
		}
	}
	return stream.Clip(result, c.max), err
}

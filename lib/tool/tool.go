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

	"ipw/lib/retrieval"
	"ipw/lib/sandbox"
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

// Options is what tools work with.
type Options struct {
	MaxResult int // longest result in bytes, 0 for DefaultMaxResult

	// of the run's own tools
	Corpus    func() (*retrieval.Corpus, error) // asked once, if search is among the tools; nil: the bundled one
	SearchURL string                            // where web_search asks, "" for Tavily itself
	SearchKey string                            // its key

	// of the tools of one query's place
	Workspace string      // a directory of the host
	Box       sandbox.Box // which sees it too; nil for none
	Formats   []Format    // documents that file_read reads, beside texts
}

// Build makes the named tools, each once, in the order given. The error is a
// *NameError, *BoxError or *KeyError where the call was wrong; otherwise the
// corpus could not be read.
func Build(names []string, o Options) ([]Tool, error) {
	names, err := Names(names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := o.lack(name); err != nil {
			return nil, err
		}
	}
	return o.build(names)
}

// All makes every tool, to be looked at and not to be called.
func All(o Options) ([]Tool, error) { return o.build(Known()) }

// lack tells what a tool needs and has not.
func (o Options) lack(name string) error {
	switch {
	case NeedsBox(name) && o.Box == nil:
		return &BoxError{name}
	case NeedsWorkspace(name) && o.Workspace == "":
		return fmt.Errorf("tool %q needs a workspace", name)
	case name == webSearch:
		return checkSearch(o.SearchURL, o.SearchKey)
	}
	return nil
}

func (o Options) build(names []string) ([]Tool, error) {
	if o.MaxResult <= 0 {
		o.MaxResult = DefaultMaxResult
	}
	var tools []Tool
	for _, name := range names {
		t, err := kindOf(name).make(o)
		if err != nil {
			return nil, err
		}
		tools = append(tools, Clipped(t, o.MaxResult))
	}
	return tools, nil
}

// Clipped cuts the results and error texts of a tool to max bytes.
func Clipped(t Tool, max int) Tool { return clipped{t, max} }

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

package tool

import (
	"fmt"
	"slices"
	"strings"

	"ipw/lib/retrieval"
)

// kind is a tool by name: where it works, and how it is made there.
type kind struct {
	name  string
	place place
	make  func(Options) (Tool, error)
}

// place is where a tool works.
type place int

const (
	anywhere    place = iota // one for the whole run
	inWorkspace              // on a query's files
	inBox                    // in a query's box
)

var kinds = []kind{
	{"calculator", anywhere, func(Options) (Tool, error) { return Calculator{}, nil }},
	{"think", anywhere, func(Options) (Tool, error) { return Think{}, nil }},
	{"search", anywhere, func(o Options) (Tool, error) { return openSearch(o.Corpus) }},
	{"web_search", anywhere, func(o Options) (Tool, error) { return newWebSearch(o), nil }},
	{"file_read", inWorkspace, func(o Options) (Tool, error) {
		return &FileRead{files: files{o.Workspace, o.Box}, formats: o.Formats, max: o.MaxResult}, nil
	}},
	{"file_write", inWorkspace, func(o Options) (Tool, error) { return FileWrite{files{o.Workspace, o.Box}}, nil }},
	{"code_interpreter", inBox, func(o Options) (Tool, error) { return Code{o.Box}, nil }},
	{"bash", inBox, func(o Options) (Tool, error) { return Bash{o.Box}, nil }},
}

// aliases are other names of tools.
var aliases = map[string]string{"shell": "bash"}

// Known lists the tools that can be built.
func Known() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Names checks the names of tools and returns each once, in the order given,
// an alias as what it stands for. No name, or "none" alone, gives none. The
// error is a *NameError.
func Names(names []string) ([]string, error) {
	out := []string{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if other, ok := aliases[name]; ok {
			name = other
		}
		switch {
		case slices.Contains(out, name):
		case (name == "none" || name == "") && len(names) == 1:
		case kindOf(name) != nil:
			out = append(out, name)
		default:
			return nil, &NameError{name}
		}
	}
	return out, nil
}

// Split divides names into those of the run's own tools, which every query
// shares, and those of tools that are built anew in each query's place.
func Split(names []string) (shared, placed []string) {
	for _, name := range names {
		if NeedsWorkspace(name) {
			placed = append(placed, name)
		} else {
			shared = append(shared, name)
		}
	}
	return shared, placed
}

// NeedsWorkspace tells whether a tool works on a query's own files.
func NeedsWorkspace(name string) bool {
	k := kindOf(name)
	return k != nil && k.place >= inWorkspace
}

// NeedsBox tells whether a tool runs commands, in a query's own box.
func NeedsBox(name string) bool {
	k := kindOf(name)
	return k != nil && k.place == inBox
}

// NoBox returns a *BoxError for the first of the tools that needs a box.
func NoBox(names []string) error {
	for _, name := range names {
		if NeedsBox(name) {
			return &BoxError{name}
		}
	}
	return nil
}

func kindOf(name string) *kind {
	if other, ok := aliases[name]; ok {
		name = other
	}
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
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
type NameError struct{ Name string }

func (e *NameError) Error() string {
	if e.Name == "none" {
		return `"none" goes with no other tool`
	}
	return fmt.Sprintf("unknown tool %q; there are %s, or none", e.Name, strings.Join(Known(), ", "))
}

// Hint is what a user may type next.
func (e *NameError) Hint() string { return "ipw-agent --list" }

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }

// BoxError is a tool that runs commands where there is no box for them.
type BoxError struct{ Name string }

func (e *BoxError) Error() string {
	return fmt.Sprintf("tool %q runs commands and needs a sandbox", e.Name)
}

// Hint is what a user may type next.
func (e *BoxError) Hint() string {
	return "--sandbox docker, or --sandbox none to run them on this machine, unprotected"
}

// Usage tells that the command was called wrongly.
func (e *BoxError) Usage() bool { return true }

package agent

import (
	"fmt"
	"slices"
	"strings"
)

// Known lists the agents that can be had, with a line about each.
func Known() []Description {
	return []Description{
		{"react", "asks, runs the tools the answer calls for, and asks again, until an answer calls for none"},
		{"openhands", "works on its own in a sandbox, with a terminal, an editor and a list of tasks, until it calls finish"},
	}
}

// Description is a name and a line about it.
type Description struct{ Name, About string }

// planned are agents that come later.
var planned = []string{"terminus"}

// CheckName returns a *NameError if there is no such agent.
func CheckName(name string) error {
	for _, d := range Known() {
		if d.Name == name {
			return nil
		}
	}
	return &NameError{name, slices.Contains(planned, name)}
}

// NameError is an agent that cannot be had.
type NameError struct {
	Name     string
	NotBuilt bool // it is planned
}

func (e *NameError) Error() string {
	var names []string
	for _, d := range Known() {
		names = append(names, d.Name)
	}
	known := strings.Join(names, ", ")
	if e.NotBuilt {
		return fmt.Sprintf("agent %q is not built yet; there is %s", e.Name, known)
	}
	return fmt.Sprintf("unknown agent %q; there is %s (not built yet: %s)", e.Name, known, strings.Join(planned, ", "))
}

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }

// RunName is what a run is called by default: the name of its directory.
func RunName(agent, model, dataset string) string {
	return outside.ReplaceAllString("run_"+agent+"_"+model+"_"+dataset, "_")
}

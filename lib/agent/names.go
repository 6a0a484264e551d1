package agent

import (
	"fmt"
	"strings"
)

// Known lists the agents that can be had, with a line about each.
func Known() []Description {
	return []Description{
		{"react", "asks, runs the tools the answer calls for, and asks again, until an answer calls for none"},
		{"openhands", "works on its own in a sandbox, with a terminal, an editor and a list of tasks, until it calls finish"},
		{"terminus", "works on its own in a sandbox, by pressing the keys of a terminal and looking at it, until it confirms that the task is done"},
	}
}

// Description is a name and a line about it.
type Description struct{ Name, About string }

// CheckName returns a *NameError if there is no such agent.
func CheckName(name string) error {
	for _, d := range Known() {
		if d.Name == name {
			return nil
		}
	}
	return &NameError{name}
}

// NameError is an agent that there is not.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	var names []string
	for _, d := range Known() {
		names = append(names, d.Name)
	}
	return fmt.Sprintf("unknown agent %q; there are %s", e.Name, strings.Join(names, ", "))
}

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }

// RunName is what a run is called by default: the name of its directory.
func RunName(agent, model, dataset string) string {
	return outside.ReplaceAllString("run_"+agent+"_"+model+"_"+dataset, "_")
}

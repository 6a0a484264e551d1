// Package testbed makes the places of tasks that bring their own surroundings
// and tests: those of Terminal-Bench, a container each, and those of SWE-bench,
// a repository at a commit.
//
//	b := &testbed.Bed{Sandbox: docker, Next: workspaces}
//	run := agent.Run{Agent: …, Open: b.Open, …}
//
// Making the container or the checkout is setup, running the tests is scoring:
// neither is charged to the agent. What goes wrong with either is an error and
// not a wrong answer.
package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ipw/lib/agent"
	"ipw/lib/dataset"
	"ipw/lib/sandbox"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// Bed makes places. Its Open is an agent.Opener.
type Bed struct {
	Sandbox sandbox.Sandbox // of Terminal-Bench: a sandbox.Images
	Spec    sandbox.Spec    // the user's image and limits, for tasks that name none
	Tools   []string        // names of the tools that work in the place
	Options tool.Options    // what they are built with
	Next    agent.Opener    // makes the places of other tasks; nil: they need none

	// of SWE-bench
	Mirror      string // a folder of repositories, owner/name below it; "": they are fetched from GitHub
	Model       string // the name in the predictions
	Predictions string // a file of them, to be appended to; "" for none

	mu sync.Mutex // one line of Predictions at a time
}

// ErrNoImages is a task that needs a container where there is no Docker.
var ErrNoImages = errors.New("the task brings a container of its own, and needs --sandbox docker")

// Open makes the place of a task.
func (b *Bed) Open(ctx context.Context, q *agent.Query, t dataset.Task) (*agent.Place, error) {
	switch {
	case t.Bench != nil:
		return b.openTerminal(ctx, q, t.Bench)
	case t.Instance != nil:
		return b.openRepository(ctx, q, t.Instance)
	case b.Next != nil:
		return b.Next(ctx, q, t)
	}
	return nil, nil
}

// box opens a box, with the tools that work in it.
func (b *Bed) box(ctx context.Context, q *agent.Query, s sandbox.Spec) (*agent.Place, error) {
	s.Label = fmt.Sprintf("%s.%d", agent.FolderName(q.ID), q.Attempt)
	box, err := b.Sandbox.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	p := &agent.Place{Box: box, Workspace: s.Workspace, Close: box.Close}
	o, names := b.Options, b.Tools
	if o.Workspace, o.Box = p.Workspace, box; o.Workspace == "" { // the files are in the box alone
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !tool.NeedsBox(name) })
	}
	p.Tools, err = tool.Build(names, o)
	return p, err
}

// grade is a verdict with what is known about it.
func grade(resolved *bool, reason string, about map[string]any) agent.Grade {
	about["scorer"] = "tests"
	m, err := json.Marshal(about)
	if err != nil {
		m = nil
	}
	return agent.Grade{Resolved: resolved, Reason: reason, Metadata: m}
}

// maxNamed is how many tests that failed are named.
const maxNamed = 50

func named(tests []string) []string { return tests[:min(len(tests), maxNamed)] }

// script runs a script of the shell in a box, and takes a status other than 0
// for an error that holds the end of what it said.
func script(ctx context.Context, box sandbox.Box, c sandbox.Command, text string, args ...string) (string, error) {
	c.Args = append([]string{"sh", "-c", text, "sh"}, args...)
	r, err := box.Exec(ctx, c)
	switch {
	case err != nil:
		return "", err
	case r.TimedOut:
		return "", fmt.Errorf("not done within %s", c.Timeout)
	case r.Code != 0:
		said := strings.TrimSpace(r.Stderr)
		if said == "" {
			said = strings.TrimSpace(r.Stdout)
		}
		return "", fmt.Errorf("exit status %d: %s", r.Code, stream.Clip(said, 2000))
	}
	return r.Stdout, nil
}

// quickly is a limit for what should take no time.
const quickly = time.Minute

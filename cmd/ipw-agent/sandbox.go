package main

import (
	"cmp"
	"path/filepath"

	"ipw/lib/agent"
	"ipw/lib/agent/testbed"
	"ipw/lib/cli"
	"ipw/lib/sandbox"
	"ipw/lib/sandbox/docker"
	"ipw/lib/sandbox/roster"
	"ipw/lib/tool"
	"ipw/lib/tool/document"
	"ipw/lib/unit"
)

// sandboxFlags say where commands run.
type sandboxFlags struct {
	Sandbox     string  `help:"Where commands run: docker, bwrap, auto (the first of the two that there is), or none: on this machine, as you." default:"auto" placeholder:"KIND"`
	Image       string  `help:"The container's image, for tasks that bring none." placeholder:"IMAGE"`
	Network     bool    `help:"Leave the network open while the agent works."`
	CPUs        float64 `name:"cpus" help:"Processors of a sandbox at most." placeholder:"N"`
	Memory      string  `help:"Memory of a sandbox at most, as in 2G." placeholder:"SIZE"`
	Disk        string  `help:"What a sandbox may write outside its workspace, as in 10G." placeholder:"SIZE"`
	PIDs        int     `name:"pids" help:"Processes and threads of a sandbox at most." placeholder:"N"`
	Repos       string  `help:"A folder of git repositories, OWNER/NAME below it, for SWE-bench; without it they are fetched from GitHub." placeholder:"DIR"`
	Predictions string  `help:"Append the patches to FILE, as SWE-bench's own harness reads them." placeholder:"FILE"`
}

func (f sandboxFlags) spec() (s sandbox.Spec, err error) {
	s = sandbox.Spec{Image: f.Image, Network: f.Network, CPUs: f.CPUs, PIDs: f.PIDs}
	for _, x := range []struct {
		flag, text string
		bytes      *int64
	}{{"--memory", f.Memory, &s.Memory}, {"--disk", f.Disk, &s.Disk}} {
		if x.text == "" {
			continue
		}
		if *x.bytes, err = unit.ParseBytes(x.text); err != nil {
			return s, cli.Usagef("%s: %w", x.flag, err)
		}
	}
	return s, nil
}

// openPlaces finds who makes the places of queries, and opens the sandbox if
// anything runs there.
func (p *plan) openPlaces(c *cli.Context, placed []string) error {
	spec, err := p.Sandbox.spec()
	if err != nil {
		return err
	}
	options := tool.Options{MaxResult: p.MaxResult, Formats: document.Formats("ipw-agent")}
	w := agent.Workspaces{Tools: placed, Options: options, Boxed: p.boxed(), Spec: spec}
	if w.Boxed || p.set.Testbed || tool.NoBox(placed) != nil {
		if w.Sandbox, err = p.openSandbox(c, spec.Image); err != nil {
			return err
		}
	}
	next, err := w.Opener()
	if err != nil {
		return err
	}
	bed := &testbed.Bed{Sandbox: w.Sandbox, Spec: spec, Tools: placed, Options: options, Next: next,
		Mirror: p.Sandbox.Repos, Model: p.Model, Predictions: p.Sandbox.Predictions}
	if bed.Predictions == "" && p.Artifacts != "" {
		bed.Predictions = filepath.Join(p.Artifacts, "predictions.jsonl")
	}
	if p.set.Testbed || next != nil || p.Dataset == "-" {
		p.open = bed.Open
	}
	return nil
}

// openSandbox opens the sandbox that was asked for, and has its image there
// before the first query unless the tasks bring theirs.
func (p *plan) openSandbox(c *cli.Context, image string) (sandbox.Sandbox, error) {
	s, err := roster.New(c, p.Sandbox.Sandbox, agent.RunName(p.flags.Agent, p.Model, p.set.Name))
	if err != nil {
		return nil, err
	}
	p.sandbox = s
	if images, ok := s.(sandbox.Images); ok && !p.set.Testbed {
		if err := images.Pull(c, cmp.Or(image, docker.DefaultImage)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// closeSandbox removes what the run's boxes may have left.
func (p *plan) closeSandbox() error {
	if p.sandbox == nil {
		return nil
	}
	return p.sandbox.Close()
}

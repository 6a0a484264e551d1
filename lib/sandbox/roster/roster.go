// Package roster finds the sandbox that the user names, or the best there is.
package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/bwrap"
	"ipw/lib/sandbox/docker"
	"ipw/lib/sandbox/host"
)

// Auto is the best sandbox that works here: docker, else bwrap. It is never
// None.
const Auto = "auto"

// None is the bare host, which a user has to ask for by name.
const None = "none"

// Known lists the kinds, with a line about each.
func Known() []Description {
	return []Description{
		{Auto, "docker where there is a daemon, else bwrap; never none"},
		{"docker", "a container for each query"},
		{"bwrap", "a bubblewrap jail for each command: no daemon, no root, no images"},
		{None, "commands run on this machine as you, and can do all that you can"},
	}
}

// Description is a kind and a line about it.
type Description struct{ Name, About string }

// Check returns a *NameError if there is no such kind.
func Check(kind string) error {
	if slices.ContainsFunc(Known(), func(d Description) bool { return d.Name == kind }) {
		return nil
	}
	return &NameError{kind}
}

// NameError is a kind of sandbox that there is not.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	var names []string
	for _, d := range Known() {
		names = append(names, d.Name)
	}
	return fmt.Sprintf("unknown sandbox %q; there are %s", e.Name, strings.Join(names, ", "))
}

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }

// kinds are those that Auto tries, in this order.
var kinds = []struct {
	name string
	make func(ctx context.Context, run string) (sandbox.Sandbox, error)
}{
	{"docker", func(ctx context.Context, run string) (sandbox.Sandbox, error) { return made(docker.New(ctx, run)) }},
	{"bwrap", func(ctx context.Context, _ string) (sandbox.Sandbox, error) { return made(bwrap.New(ctx)) }},
}

// made is nil where there is an error.
func made[S sandbox.Sandbox](s S, err error) (sandbox.Sandbox, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// New makes a sandbox and removes what dead runs have left in it. run is the
// label of what it will make.
func New(ctx context.Context, kind, run string) (sandbox.Sandbox, error) {
	if err := Check(kind); err != nil {
		return nil, err
	}
	if kind == None {
		return host.Sandbox{}, nil
	}
	var lack NoneError
	for _, k := range kinds {
		if kind != Auto && kind != k.name {
			continue
		}
		s, err := k.make(ctx, run)
		if err == nil || kind != Auto {
			return s, err
		}
		lack = append(lack, Lack{k.name, err})
	}
	return nil, lack
}

// NoneError is a machine without a sandbox: what each kind lacks.
type NoneError []Lack

// Lack is why a kind of sandbox cannot be had.
type Lack struct {
	Kind string
	Err  error
}

func (e NoneError) Error() string {
	var why []string
	for _, l := range e {
		why = append(why, strings.TrimPrefix(l.Err.Error(), l.Kind+": "))
	}
	return "there is no sandbox: " + strings.Join(why, "; ")
}

// Unwrap is what each kind lacks.
func (e NoneError) Unwrap() []error {
	var errs []error
	for _, l := range e {
		errs = append(errs, l.Err)
	}
	return errs
}

// Hint is how to get one, the easiest way last.
func (e NoneError) Hint() string {
	var ways []string
	for _, l := range e {
		var h interface{ Hint() string }
		if errors.As(l.Err, &h) {
			ways = append(ways, l.Kind+": "+h.Hint())
		}
	}
	return strings.Join(append(ways, "or, if commands may run as you on this machine: --sandbox none"), "; ")
}

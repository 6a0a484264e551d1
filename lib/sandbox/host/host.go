// Package host is the sandbox that is none: commands are processes of this
// machine, run by the user who runs ipw, and can do whatever that user can.
// Nothing is limited and the network stays open. What it does keep of a
// sandbox's promises: commands see none of ipw's environment but PATH, a
// command's time limit kills what it has started, output is bounded.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/process"
)

// Sandbox makes boxes of bare directories.
type Sandbox struct{}

// Kind is "none".
func (Sandbox) Kind() string { return "none" }

// Open makes the box's home directory, and its workspace if it has none.
func (Sandbox) Open(_ context.Context, s sandbox.Spec) (sandbox.Box, error) {
	if s.User != "" {
		return nil, errors.New("without a sandbox commands cannot run as another user")
	}
	home, err := os.MkdirTemp("", "ipw-home-")
	if err != nil {
		return nil, err
	}
	b := &box{spec: s, home: home, dir: s.Workspace}
	if b.dir == "" {
		b.dir = filepath.Join(home, "work")
		err = os.Mkdir(b.dir, 0o755)
	}
	if b.dir, err = absolute(b.dir, err); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func absolute(dir string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// Close has nothing to do.
func (Sandbox) Close() error { return nil }

type box struct {
	spec sandbox.Spec
	home string // temporary
	dir  string // the workspace
}

func (b *box) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	p, err := b.command(c)
	if err != nil {
		return sandbox.Result{}, err
	}
	return process.Run(ctx, p)
}

func (b *box) Start(ctx context.Context, c sandbox.Command) (sandbox.Process, error) {
	p, err := b.command(c)
	if err != nil {
		return nil, err
	}
	return process.Start(p)
}

func (b *box) command(c sandbox.Command) (process.Command, error) {
	if c.User != "" {
		return process.Command{}, errors.New("without a sandbox commands cannot run as another user")
	}
	dir := b.dir
	switch {
	case filepath.IsAbs(c.Dir):
		dir = c.Dir
	case c.Dir != "":
		dir = filepath.Join(dir, c.Dir)
	}
	return process.Ready(c, dir, process.Environ{"PATH": os.Getenv("PATH"), "HOME": b.home}, b.spec.Env), nil
}

// Seal cuts nothing: the bare host's network is the user's own.
func (b *box) Seal(context.Context) error { return nil }

// While is ctx: a directory does not break.
func (b *box) While(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

func (b *box) CopyIn(ctx context.Context, dir string, tar io.Reader) error {
	return process.CopyIn(ctx, b, dir, tar)
}

func (b *box) CopyOut(ctx context.Context, path string) (io.ReadCloser, error) {
	c, err := b.command(process.Packing(path))
	if err != nil {
		return nil, err
	}
	return process.CopyOut(ctx, c), nil
}

func (b *box) Path(name string) string { return filepath.Join(b.dir, name) }

func (b *box) Close() error {
	if err := os.RemoveAll(b.home); err != nil {
		return fmt.Errorf("home directory: %w", err)
	}
	return nil
}

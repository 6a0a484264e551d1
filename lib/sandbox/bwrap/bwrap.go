// Package bwrap is the sandbox of bubblewrap: every command runs in a jail of
// its own, made of this machine's programs, read-only, and of the box's own
// directories. It needs no daemon and no root, and holds less than a container:
// no image, limits by process, and what a command leaves in the background
// ends with it. See docs/sandbox.md.
package bwrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"ipw/lib/sandbox"
)

// Sandbox makes boxes. New makes it.
type Sandbox struct {
	bwrap string // its path
	temp  string // where boxes keep their directories
}

// New finds the programs that are needed, tries them, and removes what dead
// runs have left in the temporary directory.
func New(ctx context.Context) (*Sandbox, error) {
	s := &Sandbox{temp: os.TempDir()}
	for _, name := range []string{"bwrap", "prlimit", "taskset", "setsid", "tar"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, &MissingError{name}
		}
		if name == "bwrap" {
			s.bwrap = path
		}
	}
	if err := s.try(ctx); err != nil {
		return nil, err
	}
	return s, s.sweep()
}

// MissingError is a program that is not there.
type MissingError struct{ Program string }

func (e *MissingError) Error() string { return fmt.Sprintf("%s is not on PATH", e.Program) }

// Hint is how to get it.
func (e *MissingError) Hint() string {
	if e.Program == "bwrap" {
		return "apt-get install bubblewrap (or dnf, pacman, apk add bubblewrap)"
	}
	return "apt-get install util-linux tar"
}

// try runs the smallest jail: a kernel may forbid user namespaces.
func (s *Sandbox) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.bwrap, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "true").CombinedOutput()
	if err != nil {
		return &ForbiddenError{strings.TrimSpace(string(out)), err}
	}
	return nil
}

// ForbiddenError is a machine that does not let bubblewrap make its jail.
type ForbiddenError struct {
	Says string
	Err  error
}

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("bwrap cannot make a jail here: %s", firstOf(e.Says, e.Err.Error()))
}

func (e *ForbiddenError) Unwrap() error { return e.Err }

// Hint is how to permit it.
func (e *ForbiddenError) Hint() string {
	return "sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Kind is "bwrap".
func (*Sandbox) Kind() string { return "bwrap" }

// Close has nothing left to do: boxes keep their own things.
func (*Sandbox) Close() error { return nil }

// defaults of a Spec's zero values.
const (
	defaultMemory = 4 << 30
	defaultDisk   = 20 << 30
	defaultPIDs   = 2048
)

// Open makes the directories of a box.
func (s *Sandbox) Open(_ context.Context, spec sandbox.Spec) (sandbox.Box, error) {
	spec.Memory, spec.Disk, spec.PIDs = or(spec.Memory, defaultMemory), or(spec.Disk, defaultDisk), or(spec.PIDs, defaultPIDs)
	if _, err := uid(spec.User); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.temp, prefix)
	if err != nil {
		return nil, err
	}
	b := &box{bwrap: s.bwrap, spec: spec, dir: dir, group: newGroup(filepath.Base(dir), spec), lost: sandbox.NewLost()}
	if err := b.furnish(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	go b.watch()
	return b, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// box is the directory dir, with the files that its jails see.
type box struct {
	bwrap  string
	spec   sandbox.Spec
	dir    string
	group  group // nil where limits are by process
	sealed atomic.Bool
	lost   sandbox.Lost
}

// furnish makes what jails see of the box: /tmp, /home/user, /etc/passwd.
func (b *box) furnish() error {
	for _, d := range []string{"tmp", "home", "workspace"} {
		if err := os.Mkdir(filepath.Join(b.dir, d), 0o755); err != nil {
			return err
		}
	}
	var err error
	if b.spec.Workspace == "" {
		b.spec.Workspace = filepath.Join(b.dir, "workspace")
	} else if b.spec.Workspace, err = filepath.Abs(b.spec.Workspace); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"owner":  sandbox.Self().String(),
		"passwd": "root:x:0:0:root:/home/user:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
		"group":  "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
	} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Seal leaves later commands without a network. One that runs already keeps
// it.
func (b *box) Seal(context.Context) error {
	b.sealed.Store(!b.spec.Network)
	return b.lost.Err()
}

// While is also the context of every jail.
func (b *box) While(ctx context.Context) (context.Context, func()) { return b.lost.While(ctx) }

func (b *box) Close() error {
	b.lost.Close()
	return errors.Join(b.group.remove(), remove(b.dir))
}

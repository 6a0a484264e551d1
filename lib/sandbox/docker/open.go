package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// defaults of a Spec's zero values.
const (
	defaultMemory = 4 << 30
	defaultDisk   = 20 << 30
	defaultPIDs   = 2048
)

// Open makes a container and starts it.
func (s *Sandbox) Open(ctx context.Context, spec sandbox.Spec) (sandbox.Box, error) {
	spec.Image = or(spec.Image, DefaultImage)
	spec.Memory, spec.Disk, spec.PIDs = or(spec.Memory, defaultMemory), or(spec.Disk, defaultDisk), or(spec.PIDs, defaultPIDs)
	if err := s.Pull(ctx, spec.Image); err != nil {
		return nil, err
	}
	s.again(ctx) // its error is of another box, and comes again at the end
	short, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	image, err := s.api.ImageInspect(short, spec.Image)
	if err != nil {
		return nil, s.wrap(err)
	}
	if image.Config == nil {
		return nil, fmt.Errorf("docker: image %q says nothing of how it is run", spec.Image)
	}
	b := &box{sandbox: s, spec: spec, lost: sandbox.NewLost(), workdir: spec.Workdir, user: spec.User}
	b.settle(image.Config.User, image.Config.WorkingDir)
	if b.network, err = s.joined(short); err != nil {
		return nil, err
	}
	if err := s.create(short, b); err != nil {
		return nil, err
	}
	if err := b.start(short, image.Config.Entrypoint); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// settle finds out where and as whom commands run.
func (b *box) settle(imageUser, imageDir string) {
	if b.workdir == "" {
		b.workdir = sandbox.Workdir
		if b.spec.Workspace == "" {
			b.workdir = or(imageDir, "/")
		}
	}
	if b.user == "" && b.spec.Workspace != "" {
		if b.user = ownerOf(b.spec.Workspace); b.user != "" {
			b.home = "/home/ipw"
		}
	}
	b.user = or(b.user, imageUser)
}

// create makes the container of a box. Where the storage driver does not know
// sizes, which most do not, the box is watched instead.
func (s *Sandbox) create(ctx context.Context, b *box) error {
	config, host, err := b.config()
	if err != nil {
		return err
	}
	name := "ipw-" + strings.Trim(outside.ReplaceAllString(b.spec.Label, "-"), "-.") + "-" + strings.ToLower(mark()[:8])
	for {
		s.mu.Lock()
		b.watched = s.plain
		s.mu.Unlock()
		host.StorageOpt = map[string]string{"size": fmt.Sprint(b.spec.Disk)}
		if b.watched {
			host.StorageOpt = nil
		}
		made, err := s.api.ContainerCreate(ctx, client.ContainerCreateOptions{Name: name, Config: config, HostConfig: host})
		if err == nil {
			b.id = made.ID
			s.mu.Lock()
			s.boxes[b.id] = b
			s.mu.Unlock()
			return nil
		}
		if b.watched || !strings.Contains(strings.ToLower(err.Error()), "storage") {
			return s.wrap(err)
		}
		s.mu.Lock()
		s.plain = true
		s.mu.Unlock()
	}
}

var outside = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

// kept are the capabilities that remain, all within the container: what a
// package manager, a server and a test suite need that run as its root. Gone
// are raw sockets, device files and, with all beyond Docker's own default,
// everything that reaches the kernel.
var kept = []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
	"SYS_CHROOT", "NET_BIND_SERVICE", "AUDIT_WRITE"}

// config is what the daemon is told of the container.
func (b *box) config() (*container.Config, *container.HostConfig, error) {
	s, yes, pids := b.spec, true, int64(b.spec.PIDs)
	config := &container.Config{
		Image: s.Image, User: "0", Labels: b.sandbox.Labels(s.Label), WorkingDir: b.workdir, Hostname: "box",
		Entrypoint: []string{"sh", "-c", keeperScript, "sh"}, Env: environ(s.Env),
		OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true,
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
	}
	host := &container.HostConfig{
		AutoRemove: true, Init: &yes, NetworkMode: container.NetworkMode(b.network),
		CapDrop: []string{"ALL"}, CapAdd: kept, SecurityOpt: []string{"no-new-privileges"},
		LogConfig: container.LogConfig{Type: "none"},
		Resources: container.Resources{NanoCPUs: int64(s.CPUs * 1e9), Memory: s.Memory, MemorySwap: s.Memory, PidsLimit: &pids},
	}
	if s.Workspace != "" {
		dir, err := filepath.Abs(s.Workspace)
		if err != nil {
			return nil, nil, err
		}
		if _, err := os.Stat(dir); err != nil {
			return nil, nil, fmt.Errorf("workspace: %w", err)
		}
		host.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: or(s.Workdir, sandbox.Workdir)}}
	}
	return config, host, nil
}

// start starts the container, holds on to it, and begins what runs in it from
// the start on, behind the image's entrypoint.
func (b *box) start(ctx context.Context, entrypoint []string) error {
	held, err := b.sandbox.api.ContainerAttach(ctx, b.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true})
	if err != nil {
		return b.sandbox.wrap(err)
	}
	b.keeper = newKeeper(held.HijackedResponse)
	if err := b.join(ctx); err != nil {
		return err
	}
	if _, err := b.sandbox.api.ContainerStart(ctx, b.id, client.ContainerStartOptions{}); err != nil {
		return b.sandbox.wrap(err)
	}
	go b.hold()
	if b.watched {
		go b.watch()
	}
	prepare := `mkdir -p "$1"`
	if b.home != "" {
		prepare += ` "$2" && chown "$3" "$2" && chmod 700 "$2"`
	}
	r, err := b.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", prepare, "sh", b.workdir, b.home, b.user}, User: "0", Dir: "/"})
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("docker: the container cannot be made ready: %s", strings.TrimSpace(r.Stderr))
	}
	if err != nil || len(b.spec.Command) == 0 {
		return err
	}
	id, _, err := b.create(ctx, sandbox.Command{Args: slices.Concat(entrypoint, b.spec.Command)}, client.ExecCreateOptions{})
	if err == nil {
		_, err = b.sandbox.api.ExecStart(ctx, id, client.ExecStartOptions{Detach: true})
	}
	return b.sandbox.wrap(err)
}

// Path is what a file below the workspace is called inside.
func (b *box) Path(name string) string { return path.Join(b.workdir, name) }

// wrap tells a daemon that is gone from one that says no.
func (s *Sandbox) wrap(err error) error {
	if err == nil {
		return nil
	}
	if client.IsErrConnectionFailed(err) {
		return &UnreachableError{s.api.DaemonHost(), err}
	}
	return fmt.Errorf("docker: %w", err)
}

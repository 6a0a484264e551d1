// Package docker is the sandbox of the Docker Engine: a container for each box.
//
// A container holds on to the process that made it: its only process of its own
// waits for the end of a connection to that process, and its end removes the
// container. So nothing is left behind however a run dies, as long as the
// daemon lives; what a dead daemon could not remove, the next start does. See
// docs/sandbox.md for what a container holds.
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// DefaultImage is of boxes whose Spec names none: Debian with Python.
const DefaultImage = "python:3.12-slim-bookworm"

// labels of all that is made.
const (
	ownerLabel = "ipw.owner" // a sandbox.Owner
	runLabel   = "ipw.run"
	boxLabel   = "ipw.box" // the Spec's Label
)

// patience is how long the daemon may take for what takes no time.
const patience = time.Minute

// Sandbox makes boxes. New makes it.
type Sandbox struct {
	api   *client.Client
	run   string
	owner sandbox.Owner

	mu      sync.Mutex
	network string             // id of the run's own, "" until a box needs it
	boxes   map[string]*box    // by container id, those not removed yet
	left    map[string]bool    // containers that could not be removed
	making  map[string]*flight // images being built or pulled
	away    time.Time          // since when the daemon is, zero while it answers
	plain   bool               // the storage driver knows no size of a container
}

var _ sandbox.Images = (*Sandbox)(nil)

// New finds the daemon and removes what dead runs have left there. run is the
// label of what is made.
func New(ctx context.Context, run string) (*Sandbox, error) { return newAt(ctx, "", run) }

// newAt is of a daemon at a socket of its own, "" for the usual one.
func newAt(ctx context.Context, host, run string) (*Sandbox, error) {
	opts := []client.Opt{client.FromEnv}
	if host == "" {
		host = socket()
	}
	if host != "" {
		opts = append(opts, client.WithHost(host))
	}
	api, err := client.New(opts...)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	s := &Sandbox{api: api, run: run, owner: sandbox.Self(),
		boxes: map[string]*box{}, left: map[string]bool{}, making: map[string]*flight{}}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := api.Ping(short, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return nil, &UnreachableError{api.DaemonHost(), err}
	}
	return s, s.sweep(short)
}

// socket is where the daemon listens if DOCKER_HOST does not say so: the
// system's, a rootless one's, or Docker Desktop's.
func socket() string {
	if os.Getenv(client.EnvOverrideHost) != "" {
		return ""
	}
	home, _ := os.UserHomeDir()
	for _, path := range []string{"/var/run/docker.sock", filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "docker.sock"),
		filepath.Join(home, ".docker/run/docker.sock")} {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			return "unix://" + path
		}
	}
	return ""
}

// UnreachableError is a daemon that does not answer.
type UnreachableError struct {
	Host string
	Err  error
}

func (e *UnreachableError) Error() string {
	if errors.Is(e.Err, os.ErrPermission) {
		return fmt.Sprintf("docker: no permission to use %s", e.Host)
	}
	return fmt.Sprintf("docker: no daemon answers at %s", e.Host)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is how to get one.
func (e *UnreachableError) Hint() string {
	if errors.Is(e.Err, os.ErrPermission) {
		return "sudo usermod -aG docker $USER && newgrp docker"
	}
	return "systemctl start docker (to install it: https://docs.docker.com/engine/install, or apt-get install docker.io)"
}

// Kind is "docker".
func (*Sandbox) Kind() string { return "docker" }

// Close removes what is left: boxes that were not closed, the run's network.
func (s *Sandbox) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.mu.Lock()
	var open []*box
	for _, b := range s.boxes {
		open = append(open, b)
	}
	s.mu.Unlock()
	var errs []error
	for _, b := range open {
		b.Close() // its error is told of below
	}
	errs = append(errs, s.again(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.network != "" {
		if _, err := s.api.NetworkRemove(ctx, s.network, client.NetworkRemoveOptions{}); err != nil && !errdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("docker: network of the run: %w", err))
		}
		s.network = ""
	}
	return errors.Join(append(errs, s.api.Close())...)
}

// again tries to remove the containers that could not be removed, as while the
// daemon was away.
func (s *Sandbox) again(ctx context.Context) error {
	s.mu.Lock()
	var ids []string
	for id := range s.left {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	var errs []error
	for _, id := range ids {
		errs = append(errs, s.remove(ctx, id))
	}
	return errors.Join(errs...)
}

// remove removes a container, and remembers it if that cannot be done.
func (s *Sandbox) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // a conflict: it is being removed
		err = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.boxes, id)
	if err != nil {
		s.left[id] = true
		return fmt.Errorf("docker: container %.12s: %w", id, err)
	}
	delete(s.left, id)
	return nil
}

// Labels are what a later start knows by whose a thing is.
func (s *Sandbox) Labels(box string) map[string]string {
	return map[string]string{ownerLabel: s.owner.String(), runLabel: s.run, boxLabel: box}
}

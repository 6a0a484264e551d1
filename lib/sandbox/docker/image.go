package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
	"ipw/lib/stream"
)

// flight is an image on its way. Whoever wants it too waits for it.
type flight struct {
	done chan struct{}
	err  error
}

// once makes an image unless it is there or on its way.
func (s *Sandbox) once(ctx context.Context, image string, bring func() error) error {
	for {
		s.mu.Lock()
		f, flying := s.making[image]
		if !flying {
			f = &flight{done: make(chan struct{})}
			s.making[image] = f
		}
		s.mu.Unlock()
		if !flying {
			if f.err = s.await(ctx); f.err == nil {
				f.err = s.missing(ctx, image)
			}
			if errdefs.IsNotFound(f.err) {
				f.err = bring()
			}
			s.mu.Lock()
			delete(s.making, image)
			s.mu.Unlock()
			close(f.done)
			return f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if f.err == nil || !errors.Is(f.err, context.Canceled) { // the other's end is not ours
			return f.err
		}
	}
}

func (s *Sandbox) missing(ctx context.Context, image string) error {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.api.ImageInspect(short, image)
	return s.wrap(err)
}

// Pull sees to it that an image is there.
func (s *Sandbox) Pull(ctx context.Context, image string) error {
	return s.once(ctx, image, func() error {
		r, err := s.api.ImagePull(ctx, image, client.ImagePullOptions{})
		if err == nil {
			err = r.Wait(ctx)
		}
		if err != nil {
			return &PullError{image, s.wrap(err)}
		}
		return nil
	})
}

// PullError is an image that is not here and cannot be had.
type PullError struct {
	Image string
	Err   error
}

func (e *PullError) Error() string { return fmt.Sprintf("image %q is not here: %v", e.Image, e.Err) }
func (e *PullError) Unwrap() error { return e.Err }

// Hint is how to see for oneself.
func (e *PullError) Hint() string { return "docker pull " + e.Image }

// Build builds a directory, once for each content.
func (s *Sandbox) Build(ctx context.Context, b sandbox.Build) (string, error) {
	b.Dockerfile = or(b.Dockerfile, "Dockerfile")
	files, err := contextOf(b)
	if err != nil {
		return "", fmt.Errorf("image of %s: %w", b.Name, err)
	}
	sum, err := digest(b, files)
	if err != nil {
		return "", fmt.Errorf("image of %s: %w", b.Name, err)
	}
	image := "ipw/" + strings.Trim(strings.ToLower(outside.ReplaceAllString(b.Name, "-")), "-._") + ":" + sum
	err = s.once(ctx, image, func() error { return s.build(ctx, b, image, files) })
	if err != nil {
		return "", fmt.Errorf("image of %s: %w", b.Name, err)
	}
	return image, nil
}

// lastWords is how much of what a build says stands in its error, in bytes.
const lastWords = 2000

// build has the daemon build an image. Dockerfiles that need BuildKit, which
// cannot be asked for in one request, are left to the docker command.
func (s *Sandbox) build(ctx context.Context, b sandbox.Build, image string, files []entry) error {
	said := sandbox.NewOutput(1 << 16)
	var log io.Writer = said
	if b.Log != nil {
		log = io.MultiWriter(said, b.Log)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(pack(w, files)) }()
	defer r.Close()
	args := map[string]*string{}
	for k, v := range b.Args {
		args[k] = &v
	}
	built, err := s.api.ImageBuild(ctx, r, client.ImageBuildOptions{
		Tags: []string{image}, Dockerfile: b.Dockerfile, BuildArgs: args, Context: r, Remove: true, ForceRemove: true,
		Labels: map[string]string{runLabel: s.run}, Version: "1",
	})
	if err != nil {
		return s.wrap(err)
	}
	defer built.Body.Close()
	err = told(built.Body, log)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case strings.Contains(err.Error(), "BuildKit"):
		return s.buildKit(ctx, b, image)
	}
	return fmt.Errorf("%w\n%s", err, stream.Clip(strings.TrimSpace(said.String()), lastWords))
}

// told copies what a build says, and returns the error that it ends with.
func told(messages io.Reader, log io.Writer) error {
	for d := json.NewDecoder(messages); ; {
		var m jsonstream.Message
		if err := d.Decode(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		io.WriteString(log, m.Stream)
	}
}

// buildKit builds with the docker command.
func (s *Sandbox) buildKit(ctx context.Context, b sandbox.Build, image string) error {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return errors.New("its Dockerfile needs BuildKit, and so the docker command with its buildx plugin on PATH")
	}
	args := []string{"build", "--tag", image, "--file", b.Dockerfile, "--label", runLabel + "=" + s.run}
	for k, v := range b.Args {
		args = append(args, "--build-arg", k+"="+v)
	}
	cmd := exec.CommandContext(ctx, docker, append(args, ".")...)
	cmd.Dir = b.Dir
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1", "DOCKER_HOST="+s.api.DaemonHost())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("docker build: %w\n%s", err, stream.Clip(strings.TrimSpace(said.String()), lastWords))
	}
	return nil
}

package testbed

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ipw/lib/agent"
	"ipw/lib/sandbox"
	"ipw/lib/stream"
	"ipw/lib/terminalbench"
)

// ComposeError is a task of several containers where docker compose is missing.
type ComposeError struct{ Containers int }

func (e *ComposeError) Error() string {
	return fmt.Sprintf("the task has %d containers, and docker compose, which makes them, is not on PATH", e.Containers)
}

// Hint is what a user may type next.
func (e *ComposeError) Hint() string {
	return "apt-get install docker-compose-plugin   (or docker-compose; or https://docs.docker.com/compose/install)"
}

// composeCommand is docker compose, of either generation.
func composeCommand(ctx context.Context) []string {
	for _, words := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if exec.CommandContext(ctx, words[0], append(words[1:], "version")...).Run() == nil {
			return words
		}
	}
	return nil
}

// project is the containers of a task beside the agent's. Those are docker
// compose's; the agent's is a box as any other, in their network.
type project struct {
	command []string
	name    string
	task    *terminalbench.Task
	extra   string // a file with our labels
}

// downTime is how long the containers may take to go.
const downTime = 2 * time.Minute

// openComposed makes the place of a task of several containers.
func (b *Bed) openComposed(ctx context.Context, q *agent.Query, t *terminalbench.Task, images sandbox.Images) (*agent.Place, error) {
	command := composeCommand(ctx)
	if command == nil {
		return nil, &ComposeError{1 + len(t.Others)}
	}
	image, err := b.image(ctx, images, t)
	if err != nil {
		return nil, err
	}
	label := fmt.Sprintf("%s.%d", agent.FolderName(q.ID), q.Attempt)
	pr := &project{command: command, name: projectName(label), task: t}
	place := &agent.Place{Close: pr.down}
	if err := pr.up(ctx, images.Labels(label)); err != nil {
		return place, err
	}
	spec := b.spec(t, image)
	spec.Joins, spec.Alias = pr.name+"_default", t.Main
	p, err := b.box(ctx, q, spec)
	if p == nil {
		return place, err
	}
	closeBox := p.Close
	p.Close = func() error { return errors.Join(closeBox(), pr.down()) }
	if err == nil {
		err = b.ready(ctx, q, t, p)
	}
	return p, err
}

// projectName is unique on this machine, and of characters that compose takes.
func projectName(label string) string {
	return fmt.Sprintf("ipw-%s-%d-%x", plain(label), os.Getpid(), time.Now().UnixNano())
}

// plain leaves of a text the small letters and digits.
func plain(s string) string {
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}
	return strings.Trim(strings.Map(safe, strings.ToLower(s)), "-")
}

// up starts the other containers. Their network leads nowhere if the task has
// none.
func (p *project) up(ctx context.Context, labels map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, p.task.BuildTimeout)
	defer cancel()
	services := map[string]any{}
	for _, name := range p.task.Others {
		s := map[string]any{"labels": labels}
		if slices.Contains(p.task.Unnamed, name) {
			s["image"] = p.image(name)
		}
		services[name] = s
	}
	extra := map[string]any{"services": services,
		"networks": map[string]any{"default": map[string]any{"labels": labels, "internal": !p.task.WantsNetwork}}}
	b, err := json.Marshal(extra) // JSON is YAML
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "ipw-compose-*.yaml")
	if err != nil {
		return err
	}
	p.extra = f.Name()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return p.run(ctx, append([]string{"up", "-d", "--build"}, p.task.Others...)...)
}

// image is the name of one that is built. It is the same each time, so that what
// has not changed is not built again, and no images pile up.
func (p *project) image(service string) string {
	sum := sha256.Sum256([]byte(p.task.ComposeFile))
	return fmt.Sprintf("ipw/%s-%s:%x", plain(p.task.ID), plain(service), sum[:8])
}

// down removes the containers with their network and volumes.
func (p *project) down() error {
	if p.extra == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), downTime)
	defer cancel()
	return errors.Join(p.run(ctx, "down", "-v", "--remove-orphans", "-t", "1"), os.Remove(p.extra))
}

// run runs docker compose, which sees of the environment only what it needs.
func (p *project) run(ctx context.Context, args ...string) error {
	words := append([]string{}, p.command...)
	words = append(words, "-p", p.name, "--project-directory", filepath.Dir(p.task.ComposeFile), "-f", p.task.ComposeFile, "-f", p.extra)
	words = append(words, args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = filepath.Dir(p.task.ComposeFile)
	for _, name := range []string{"PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	for k, v := range p.task.Variables() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("docker compose %s: %w: %s", args[0], err, stream.Clip(strings.TrimSpace(string(out)), 2000))
	}
	return nil
}

//go:build docker

package docker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/docker/dockerd"
)

// newDaemon starts a daemon that the test may kill.
func newDaemon(t *testing.T) *dockerd.Daemon {
	d, err := dockerd.New(base)
	if err == dockerd.ErrCannot {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func left(t *testing.T, d *dockerd.Daemon) []string {
	t.Helper()
	ids, err := d.Left()
	if err != nil {
		t.Error(err)
	}
	return ids
}

// TestDaemonDies: the daemon is killed in the middle of a command. What runs
// ends with an error that says so, what comes next fails at once, and when it
// is back the run goes on, and nothing is left behind.
func TestDaemonDies(t *testing.T) {
	d := newDaemon(t)
	s, err := newAt(t.Context(), d.Host, "dies")
	if err != nil {
		t.Fatal(err)
	}
	spec := sandbox.Spec{Image: base, Workspace: t.TempDir()}
	b, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Start(t.Context(), sandbox.Command{Args: []string{"sh"}})
	if err != nil {
		t.Fatal(err)
	}
	dead := make(chan error)
	go func() {
		time.Sleep(2 * time.Second)
		dead <- d.Kill()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var away *UnreachableError
	if r, err := b.Exec(ctx, sandbox.Command{Args: []string{"sleep", "600"}}); !errors.As(err, &away) {
		t.Errorf("a command: %+v, %v", r, err)
	}
	if _, err := p.Wait(); !errors.As(err, &away) {
		t.Errorf("a terminal: %v", err)
	}
	if _, err := b.Exec(ctx, sandbox.Command{Args: []string{"true"}}); !errors.As(err, &away) {
		t.Errorf("the next command: %v", err)
	}
	if err := b.Seal(ctx); !errors.As(err, &away) {
		t.Errorf("seal: %v", err)
	}
	if err := b.Close(); err != nil { // it is removed later
		t.Error(err)
	}
	if ctx.Err() != nil {
		t.Error("it hung")
	}
	short, over := context.WithTimeout(t.Context(), 2*time.Second)
	defer over()
	if _, err := s.Open(short, spec); !errors.As(err, &away) {
		t.Errorf("the next box: %v", err)
	}

	if err := errors.Join(<-dead, d.Start()); err != nil {
		t.Fatal(err)
	}
	next, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := next.Exec(t.Context(), sandbox.Command{Args: []string{"echo", "on it goes"}}); r.Stdout != "on it goes\n" {
		t.Errorf("%+v, %v", r, err)
	}
	if ids := left(t, d); len(ids) != 2 { // the next box and the network
		t.Errorf("there are %v", ids)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if ids := left(t, d); len(ids) > 0 {
		t.Errorf("left behind: %s", ids)
	}
}

// TestOwnerDies: a run that is killed leaves no container, and the next start
// removes its network.
func TestOwnerDies(t *testing.T) {
	if os.Getenv("IPW_TEST_OWNER") != "" {
		s, err := New(t.Context(), "owner")
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(t.Context(), sandbox.Spec{Image: base})
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(os.Getenv("IPW_TEST_OWNER"), []byte(b.(*box).id+" "+s.network), 0o644)
		b.Exec(t.Context(), sandbox.Command{Args: []string{"sleep", "600"}})
		return
	}
	note := filepath.Join(t.TempDir(), "note")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestOwnerDies$")
	cmd.Env = append(os.Environ(), "IPW_TEST_OWNER="+note)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for len(ids) < 2 {
		time.Sleep(100 * time.Millisecond)
		text, _ := os.ReadFile(note)
		ids = strings.Fields(string(text))
	}
	time.Sleep(time.Second) // the command begins
	cmd.Process.Kill()
	cmd.Wait()
	api := engine(t).api // a start: it sweeps
	for range 300 {
		if _, err := api.ContainerInspect(t.Context(), ids[0], client.ContainerInspectOptions{}); err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := api.ContainerInspect(t.Context(), ids[0], client.ContainerInspectOptions{}); err == nil {
		t.Error("the container lives on")
	}
	if _, err := api.NetworkInspect(t.Context(), ids[1], client.NetworkInspectOptions{}); err == nil {
		engine(t) // it may have had its container still
		if _, err := api.NetworkInspect(t.Context(), ids[1], client.NetworkInspectOptions{}); err == nil {
			t.Error("the network is left")
		}
	}
}

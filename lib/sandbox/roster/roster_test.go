package roster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipw/lib/sandbox/bwrap"
	"ipw/lib/sandbox/docker"
)

// bare makes this a machine without a sandbox.
func bare(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
}

func TestAutoIsNeverNone(t *testing.T) {
	bare(t)
	s, err := New(t.Context(), Auto, "r")
	var daemon *docker.UnreachableError
	var program *bwrap.MissingError
	if s != nil || !errors.As(err, &daemon) || !errors.As(err, &program) {
		t.Fatalf("%v, %v", s, err)
	}
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) {
		t.Fatal("no hint")
	}
	for _, word := range []string{"docker", "bubblewrap", "--sandbox none"} {
		if !strings.Contains(hint.Hint(), word) {
			t.Errorf("%q says nothing of %s", hint.Hint(), word)
		}
	}
}

func TestByName(t *testing.T) {
	bare(t)
	for _, kind := range []string{"docker", "bwrap"} {
		if s, err := New(t.Context(), kind, "r"); s != nil || err == nil {
			t.Errorf("%s: %v, %v", kind, s, err)
		}
	}
	if s, err := New(t.Context(), None, "r"); err != nil || s.Kind() != "none" {
		t.Errorf("none: %v", err)
	}
	var name *NameError
	if _, err := New(t.Context(), "podman", "r"); !errors.As(err, &name) || !name.Usage() {
		t.Errorf("%v", err)
	}
}

// TestAutoTakesTheNext: without a daemon it is bwrap where there is one.
func TestAutoTakesTheNext(t *testing.T) {
	path := os.Getenv("PATH")
	bare(t)
	t.Setenv("PATH", path)
	if _, err := New(t.Context(), "bwrap", "r"); err != nil {
		t.Skip(err)
	}
	if s, err := New(t.Context(), Auto, "r"); err != nil || s.Kind() != "bwrap" {
		t.Errorf("%v", err)
	}
}

package terminus

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/host"
)

// rootBox is a box of this machine that takes whoever runs the test for root.
type rootBox struct{ sandbox.Box }

func (b rootBox) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	c.User = ""
	return b.Box.Exec(ctx, c)
}

// bareBox is one whose PATH holds nothing but some programs, by their scripts.
func bareBox(t *testing.T, programs map[string]string) sandbox.Box {
	bin := t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sh, filepath.Join(bin, "sh")); err != nil {
		t.Fatal(err)
	}
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!"+sh+"\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	b, err := host.Sandbox{}.Open(t.Context(), sandbox.Spec{Workspace: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return rootBox{b}
}

// TestPrepare: tmux is installed by whatever package manager there is, and where
// it cannot be the error says why, and what to do.
func TestPrepare(t *testing.T) {
	const made = `echo "$0 $*" >>"${0%/*}/calls"; echo "#!/bin/sh" >"${0%/*}/tmux"; /bin/chmod +x "${0%/*}/tmux"`
	for _, test := range []struct {
		programs map[string]string
		want     string // calls, or the error
	}{
		{map[string]string{"apt-get": made}, "apt-get update -q\napt-get install -qy --no-install-recommends tmux\n"},
		{map[string]string{"apk": made}, "apk add --no-cache tmux\n"},
		{map[string]string{"dnf": made, "yum": "exit 1"}, "dnf install -qy tmux\n"},
		{map[string]string{"tmux": "exit 0", "apk": made}, ""},
		{map[string]string{"apk": "echo no network >&2; exit 1"}, "cannot be installed there: no network"},
		{nil, "cannot be installed there: there is no apt-get, apk, dnf, yum, zypper or pacman"},
	} {
		box := bareBox(t, test.programs)
		bin := os.Getenv("PATH")
		err := (&Agent{}).Prepare(t.Context(), box)
		calls, _ := os.ReadFile(filepath.Join(bin, "calls"))
		got := strings.ReplaceAll(string(calls), bin+"/", "")
		if err != nil {
			var no *NoTmuxError
			if got = err.Error(); !errors.As(err, &no) || no.Hint() == "" {
				t.Errorf("%v", err)
			}
		}
		if got != test.want && (err == nil || !strings.HasSuffix(got, test.want)) {
			t.Errorf("%v: %q, want %q", test.programs, got, test.want)
		}
	}
}

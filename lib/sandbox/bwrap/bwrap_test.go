package bwrap

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/conform"
)

// jails is the sandbox, where there is one.
func jails(t *testing.T) *Sandbox {
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Skip("no bwrap on this machine")
	}
	s, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBox(t *testing.T) { conform.Test(t, jails(t), sandbox.Spec{}) }

func open(t *testing.T, spec sandbox.Spec) *box {
	b, err := jails(t).Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.(*box)
}

func sh(t *testing.T, b sandbox.Box, script string) sandbox.Result {
	t.Helper()
	r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"sh", "-c", script}, Timeout: time.Minute})
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return r
}

const greedy = `exec awk 'BEGIN { s = "x"; while (length(s) < 500000000) s = s s; exit 0 }'`

// TestHolds: what a command cannot do.
func TestHolds(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, sandbox.Spec{PIDs: 50, Memory: 256 << 20, CPUs: 0.5})
	if err := b.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"read the host's files": "cat " + secret,
		"read the host's home":  "ls /root",
		"write into the system": "touch /usr/x",
		"become another":        "chown 0:0 /tmp",
		"mount":                 "mount -t tmpfs none /tmp",
		"find a way out":        "cat /proc/net/route | grep -v ^Iface",
		"fork for ever":         "i=0; while [ $i -lt 200 ]; do sleep 20 & i=$((i+1)); done; [ $(ls -d /proc/[0-9]* | wc -l) -gt 60 ]",
		"take all memory":       greedy,
	} {
		if r := sh(t, b, script); r.Code == 0 {
			t.Errorf("it can %s: %+v", name, r)
		}
	}
	if r := sh(t, b, "ls /proc/sys/net/ipv4/conf; ls -d /proc/[0-9]* | wc -l"); !strings.HasPrefix(r.Stdout, "all\ndefault\nlo\n") || len(r.Stdout) > len("all\ndefault\nlo\n9\n") {
		t.Errorf("it sees: %+v", r)
	}
}

// TestLimitsByProcess: what holds where no group can be made.
func TestLimitsByProcess(t *testing.T) {
	b := open(t, sandbox.Spec{Memory: 64 << 20, CPUs: 0.5, PIDs: 77})
	if err := b.group.remove(); err != nil {
		t.Fatal(err)
	}
	b.group = nil
	if r := sh(t, b, greedy); r.Code == 0 {
		t.Errorf("%+v", r)
	}
	if r := sh(t, b, "nproc; prlimit --nproc --noheadings --output SOFT"); strings.Fields(r.Stdout)[0] != "1" || strings.Fields(r.Stdout)[1] != "77" {
		t.Errorf("%+v", r)
	}
}

// TestSeal: the network is there before it and not after.
func TestSeal(t *testing.T) {
	const devices = "tail -n +3 /proc/net/dev"
	b, open := open(t, sandbox.Spec{}), open(t, sandbox.Spec{Network: true})
	host, err := exec.Command("sh", "-c", devices+" | cut -d: -f1").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []sandbox.Box{b, open} {
		if r := sh(t, x, devices+" | cut -d: -f1"); r.Stdout != string(host) {
			t.Errorf("before: %q, the host has %q", r.Stdout, host)
		}
		if err := x.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r := sh(t, b, devices); strings.Count(r.Stdout, ":") != 1 || !strings.Contains(r.Stdout, "lo:") {
		t.Errorf("sealed: %q", r.Stdout)
	}
	if r := sh(t, open, devices+" | cut -d: -f1"); r.Stdout != string(host) {
		t.Errorf("kept open: %q", r.Stdout)
	}
}

// TestDisk: many files instead of one big one end the box.
func TestDisk(t *testing.T) {
	b := open(t, sandbox.Spec{Disk: 8 << 20})
	while, done := b.While(t.Context())
	defer done()
	r, err := b.Exec(t.Context(), sandbox.Command{Timeout: time.Minute,
		Args: []string{"sh", "-c", "i=0; while [ $i -lt 16 ]; do head -c 1M /dev/zero >/tmp/$i; i=$((i+1)); done; sleep 100"}})
	if err == nil || !strings.Contains(err.Error(), "allowed") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, again := b.Exec(t.Context(), sandbox.Command{Args: []string{"true"}}); again == nil || again.Error() != err.Error() {
		t.Errorf("later: %v", again)
	}
	<-while.Done()
	var lost *sandbox.LostError
	if !errors.As(context.Cause(while), &lost) {
		t.Errorf("what goes on while it is whole ends with %v", context.Cause(while))
	}
}

// TestSweep: a dead run's box goes, a living one's stays, and so does what is
// nobody's.
func TestSweep(t *testing.T) {
	s := jails(t)
	s.temp = t.TempDir()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := sandbox.Self()
	dead.PID = gone.Process.Pid
	for name, owner := range map[string]string{"dead": dead.String(), "living": sandbox.Self().String(), "strange": "x"} {
		dir := filepath.Join(s.temp, prefix+name, "locked")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "f"), nil, 0o644)
		os.Chmod(dir, 0)
		os.WriteFile(filepath.Join(s.temp, prefix+name, "owner"), []byte(owner), 0o644)
	}
	if err := s.sweep(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(s.temp, "*"))
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if got := strings.Join(left, " "); got != prefix+"living "+prefix+"strange" {
		t.Errorf("left: %s", got)
	}
	for _, name := range left {
		os.Chmod(filepath.Join(s.temp, name, "locked"), 0o755)
	}
}

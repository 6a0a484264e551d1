//go:build docker

package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/conform"
)

// base is an image that scripts/docker-up makes.
const base = "ipw-test-base"

func engine(t *testing.T) *Sandbox {
	s, err := New(t.Context(), t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t *testing.T, s *Sandbox, spec sandbox.Spec) *box {
	t.Helper()
	spec.Image = or(spec.Image, base)
	b, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.(*box)
}

func run(t *testing.T, b sandbox.Box, c sandbox.Command) sandbox.Result {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Minute
	}
	r, err := b.Exec(t.Context(), c)
	if err != nil {
		t.Fatalf("%q: %v", c.Args, err)
	}
	return r
}

func sh(t *testing.T, b sandbox.Box, script string) sandbox.Result {
	t.Helper()
	return run(t, b, sandbox.Command{Args: []string{"sh", "-c", script}})
}

func TestBox(t *testing.T) { conform.Test(t, engine(t), sandbox.Spec{Image: base}) }

// TestHolds: what a command cannot do, though it is root in its container.
func TestHolds(t *testing.T) {
	b := open(t, engine(t), sandbox.Spec{PIDs: 60, Memory: 64 << 20, CPUs: 0.5})
	if err := b.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"mount":           "mount -t tmpfs none /mnt",
		"make a device":   "mknod /tmp/sda b 8 0",
		"use raw sockets": `perl -MSocket -e 'socket(my $s, PF_INET, SOCK_RAW, 1) or die'`,
		"reach Docker":    "ls /var/run/docker.sock",
		"trace the kernel": `perl -e 'exit(0) if kill(0, 2); die' && [ -w /proc/sys/kernel/core_pattern ] &&
			echo x >/proc/sys/kernel/core_pattern`,
		"gain privileges": "grep -q 'NoNewPrivs:.*0' /proc/self/status",
		"take all memory": `exec perl -e 'my $s = "x" x 400_000_000; print length $s'`,
		"set the clock":   "date -s 2001-01-01",
		"resolve a name":  "getent hosts example.com",
		"leave by a way":  "grep -v '^Iface' /proc/net/route",
	} {
		if r := sh(t, b, script); r.Code == 0 {
			t.Errorf("it can %s: %+v", name, r)
		}
	}
	// and what it can: become another user, own files, listen on the loopback
	if r := sh(t, b, `touch /tmp/f && chown 1234:1234 /tmp/f && su -s /bin/sh nobody -c 'id -u' && perl -MIO::Socket::INET -e '
		my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:80") or die $@;
		my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1:80") or die $@; print "loopback\n"'`); r.Code != 0 || !strings.HasSuffix(r.Stdout, "loopback\n") {
		t.Errorf("%+v", r)
	}
	about, err := b.sandbox.api.ContainerInspect(t.Context(), b.id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if h := about.Container.HostConfig; h.NanoCPUs != 5e8 || h.Memory != 64<<20 || h.MemorySwap != 64<<20 || *h.PidsLimit != 60 || h.Privileged {
		t.Errorf("%+v", h)
	}
}

// TestSeal: setup has a network, the agent has none unless it may.
func TestSeal(t *testing.T) {
	s := engine(t)
	const ways = "cat /proc/net/route | grep -c eth0"
	shut, kept := open(t, s, sandbox.Spec{}), open(t, s, sandbox.Spec{Network: true})
	for _, b := range []*box{shut, kept} {
		if r := sh(t, b, ways); r.Code != 0 {
			t.Errorf("before: %+v", r)
		}
		for range 2 {
			if err := b.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := sh(t, shut, ways); r.Code == 0 {
		t.Errorf("sealed: %+v", r)
	}
	if r := sh(t, kept, ways); r.Code != 0 {
		t.Errorf("kept open: %+v", r)
	}
}

// TestDroppedMark: a child that drops its variables, session and parent dies
// with its command all the same, and an older one of another command does not.
func TestDroppedMark(t *testing.T) {
	b := open(t, engine(t), sandbox.Spec{})
	const daemon = `(env -i setsid sh -c 'while :; do echo x >>/tmp/%s; sleep 0.1; done' >/dev/null 2>&1 </dev/null &)`
	sh(t, b, fmt.Sprintf(daemon, "older")+"; sleep 0.1")
	r := run(t, b, sandbox.Command{Args: []string{"sh", "-c", fmt.Sprintf(daemon, "younger") + "; sleep 600"}, Timeout: 2 * time.Second})
	if !r.TimedOut {
		t.Errorf("%+v", r)
	}
	const sizes = "wc -c </tmp/older; wc -c </tmp/younger"
	before := strings.Fields(sh(t, b, sizes).Stdout)
	time.Sleep(time.Second)
	after := strings.Fields(sh(t, b, sizes).Stdout)
	if len(before) != 2 || len(after) != 2 || before[0] == after[0] || before[1] != after[1] {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestForkBomb: a command that leaves no process for anybody else is stopped
// by its time limit.
func TestForkBomb(t *testing.T) {
	b := open(t, engine(t), sandbox.Spec{PIDs: 50})
	r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"perl", "-e", "while (1) { fork }"}, Timeout: 2 * time.Second})
	if !r.TimedOut || err != nil {
		t.Errorf("%+v, %v", r, err)
	}
	// and one whose children are left where its time was not over
	sh(t, b, "i=0; while [ $i -lt 100 ]; do sleep 600 & i=$((i+1)); done")
	if r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"echo", "on it goes"}}); r.Stdout != "on it goes\n" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestUser: commands run as the image's user, the Spec's or their own.
func TestUser(t *testing.T) {
	s := engine(t)
	image, err := s.Build(t.Context(), sandbox.Build{Name: "test user", Dir: dockerfile(t, "FROM "+base+"\nRUN useradd -m someone\nUSER someone\nWORKDIR /srv\n")})
	if err != nil {
		t.Fatal(err)
	}
	const who = "id -un; echo $HOME; pwd"
	if r := sh(t, open(t, s, sandbox.Spec{Image: image}), who); r.Stdout != "someone\n/home/someone\n/srv\n" {
		t.Errorf("%+v", r)
	}
	b := open(t, s, sandbox.Spec{Image: image, User: "nobody", Workdir: "/tmp/new"})
	if r := sh(t, b, who); !strings.HasPrefix(r.Stdout, "nobody\n") || !strings.HasSuffix(r.Stdout, "\n/tmp/new\n") {
		t.Errorf("%+v", r)
	}
	if r := run(t, b, sandbox.Command{Args: []string{"id", "-u"}, User: "root"}); r.Stdout != "0\n" {
		t.Errorf("%+v", r)
	}
	// a workspace of somebody whom the image does not know
	dir := t.TempDir()
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 4321, 4322); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Dir(dir), 0o755)
		w := open(t, s, sandbox.Spec{Workspace: dir})
		if r := sh(t, w, "id -u; touch made $HOME/made && stat -c %u:%g made"); r.Stdout != "4321\n4321:4322\n" {
			t.Errorf("%+v", r)
		}
	}
}

// TestCommand: what runs in the box from the start on, behind the image's
// entrypoint.
func TestCommand(t *testing.T) {
	s := engine(t)
	image, err := s.Build(t.Context(), sandbox.Build{Name: "test-command", Dir: dockerfile(t, `FROM `+base+`
ENTRYPOINT ["sh", "-c", "echo \"$0 $1\" >/tmp/served; exec sleep 600"]
`)})
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, s, sandbox.Spec{Image: image, Command: []string{"serve", "it"}})
	if r := sh(t, b, "until [ -s /tmp/served ]; do sleep 0.1; done; cat /tmp/served"); r.Stdout != "serve it\n" {
		t.Errorf("%+v", r)
	}
}

func dockerfile(t *testing.T, text string) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestBuild: the same content is built once, ignored files make no difference,
// others and arguments do; a failure says why.
func TestBuild(t *testing.T) {
	s := engine(t)
	dir := dockerfile(t, "FROM "+base+"\nARG WHAT=none\nCOPY . /ctx\nRUN echo $WHAT >/what\n")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(".dockerignore", "*.log\n")
	write("a", "1")
	write("b.log", "1")
	build := func(args map[string]string) string {
		t.Helper()
		image, err := s.Build(t.Context(), sandbox.Build{Name: "test-build", Dir: dir, Args: args})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.api.ImageRemove(context.Background(), image, client.ImageRemoveOptions{}) })
		return image
	}
	first := build(nil)
	write("b.log", "2")
	if again := build(nil); again != first {
		t.Error("an ignored file makes another image")
	}
	if other := build(map[string]string{"WHAT": "some"}); other == first {
		t.Error("an argument makes no other image")
	} else if r := sh(t, open(t, s, sandbox.Spec{Image: other}), "cat /what /ctx/a; ls /ctx"); r.Stdout != "some\n1Dockerfile\na\n" {
		t.Errorf("%+v", r)
	}
	write("a", "2")
	if other := build(nil); other == first {
		t.Error("a file makes no other image")
	}
	_, err := s.Build(t.Context(), sandbox.Build{Name: "broken", Dir: dockerfile(t, "FROM "+base+"\nRUN echo why it fails >&2; exit 5\n")})
	if err == nil || !strings.Contains(err.Error(), "why it fails") || !strings.Contains(err.Error(), "5") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Build(t.Context(), sandbox.Build{Name: "none", Dir: t.TempDir()}); err == nil {
		t.Error("an empty directory can be built")
	}
}

func TestNoImage(t *testing.T) {
	_, err := engine(t).Open(t.Context(), sandbox.Spec{Image: "127.0.0.1:1/no/such:image"})
	var pull *PullError
	if !errors.As(err, &pull) {
		t.Errorf("%v", err)
	}
}

// TestDisk: what is written outside of the workspace is limited, by the driver
// or by a look at it.
func TestDisk(t *testing.T) {
	b := open(t, engine(t), sandbox.Spec{Disk: 64 << 20})
	r := sh(t, b, "head -c 100M /dev/zero >/tmp/big")
	if !b.watched {
		if r.Code == 0 {
			t.Errorf("%+v", r)
		}
		return
	}
	b.weigh()
	_, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"true"}})
	if err == nil || !strings.Contains(err.Error(), "allowed") {
		t.Errorf("%v", err)
	}
}

// TestBoxEnds: a box whose container goes away fails, and does not hang.
func TestBoxEnds(t *testing.T) {
	b := open(t, engine(t), sandbox.Spec{})
	p, err := b.Start(t.Context(), sandbox.Command{Args: []string{"sh"}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(time.Second)
		exec.Command("docker", "kill", b.id).Run()
	}()
	if r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"sleep", "1000"}}); !errors.Is(err, errEnded) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := p.Wait(); err != nil && !errors.Is(err, errEnded) {
		t.Errorf("%v", err)
	}
	if err := b.Seal(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("%v", err)
	}
	if err := b.CopyIn(t.Context(), "/x", emptyTar()); !errors.Is(err, errEnded) {
		t.Errorf("%v", err)
	}
}

func emptyTar() *bytes.Buffer {
	var b bytes.Buffer
	tar.NewWriter(&b).Close()
	return &b
}

// TestSweep: what dead runs left is removed, what others use is not.
func TestSweep(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	living := open(t, engine(t), sandbox.Spec{})
	dead := sandbox.Self()
	dead.PID = gone.Process.Pid
	label := ownerLabel + "=" + dead.String()
	docker := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %q: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	network := docker("network", "create", "--label", label, "ipw-test-sweep")
	container := docker("run", "-d", "--label", label, "--network", network, base, "sleep", "600")
	strange := docker("create", "--label", ownerLabel+"=nobody", base, "true")
	defer docker("rm", "-f", strange)
	engine(t)
	left := strings.Fields(docker("ps", "-aq", "--no-trunc"))
	if slices.Contains(left, container) {
		t.Error("a dead run's container is still there")
	}
	if !slices.Contains(left, living.id) || !slices.Contains(left, strange) {
		t.Error("others' containers are removed")
	}
	if strings.Contains(docker("network", "ls", "-q", "--no-trunc"), network) {
		t.Error("a dead run's network is still there")
	}
}

//go:build docker

package docker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// daemon is a Docker daemon of the test's own, which it may kill.
type daemon struct {
	t    *testing.T
	dir  string
	host string
	cmd  *exec.Cmd
}

// newDaemon starts one, with the image of the usual daemon.
func newDaemon(t *testing.T) *daemon {
	if os.Getuid() != 0 {
		t.Skip("a daemon of its own needs root")
	}
	path, err := exec.LookPath("dockerd")
	if err != nil {
		if path = "/usr/sbin/dockerd"; !executable(path) {
			t.Skip("no dockerd on this machine")
		}
	}
	dir, err := os.MkdirTemp("/tmp", "ipw-dockerd-") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, dir: dir, host: "unix://" + dir + "/sock"}
	t.Cleanup(func() {
		d.kill("TERM")
		exec.Command("sh", "-c", `grep " $0/" /proc/self/mounts | cut -d' ' -f2 | sort -r | xargs -r umount -l`, dir).Run()
		os.RemoveAll(dir)
	})
	d.cmd = exec.Command(path) // its arguments are those of start
	d.start()
	load := exec.Command("sh", "-c", `docker save "$0" | docker -H "$1" load`, base, d.host)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return d
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// start starts the daemon and waits until it answers.
func (d *daemon) start() {
	d.t.Helper()
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.Command(d.cmd.Path, "--host", d.host, "--data-root", d.dir+"/data", "--exec-root", d.dir+"/exec",
		"--pidfile", d.dir+"/pid", "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false")
	d.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	for range 600 {
		if exec.Command("docker", "-H", d.host, "version").Run() == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	d.t.Fatalf("the daemon does not answer: %s", text[max(0, len(text)-1000):])
}

// kill ends the daemon, and waits for the end of the containerd that it has
// started: the next daemon would take it for its own, dying as it is.
func (d *daemon) kill(signal string) {
	if d.cmd.Process == nil {
		return
	}
	exec.Command("kill", "-"+signal, "--", strconv.Itoa(d.cmd.Process.Pid)).Run()
	d.cmd.Wait()
	pidFile := d.dir + "/exec/containerd/containerd.pid"
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return
	}
	pid := strings.TrimSpace(string(text))
	exec.Command("kill", "-"+signal, "--", pid).Run()
	for range 300 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if p, ok := sandbox.ParseStat(string(stat)); err != nil || !ok || p.Dead {
			os.Remove(pidFile) // a dead one that nobody waits for still has its number
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.t.Error("containerd does not end")
}

func (d *daemon) list() string {
	out, err := exec.Command("sh", "-c", `docker -H "$0" ps -aq; docker -H "$0" network ls -q --filter label=ipw.owner`, d.host).CombinedOutput()
	if err != nil {
		d.t.Errorf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestDaemonDies: the daemon is killed in the middle of a command. What runs
// ends with an error that says so, what comes next fails at once, and when it
// is back the run goes on, and nothing is left behind.
func TestDaemonDies(t *testing.T) {
	d := newDaemon(t)
	s, err := newAt(t.Context(), d.host, "dies")
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
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		time.Sleep(2 * time.Second)
		d.kill("KILL")
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
	if err := b.Close(); err == nil {
		t.Error("it is closed without a daemon")
	}
	if _, err := s.Open(ctx, spec); !errors.As(err, &away) {
		t.Errorf("the next box: %v", err)
	}
	if ctx.Err() != nil {
		t.Error("it hung")
	}

	<-dead
	d.start()
	next, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := next.Exec(t.Context(), sandbox.Command{Args: []string{"echo", "on it goes"}}); r.Stdout != "on it goes\n" {
		t.Errorf("%+v, %v", r, err)
	}
	if left := strings.Fields(d.list()); len(left) != 2 { // the next box and the network
		t.Errorf("there are %v", left)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left := d.list(); left != "" {
		t.Errorf("left behind: %s", left)
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

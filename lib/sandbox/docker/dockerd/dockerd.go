// Package dockerd is a Docker daemon of a test's own, which the test may kill.
// It needs root, dockerd, and the docker command.
package dockerd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ipw/lib/sandbox"
)

// Daemon is the daemon. Host is where it listens, as DOCKER_HOST has it.
type Daemon struct {
	Host string
	dir  string
	path string // of dockerd
	cmd  *exec.Cmd
}

// ErrCannot is a machine where a test cannot have one.
var ErrCannot = errors.New("a daemon of its own needs root and dockerd")

// New starts a daemon that has one image of the usual daemon.
func New(image string) (*Daemon, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "ipw-dockerd-") // a socket's path has to be short
	if err != nil {
		return nil, err
	}
	d := &Daemon{Host: "unix://" + dir + "/sock", dir: dir, path: path}
	if err := d.Start(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	load := exec.Command("sh", "-c", `docker save "$0" | docker -H "$1" load`, image, d.Host)
	if out, err := load.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("image: %w: %s", err, out), d.Close())
	}
	return d, nil
}

func find() (string, error) {
	if os.Getuid() != 0 {
		return "", ErrCannot
	}
	for _, name := range []string{"dockerd", "/usr/sbin/dockerd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrCannot
}

// Start starts the daemon again and waits until it answers.
func (d *Daemon) Start() error {
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	// in a network of its own: without a bridge it removes the usual daemon's docker0
	d.cmd = exec.Command("unshare", "--net", d.path, "--host", d.Host, "--data-root", d.dir+"/data", "--exec-root", d.dir+"/exec",
		"--pidfile", d.dir+"/pid", "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false")
	d.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return err
	}
	for range 600 {
		if exec.Command("docker", "-H", d.Host, "version").Run() == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	return fmt.Errorf("the daemon does not answer: %s", text[max(0, len(text)-1000):])
}

// Kill kills the daemon, as a crash does.
func (d *Daemon) Kill() error { return d.end("KILL") }

// Close ends the daemon and removes all that it had.
func (d *Daemon) Close() error {
	err := d.end("TERM")
	exec.Command("sh", "-c", `grep " $0/" /proc/self/mounts | cut -d' ' -f2 | sort -r | xargs -r umount -l`, d.dir).Run()
	return errors.Join(err, os.RemoveAll(d.dir))
}

// end waits also for the end of the containerd that the daemon has started: the
// next daemon would take it for its own, dying as it is.
func (d *Daemon) end(signal string) error {
	if d.cmd.Process == nil {
		return nil
	}
	exec.Command("kill", "-"+signal, "--", strconv.Itoa(d.cmd.Process.Pid)).Run()
	d.cmd.Wait()
	pidFile := d.dir + "/exec/containerd/containerd.pid"
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return nil // it has ended, as after a TERM
	}
	pid := strings.TrimSpace(string(text))
	exec.Command("kill", "-"+signal, "--", pid).Run()
	for range 300 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if p, ok := sandbox.ParseStat(string(stat)); err != nil || !ok || p.Dead {
			os.Remove(pidFile) // a dead one that nobody waits for still has its number
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("containerd does not end")
}

// Left lists all containers of the daemon, and the networks that ipw made.
func (d *Daemon) Left() ([]string, error) {
	out, err := exec.Command("sh", "-c", `docker -H "$0" ps -aq && docker -H "$0" network ls -q --filter label=ipw.owner`, d.Host).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return strings.Fields(string(out)), nil
}

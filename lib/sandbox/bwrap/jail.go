package bwrap

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/process"
)

const (
	home       = "/home/user"
	searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// system is what a jail sees of this machine, as far as it is there, and
// read-only: programs, and of /etc what programs need to run and to find names.
// It has no keys, no other users' files and no sockets of daemons in it.
var system = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store",
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls",
	"/etc/ca-certificates", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/protocols", "/etc/services",
	"/etc/localtime", "/etc/mime.types", "/etc/terminfo", "/etc/java", "/etc/fonts", "/etc/inputrc", "/etc/profile", "/etc/bash.bashrc"}

// jail is the command line around a command.
func (b *box) jail(dir, user string) ([]string, error) {
	id, err := uid(or(user, b.spec.User))
	if err != nil {
		return nil, err
	}
	args := append(b.group.enter(), b.bwrap, "--unshare-all", "--unshare-user", "--uid", id, "--gid", id, "--cap-drop", "ALL", "--die-with-parent", "--hostname", "box")
	if !b.sealed.Load() {
		args = append(args, "--share-net")
	}
	for _, name := range system {
		if target, err := os.Readlink(name); err == nil && path.Dir(name) == "/" {
			args = append(args, "--symlink", target, name)
		} else {
			args = append(args, "--ro-bind-try", name, name)
		}
	}
	args = append(args, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--dir", "/var/tmp",
		"--ro-bind", filepath.Join(b.dir, "passwd"), "/etc/passwd", "--ro-bind", filepath.Join(b.dir, "group"), "/etc/group",
		"--bind", filepath.Join(b.dir, "tmp"), "/tmp", "--bind", filepath.Join(b.dir, "home"), home,
		"--bind", b.spec.Workspace, b.workdir(), "--chdir", dir)
	return append(append(args, "--"), b.limits()...), nil
}

// limits are those that a process carries, for want of a group. They are set
// inside, where processes are counted by the jail's own user. RLIMIT_DATA counts
// what a process may write to, not the address space that runtimes reserve.
func (b *box) limits() []string {
	if b.group != nil {
		return nil
	}
	args := []string{"prlimit", "--nproc=" + strconv.Itoa(b.spec.PIDs), "--data=" + strconv.FormatInt(b.spec.Memory, 10), "--"}
	if cpus := processors(b.spec.CPUs); cpus != "" {
		args = append(args, "taskset", "--cpu-list", cpus)
	}
	return args
}

// uid is a user of the jail. Root there is nobody outside.
func uid(user string) (string, error) {
	switch user {
	case "", "user":
		return "1000", nil
	case "root":
		return "0", nil
	}
	if n, err := strconv.ParseUint(user, 10, 16); err == nil {
		return strconv.FormatUint(n, 10), nil
	}
	return "", fmt.Errorf("bwrap has no user %q; there are user, root and numbers", user)
}

func (b *box) workdir() string { return or(b.spec.Workdir, sandbox.Workdir) }

func (b *box) Path(name string) string { return path.Join(b.workdir(), name) }

func (b *box) command(c sandbox.Command) (process.Command, error) {
	if err := b.lost.Err(); err != nil {
		return process.Command{}, err
	}
	dir := c.Dir
	if !path.IsAbs(dir) {
		dir = b.Path(dir)
	}
	jail, err := b.jail(dir, c.User)
	if err != nil {
		return process.Command{}, err
	}
	p := process.Ready(c, "", process.Environ{"PATH": searchPath, "HOME": home}, b.spec.Env)
	p.Args, p.Jail = append(jail, c.Args...), true
	return p, nil
}

func (b *box) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	p, err := b.command(c)
	if err != nil {
		return sandbox.Result{}, err
	}
	ctx, end := b.While(ctx)
	defer end()
	return process.Run(ctx, p)
}

func (b *box) Start(_ context.Context, c sandbox.Command) (sandbox.Process, error) {
	p, err := b.command(c)
	if err != nil {
		return nil, err
	}
	// The terminal's session has to be one that is seen inside.
	p.Args = slices.Concat(p.Args[:len(p.Args)-len(c.Args)], []string{"setsid", "--ctty"}, c.Args)
	started, err := process.Start(p)
	if err != nil {
		return nil, err
	}
	go func() {
		<-b.lost.Done()
		started.Close()
	}()
	return started, nil
}

func (b *box) CopyIn(ctx context.Context, dir string, tar io.Reader) error {
	return process.CopyIn(ctx, b, dir, tar)
}

func (b *box) CopyOut(ctx context.Context, name string) (io.ReadCloser, error) {
	c, err := b.command(process.Packing(name))
	if err != nil {
		return nil, err
	}
	return process.CopyOut(ctx, c), nil
}

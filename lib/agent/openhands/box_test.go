package openhands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ipw/lib/sandbox"
)

type testBox struct{ dir string }

func (b testBox) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin = b.dir, c.Stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); ok {
		err = nil
	}
	return sandbox.Result{Stdout: out.String(), Stderr: errs.String(), Code: cmd.ProcessState.ExitCode()}, err
}

type testProc struct {
	*os.File
	cmd *exec.Cmd
}

func (p testProc) Signal(string) error { return nil }
func (p testProc) Wait() (int, error)  { p.cmd.Wait(); return p.cmd.ProcessState.ExitCode(), nil }
func (p testProc) Close() error {
	p.cmd.Process.Kill()
	p.cmd.Wait()
	return p.File.Close()
}

func (b testBox) Start(ctx context.Context, c sandbox.Command) (sandbox.Process, error) {
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	unix.IoctlSetPointerInt(int(m.Fd()), unix.TIOCSPTLCK, 0)
	n, _ := unix.IoctlGetInt(int(m.Fd()), unix.TIOCGPTN)
	s, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = b.dir, s, s, s
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "LANG=C.UTF-8"}
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	s.Close()
	return testProc{m, cmd}, err
}

func (b testBox) Seal(context.Context) error                             { return nil }
func (b testBox) CopyIn(context.Context, string, io.Reader) error        { return nil }
func (b testBox) CopyOut(context.Context, string) (io.ReadCloser, error) { return nil, nil }
func (b testBox) Path(name string) string                                { return filepath.Join(b.dir, name) }
func (b testBox) Close() error                                           { return nil }

func box(t *testing.T) sandbox.Box { return testBox{t.TempDir()} }

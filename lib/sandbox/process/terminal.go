package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/creack/pty" // opening a pseudo-terminal differs from system to system
	"golang.org/x/sys/unix"

	"ipw/lib/sandbox"
)

// terminal is a command on a pseudo-terminal.
type terminal struct {
	*os.File
	c     Command
	cmd   *exec.Cmd
	ended chan struct{}
	close func() error
}

// Start runs a command on a terminal, as sandbox.Box's Start.
func Start(c Command) (sandbox.Process, error) {
	cmd := c.command()
	size := pty.Winsize{Cols: 80, Rows: 24}
	if c.Cols > 0 && c.Rows > 0 {
		size = pty.Winsize{Cols: uint16(c.Cols), Rows: uint16(c.Rows)}
	}
	f, err := pty.StartWithAttrs(cmd, &size, &syscall.SysProcAttr{Setsid: true, Setctty: !c.Jail})
	if err != nil {
		return nil, err
	}
	t := &terminal{File: f, c: c, cmd: cmd, ended: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(t.ended)
	}()
	t.close = sync.OnceValue(func() error {
		kill(cmd.Process.Pid, c.Mark)
		<-t.ended
		return f.Close()
	})
	return t, nil
}

// Read reads what the command prints. A terminal whose last process has ended
// gives EIO, which is its end.
func (t *terminal) Read(b []byte) (int, error) {
	n, err := t.File.Read(b)
	if errors.Is(err, syscall.EIO) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

func (t *terminal) Signal(name string) error {
	sig := unix.SignalNum("SIG" + strings.TrimPrefix(name, "SIG"))
	if sig == 0 {
		return fmt.Errorf("unknown signal %q", name)
	}
	return t.c.signal(t.cmd.Process.Pid, sig)
}

func (t *terminal) Wait() (int, error) {
	<-t.ended
	return code(t.cmd.ProcessState), nil
}

func (t *terminal) Close() error { return t.close() }

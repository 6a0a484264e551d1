// Package process runs the commands of boxes that are processes of this
// machine, with pipes or on a terminal, and kills them together with all that
// they have started.
package process

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"ipw/lib/sandbox"
)

// Command is a sandbox.Command made ready to be run.
type Command struct {
	Args   []string
	Dir    string // of this machine
	Env    []string
	Mark   string    // in Env too; see sandbox.MarkName
	Stdin  io.Reader // nil for none
	Stdout io.Writer // instead of Result's; nil for that

	Timeout    time.Duration
	MaxOutput  int
	Cols, Rows int

	// Jail says that Args begin with a jail of two processes, around all that
	// runs in it: signals are for those inside, and so is the terminal.
	Jail bool
}

// drain is how long the output of a command that has ended is waited for: what
// it left in the background may hold its pipes open.
const drain = 300 * time.Millisecond

// Run runs a command to its end, as sandbox.Box's Exec.
func Run(ctx context.Context, c Command) (sandbox.Result, error) {
	limit := ctx
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeoutCause(ctx, c.Timeout, errTimeout)
		defer cancel()
	}
	stdout, stderr := sandbox.NewOutput(c.MaxOutput), sandbox.NewOutput(c.MaxOutput)
	cmd := c.command()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, stdout, stderr
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no way to ipw's own terminal
	cmd.WaitDelay = drain
	if err := limit.Err(); err != nil {
		return sandbox.Result{}, context.Cause(limit)
	}
	if err := cmd.Start(); err != nil {
		return sandbox.Result{}, err
	}
	stop := context.AfterFunc(limit, func() { kill(cmd.Process.Pid, c.Mark) })
	err := cmd.Wait()
	if !stop() {
		kill(cmd.Process.Pid, c.Mark) // to its end, before anybody believes that it has ended
	}
	r := sandbox.Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: code(cmd.ProcessState)}
	switch {
	case ctx.Err() != nil:
		return r, context.Cause(ctx)
	case limit.Err() != nil:
		r.TimedOut = true
		return r, nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) || errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return r, err
}

var errTimeout = errors.New("the command's time is over")

func (c Command) command() *exec.Cmd {
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	return cmd
}

// code is an exit status as a shell gives it.
func code(s *os.ProcessState) int {
	if s == nil {
		return -1
	}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

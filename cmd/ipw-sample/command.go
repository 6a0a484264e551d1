package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/sampler"
)

// measure runs a command between two samples, and passes its status on.
func measure(c *cli.Context, s *sampler.Sampler, child *process, argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	if err := s.Begin(); err != nil {
		return err
	}
	if c.Context.Err() != nil { // a signal came before there was a command
		return s.End("interrupted")
	}
	begin := clock.System().MUs
	if err := cmd.Start(); err != nil {
		return errors.Join(unstartable(err), s.End("failed"))
	}
	child.started(cmd.Process)

	ctx, cancel := context.WithCancel(context.Background())
	waited := make(chan error, 1)
	go func() {
		waited <- cmd.Wait()
		cancel()
	}()
	failed := s.Run(ctx)
	err := <-waited // also if the stream cannot be written: the command is not ours to stop
	seconds := float64(clock.System().MUs-begin) / 1e6
	code := status(cmd.ProcessState, err)
	if failed == nil {
		failed = finish(s)
	}
	if failed != nil {
		return &cli.ExitError{Code: max(code, 1), Err: failed}
	}
	c.Say("%s", sampler.Line(s.Window().Uses(), seconds))
	return &cli.ExitError{Code: code}
}

// finish takes a sample at the command's end, and goes on until the slowest
// counter has told what it had counted by then.
func finish(s *sampler.Sampler) error {
	if err := s.Sample(); err != nil {
		return cmp.Or(err, s.End("failed"))
	}
	s.Window().Close(s.Last())
	settle := min(s.Settle(), time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	err := s.Run(ctx)
	if err == nil {
		err = s.Finish()
	}
	if err != nil {
		return cmp.Or(err, s.End("failed"))
	}
	return s.End("ok")
}

// status is the command's own, 128+n if a signal killed it, as shells have it.
func status(p *os.ProcessState, err error) int {
	if p == nil {
		return 1
	}
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	if code := p.ExitCode(); code > 0 || err == nil {
		return code
	}
	return 1
}

// unstartable gives the status that shells give: 127 not found, 126 not
// executable.
func unstartable(err error) error {
	code := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = 127
	}
	return &cli.ExitError{Code: code, Err: err}
}

// process is the command, once there is one.
type process struct {
	mu     sync.Mutex
	p      *os.Process
	signal os.Signal // came before
}

func (c *process) started(p *os.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p = p
	if c.signal != nil {
		p.Signal(c.signal)
	}
}

// forward hands a signal to the command, unless the terminal has done so: Ctrl-C
// goes to the whole foreground group, and two would be taken as impatience.
func (c *process) forward(sig os.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signal = sig; c.p != nil && !(sig == syscall.SIGINT && foreground()) {
		c.p.Signal(sig)
	}
}

func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

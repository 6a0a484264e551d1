package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

func mark() string { return rand.Text() }

// While is also the context of every call to the daemon.
func (b *box) While(ctx context.Context) (context.Context, func()) { return b.lost.While(ctx) }

// why is the error of a call: what the box was lost of, if that is it.
func (b *box) why(ctx context.Context, err error) error {
	if lost := b.lost.Err(); lost != nil {
		return lost
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && b.gone() {
		return b.lost.Err()
	}
	return b.sandbox.wrap(err)
}

// create makes an exec of a command and returns its id and mark.
func (b *box) create(ctx context.Context, c sandbox.Command, o client.ExecCreateOptions) (id, name string, err error) {
	name = mark()
	home := map[string]string{"LANG": "C.UTF-8", "TERM": "xterm-256color"}
	o.User = or(c.User, b.user)
	if b.home != "" && o.User == b.user {
		home["HOME"] = b.home
	}
	o.Env = environ(home, b.spec.Env, c.Env, map[string]string{sandbox.MarkName: name + "."})
	o.Cmd, o.WorkingDir = c.Args, c.Dir
	if !path.IsAbs(o.WorkingDir) {
		o.WorkingDir = b.Path(o.WorkingDir)
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	made, err := b.sandbox.api.ExecCreate(short, b.id, o)
	if err != nil {
		return "", "", b.why(ctx, err)
	}
	return made.ID, name, nil
}

// Exec runs a command to its end.
func (b *box) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	r, err := b.exec(ctx, c)
	switch {
	case err != nil || r.TimedOut:
	case r.Code == 128+9 && b.gone():
		return r, b.lost.Err()
	case full(r):
		b.widen(ctx)
		if r, err = b.exec(ctx, c); err == nil && full(r) {
			return sandbox.Result{}, fmt.Errorf("the box has no room for another process: %d are allowed", b.spec.PIDs)
		}
	}
	return r, err
}

// full is whether a command could not be begun for want of processes. What is
// not there or not allowed is not found out so early.
func full(r sandbox.Result) bool {
	return r.Code == 126 && strings.HasPrefix(r.Stdout, "OCI runtime exec failed") && strings.Contains(r.Stdout, "read init-p")
}

// gone is whether the container is, which the daemon and the connection tell a
// little after the end of what ran in it.
func (b *box) gone() bool {
	short, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 5 {
		about, err := b.sandbox.api.ContainerInspect(short, b.id, client.ContainerInspectOptions{})
		if err != nil || about.Container.State == nil || !about.Container.State.Running {
			select {
			case <-b.lost.Done():
			case <-short.Done():
			}
			break
		}
		select {
		case <-b.lost.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return b.lost.Err() != nil
}

func (b *box) exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	ctx, end := b.While(ctx)
	defer end()
	limit := ctx
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	id, name, err := b.create(ctx, c, client.ExecCreateOptions{AttachStdin: c.Stdin != nil, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return sandbox.Result{}, err
	}
	conn, err := b.sandbox.api.ExecAttach(ctx, id, client.ExecAttachOptions{})
	if err != nil {
		return sandbox.Result{}, b.why(ctx, err)
	}
	defer conn.Close()
	stdout, stderr := sandbox.NewOutput(c.MaxOutput), sandbox.NewOutput(c.MaxOutput)
	drained := make(chan error, 1)
	go func() {
		_, err := stdcopy.StdCopy(stdout, stderr, conn.Reader)
		drained <- err
	}()
	if c.Stdin != nil {
		go func() {
			io.Copy(conn.Conn, c.Stdin)
			conn.CloseWrite()
		}()
	}
	code, err := b.wait(limit, id, drained)
	if err != nil && limit.Err() != nil {
		err = b.end(ctx, name, drained)
	}
	r := sandbox.Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: code}
	switch {
	case ctx.Err() != nil || err != nil:
		return r, b.why(ctx, err)
	case limit.Err() != nil && code < 0:
		r.TimedOut, r.Code = true, 128+9
	}
	return r, nil
}

// end kills a command that may run no longer, also when the query has ended,
// and takes the rest of its output.
func (b *box) end(ctx context.Context, name string, drained <-chan error) error {
	if b.lost.Err() != nil {
		return b.lost.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := b.kill(ctx, name); err != nil {
		return err
	}
	select {
	case <-drained:
	case <-time.After(drain):
	}
	return nil
}

// drain is how long the output of a command that has ended is waited for: what
// it left in the background may keep it open.
const drain = 300 * time.Millisecond

// wait waits until a command has ended, and returns −1 and the cause if ctx
// ends first. The end of the output is a hint only: a command may close its
// output, and what it left in the background may hold it open.
func (b *box) wait(ctx context.Context, id string, drained <-chan error) (int, error) {
	pause := time.NewTimer(time.Second)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return -1, context.Cause(ctx)
		case <-drained:
			drained = nil
		case <-pause.C:
		}
		state, err := b.inspect(ctx, id)
		if err != nil {
			return -1, err
		}
		if !state.Running {
			if drained != nil {
				select {
				case <-drained:
				case <-time.After(drain):
				}
			}
			return state.ExitCode, nil
		}
		next := time.Second
		if drained == nil {
			next = 50 * time.Millisecond // its status is not known yet
		}
		pause.Reset(next)
	}
}

func (b *box) inspect(ctx context.Context, id string) (client.ExecInspectResult, error) {
	short, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	state, err := b.sandbox.api.ExecInspect(short, id, client.ExecInspectOptions{})
	if err != nil && errors.Is(context.Cause(short), errSilent) {
		err = errSilent
	}
	return state, err
}

var errSilent = fmt.Errorf("the daemon does not answer for %s", patience)

package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// terminal is a command on a terminal inside of the container.
type terminal struct {
	box   *box
	id    string // of the exec
	mark  string
	conn  client.HijackedResponse
	ended chan struct{}
	code  int
	err   error
	close func() error
}

// Start runs a command on a terminal and leaves it running.
func (b *box) Start(ctx context.Context, c sandbox.Command) (sandbox.Process, error) {
	size := client.ConsoleSize{Width: uint(or(c.Cols, 80)), Height: uint(or(c.Rows, 24))}
	ctx, end := b.While(ctx)
	defer end()
	id, name, err := b.create(ctx, c, client.ExecCreateOptions{AttachStdin: true, AttachStdout: true, AttachStderr: true, TTY: true, ConsoleSize: size})
	if err != nil {
		return nil, err
	}
	conn, err := b.sandbox.api.ExecAttach(ctx, id, client.ExecAttachOptions{TTY: true, ConsoleSize: size})
	if err != nil {
		return nil, b.why(ctx, err)
	}
	t := &terminal{box: b, id: id, mark: name, conn: conn.HijackedResponse, ended: make(chan struct{})}
	t.close = sync.OnceValue(t.stop)
	if err := t.resize(ctx, size); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	go t.wait()
	return t, nil
}

// resize is for daemons that do not size a terminal when they make it. It may
// come before the command does.
func (t *terminal) resize(ctx context.Context, size client.ConsoleSize) error {
	var err error
	for range 50 {
		if _, err = t.box.sandbox.api.ExecResize(ctx, t.id, client.ExecResizeOptions(client.ContainerResizeOptions(size))); err == nil {
			return nil
		}
		if state, gone := t.box.inspect(ctx, t.id); gone == nil && !state.Running && state.PID != 0 {
			return nil // it has ended, and needs no size
		}
		time.Sleep(20 * time.Millisecond)
	}
	return t.box.why(ctx, fmt.Errorf("size of the terminal: %w", err))
}

func (t *terminal) wait() {
	defer close(t.ended)
	ctx, end := t.box.While(context.Background())
	defer end()
	for {
		state, err := t.box.inspect(ctx, t.id)
		if err != nil {
			t.code, t.err = -1, t.box.why(ctx, err)
			return
		}
		if !state.Running {
			t.code = state.ExitCode
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Read reads what the command prints.
func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.conn.Reader.Read(p)
	if err != nil && err != io.EOF {
		if lost := t.box.lost.Err(); lost != nil && lost != sandbox.ErrClosed {
			return n, lost
		}
		err = io.EOF // closed by us, or torn off by its end
	}
	return n, err
}

func (t *terminal) Write(p []byte) (int, error) {
	n, err := t.conn.Conn.Write(p)
	if lost := t.box.lost.Err(); err != nil && lost != nil {
		err = lost
	}
	return n, err
}

func (t *terminal) Signal(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	procs, err := t.box.keeper.look(ctx)
	if err != nil {
		return t.box.why(ctx, err)
	}
	return t.box.keeper.send(ctx, name, sandbox.Tree(procs, t.mark, true))
}

func (t *terminal) Wait() (int, error) {
	<-t.ended
	return t.code, t.err
}

func (t *terminal) Close() error { return t.close() }

func (t *terminal) stop() error {
	defer t.conn.Close()
	if t.box.lost.Err() != nil {
		return nil // and so are its processes
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return t.box.kill(ctx, t.mark)
}

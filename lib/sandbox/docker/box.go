package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// box is a container.
type box struct {
	sandbox *Sandbox
	spec    sandbox.Spec
	id      string
	network string // what it was made with
	workdir string
	user    string // of commands, "" for root
	home    string // of a user whom the image does not know
	watched bool   // its size is looked at, for want of a driver that limits it
	keeper  *keeper
	lost    sandbox.Lost
	close   sync.Once
	closed  error
}

// hold waits for the end of the connection that keeps the container alive, and
// finds out why it ended.
func (b *box) hold() {
	<-b.keeper.ended
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := b.sandbox.api.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{})
	switch {
	case err == nil || errdefs.IsNotFound(err):
		err = errEnded
	default:
		err = b.sandbox.wrap(err)
	}
	b.lost.Lose(err)
}

var errEnded = errors.New("its container has ended")

// Close removes the container. If the daemon is away, that is done when the
// next box is opened, when the sandbox is closed, which says if it cannot be, or
// at the next start.
func (b *box) Close() error {
	b.close.Do(func() {
		b.lost.Close()
		if b.keeper != nil {
			b.keeper.conn.Close()
		}
		if b.closed = b.sandbox.remove(context.Background(), b.id); client.IsErrConnectionFailed(b.closed) {
			b.closed = nil
		}
	})
	return b.closed
}

// look is how often a container's size is looked at: the daemon has to count
// its files.
const look = 10 * time.Second

// watch breaks the box when it holds more than its Spec allows.
func (b *box) watch() {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-b.lost.Done():
			return
		case <-tick.C:
			b.weigh()
		}
	}
}

func (b *box) weigh() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := b.sandbox.api.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{Size: true})
	if err != nil || r.Container.SizeRw == nil || *r.Container.SizeRw <= b.spec.Disk {
		return
	}
	b.lost.Lose(fmt.Errorf("it wrote %d bytes outside of its workspace, %d are allowed", *r.Container.SizeRw, b.spec.Disk))
	b.sandbox.api.ContainerKill(ctx, b.id, client.ContainerKillOptions{Signal: "KILL"})
}

// environ is variables as the daemon takes them.
func environ(vars ...map[string]string) []string {
	all := map[string]string{}
	for _, m := range vars {
		maps.Copy(all, m)
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		list = append(list, k+"="+all[k])
	}
	return list
}

package docker

import (
	"context"
	"errors"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// rounds is how often a command's processes are looked for: some may be born
// while others are killed.
const rounds = 100

// kill kills all processes of a command. Those that go on being born are
// stopped first, which leaves them their places, until there are no more. If
// they cannot be killed one by one the container is.
func (b *box) kill(ctx context.Context, name string) error {
	var stopped []int
	for round := range rounds {
		procs, err := b.keeper.look(ctx)
		if err != nil {
			break
		}
		pids := sandbox.Tree(procs, name, true)
		signal := "KILL"
		if round > 0 && !slices.Equal(pids, stopped) {
			signal, stopped = "STOP", pids
		}
		if len(pids) == 0 {
			return nil
		}
		if err := b.keeper.send(ctx, signal, pids); err != nil {
			break
		}
	}
	if lost := b.lost.Err(); lost != nil {
		return lost
	}
	b.lost.Lose(errors.New("a command of it could not be stopped, and was killed with its container"))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := b.sandbox.api.ContainerKill(ctx, b.id, client.ContainerKillOptions{Signal: "KILL"})
	return errors.Join(b.lost.Err(), err)
}

// widen makes room for a few processes more: those that a box's commands have
// left may leave none for the next one, which may want to end them.
func (b *box) widen(ctx context.Context) {
	pids := int64(b.spec.PIDs) + 64
	b.sandbox.api.ContainerUpdate(ctx, b.id, client.ContainerUpdateOptions{Resources: &container.Resources{PidsLimit: &pids}})
}

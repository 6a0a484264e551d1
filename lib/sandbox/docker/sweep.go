package docker

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// sweep removes the containers and networks of dead runs, and of no others. A
// container that does not go is tried again later, and told of at the end.
func (s *Sandbox) sweep(ctx context.Context) error {
	ours := client.Filters{}.Add("label", ownerLabel)
	containers, err := s.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return fmt.Errorf("docker: what dead runs have left: %w", err)
	}
	for _, c := range containers.Items {
		if s.orphan(c.Labels) {
			s.remove(ctx, c.ID)
		}
	}
	networks, err := s.api.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return fmt.Errorf("docker: what dead runs have left: %w", err)
	}
	for _, n := range networks.Items {
		if s.orphan(n.Labels) {
			s.api.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}) // one in use is the next start's
		}
	}
	return nil
}

// orphan is whether labels are those of a run that is dead.
func (s *Sandbox) orphan(labels map[string]string) bool {
	owner, err := sandbox.ParseOwner(labels[ownerLabel])
	return err == nil && owner.Dead(s.owner)
}

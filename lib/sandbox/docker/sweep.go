package docker

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// sweep removes the containers and networks of dead runs, and of no others.
func (s *Sandbox) sweep(ctx context.Context) error {
	ours := client.Filters{}.Add("label", ownerLabel)
	containers, err := s.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return fmt.Errorf("docker: what dead runs have left: %w", err)
	}
	var errs []error
	for _, c := range containers.Items {
		if s.orphan(c.Labels) {
			errs = append(errs, s.remove(ctx, c.ID))
		}
	}
	networks, err := s.api.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	for _, n := range networks.Items {
		if s.orphan(n.Labels) {
			if _, err := s.api.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}); err != nil && !errdefs.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("docker: network of a dead run: %w", err))
			}
		}
	}
	return errors.Join(append(errs, err)...)
}

// orphan is whether labels are those of a run that is dead.
func (s *Sandbox) orphan(labels map[string]string) bool {
	owner, err := sandbox.ParseOwner(labels[ownerLabel])
	return err == nil && owner.Dead(s.owner)
}

package docker

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// joined is the run's own network, whose containers reach the outside and not
// each other. It is made when it is needed first.
func (s *Sandbox) joined(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.network != "" {
		return s.network, nil
	}
	made, err := s.api.NetworkCreate(ctx, "ipw-"+strings.ToLower(mark()[:12]), client.NetworkCreateOptions{
		Driver: "bridge", Labels: s.Labels(""),
		Options: map[string]string{"com.docker.network.bridge.enable_icc": "false"},
	})
	if err != nil {
		return "", s.wrap(fmt.Errorf("network of the run: %w", err))
	}
	s.network = made.ID
	return s.network, nil
}

// join gives the container its name in a network of others.
func (b *box) join(ctx context.Context) error {
	if b.spec.Joins == "" {
		return nil
	}
	_, err := b.sandbox.api.NetworkConnect(ctx, b.spec.Joins, client.NetworkConnectOptions{
		Container: b.id, EndpointConfig: &network.EndpointSettings{Aliases: []string{b.spec.Alias}},
	})
	return b.sandbox.wrap(err)
}

// Seal takes the container from the run's network and looks whether a way out
// is left.
func (b *box) Seal(ctx context.Context) error {
	if b.spec.Network {
		return b.lost.Err()
	}
	ctx, end := b.While(ctx)
	defer end()
	_, err := b.sandbox.api.NetworkDisconnect(ctx, b.network, client.NetworkDisconnectOptions{Container: b.id, Force: true})
	if err != nil && !errdefs.IsNotFound(err) && !strings.Contains(err.Error(), "is not connected") {
		return fmt.Errorf("the network cannot be cut: %w", b.why(ctx, err))
	}
	if b.spec.Joins != "" {
		return b.inner(ctx)
	}
	r, err := b.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", routes}, User: "0", Dir: "/"})
	if err != nil {
		return fmt.Errorf("the network cannot be looked at: %w", err)
	}
	if out := strings.TrimSpace(r.Stdout); out != "" || r.Code != 0 {
		return fmt.Errorf("the network is not cut: %s %s", out, strings.TrimSpace(r.Stderr))
	}
	return nil
}

// inner looks whether the network of others that is left leads nowhere else. Its
// routes do not tell: the daemon may set a default one that ends at the bridge.
func (b *box) inner(ctx context.Context) error {
	n, err := b.sandbox.api.NetworkInspect(ctx, b.spec.Joins, client.NetworkInspectOptions{})
	if err != nil {
		return fmt.Errorf("the network cannot be looked at: %w", b.why(ctx, err))
	}
	if !n.Network.Internal {
		return fmt.Errorf("the network is not cut: %s leads outside", b.spec.Joins)
	}
	return nil
}

// routes lists the devices through which something can be reached, beside the
// loopback.
const routes = `while read -r device _; do
	case $device in Iface|lo) ;; *) echo "$device" ;; esac
done </proc/net/route
[ ! -e /proc/net/ipv6_route ] || while read -r _ _ _ _ _ _ _ _ _ device; do
	case $device in lo) ;; *) echo "$device" ;; esac
done </proc/net/ipv6_route`

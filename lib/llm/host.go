package llm

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// lookupTimeout bounds a question to the name service.
const lookupTimeout = 2 * time.Second

// sharedSpace is the carrier-grade range of RFC 6598, which overlay networks
// use for their machines.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// privateSuffixes are domains that no public name stands in (RFC 6761, RFC
// 6762, RFC 8375 and common use).
var privateSuffixes = []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"}

// IsPrivate tells whether a host is this one or in a private network, so that
// it may do without a key.
func IsPrivate(host string) bool {
	host = plainHost(host)
	if addr, err := netip.ParseAddr(host); err == nil {
		return privateAddr(addr)
	}
	if providerAt(host) != compatible {
		return false
	}
	if !strings.Contains(host, ".") || slices.ContainsFunc(privateSuffixes, func(s string) bool { return strings.HasSuffix(host, s) }) {
		return true
	}
	addrs := lookup(host)
	return len(addrs) > 0 && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !privateAddr(a) })
}

func privateAddr(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || sharedSpace.Contains(a)
}

// isLocal tells whether a host is this one: a loopback address, or one of its
// own.
func isLocal(host string) bool {
	host = plainHost(host)
	if name, err := os.Hostname(); err == nil && host == strings.ToLower(name) && host != "" {
		return true
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addrs := lookup(host)
	own := ownAddrs()
	foreign := func(a netip.Addr) bool {
		a = a.Unmap().WithZone("")
		return !a.IsLoopback() && !a.IsUnspecified() && !slices.Contains(own, a)
	}
	return len(addrs) > 0 && !slices.ContainsFunc(addrs, foreign)
}

func ownAddrs() []netip.Addr {
	var own []netip.Addr
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, n := range nets {
		if p, err := netip.ParsePrefix(n.String()); err == nil {
			own = append(own, p.Addr().Unmap())
		}
	}
	return own
}

// lookup asks the name service for a host's addresses; an address is its own.
func lookup(host string) []netip.Addr {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	return addrs
}

func plainHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

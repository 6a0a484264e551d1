package attribute

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/event"
	"ipw/lib/power"
)

// Serve says where an endpoint runs: --serves URL=WHERE.
type Serve struct {
	URL   string
	Where []Target
}

// Target is a GPU, all of a host, or somewhere no stream covers.
type Target struct {
	Host   string // "": the events' host
	Domain string // "": every GPU of the host
	Remote bool
}

// ParseServe reads URL=WHERE; WHERE is gpu:0,gpu:1, gpu:0-3, HOST/gpu:0, HOST
// or remote.
func ParseServe(s string) (Serve, error) {
	// the URL may hold a "=" of its own, WHERE not
	i := strings.LastIndexByte(s, '=')
	if i <= 0 || i == len(s)-1 {
		return Serve{}, fmt.Errorf("%q is not URL=WHERE", s)
	}
	serve := Serve{URL: normalURL(s[:i])}
	for w := range strings.SplitSeq(s[i+1:], ",") {
		t, err := parseTargets(strings.TrimSpace(w))
		if err != nil {
			return Serve{}, err
		}
		serve.Where = append(serve.Where, t...)
	}
	return serve, nil
}

func parseTargets(w string) ([]Target, error) {
	if w == "remote" {
		return []Target{{Remote: true}}, nil
	}
	host, dom, found := strings.Cut(w, "/")
	if !found {
		if host, dom = "", w; !strings.HasPrefix(w, "gpu:") {
			host, dom = w, ""
		}
	}
	if w == "" || found && (host == "" || dom == "") {
		return nil, fmt.Errorf("%q is no place: gpu:0, gpu:0-3, HOST/gpu:0, HOST or remote", w)
	}
	from, to, isRange := strings.Cut(strings.TrimPrefix(dom, "gpu:"), "-")
	if !isRange {
		return []Target{{Host: host, Domain: dom}}, nil
	}
	a, err1 := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || a > b || b-a > 1024 || a < 0 {
		return nil, fmt.Errorf("%q is no range of GPUs", w)
	}
	var out []Target
	for ; a <= b; a++ {
		out = append(out, Target{Host: host, Domain: "gpu:" + strconv.Itoa(a)})
	}
	return out, nil
}

// normalURL makes URLs that mean one endpoint equal: without a trailing slash,
// user, or query, and with /v1 where there is no path.
func normalURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return strings.TrimRight(s, "/")
	}
	path := strings.TrimRight(u.Path, "/")
	if path == "" {
		path = "/v1"
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host) + path
}

// place is where a model call runs.
type place struct {
	local   bool // on the events' host
	evHost  string
	urlHost string
	serve   *Serve
	domains []bool // which of all are in it
}

// on reports whether the place includes a domain.
func (p *place) on(d *domain) bool { return p.domains[d.index] }

// learn takes note of the next domain.
func (p *place) learn(d *domain) { p.domains = append(p.domains, p.holds(d)) }

// holds works out whether the place includes a domain.
func (p *place) holds(d *domain) bool {
	if p.serve == nil {
		return p.hosts(d.host)
	}
	for _, t := range p.serve.Where {
		switch {
		case t.Remote:
		case t.Host == "" && !sameHost(p.evHost, d.host), t.Host != "" && t.Host != d.host:
		case t.Domain == "" || t.Domain == d.id || d.spec.Kind != power.GPU:
			return true
		}
	}
	return false
}

// hosts reports whether the place is a host, without a --serves.
func (p *place) hosts(host string) bool {
	return p.local && sameHost(p.evHost, host) || p.urlHost != "" && p.urlHost == host
}

// sampled reports whether any domain is in the place.
func (p *place) sampled() bool { return slices.Contains(p.domains, true) }

// sameHost treats a stream that does not name its host as any host's.
func sameHost(a, b string) bool { return a == b || a == "" || b == "" }

// placeKey is what tells places apart.
type placeKey struct {
	local          bool
	host, endpoint string
}

// placeOf resolves where a call runs. Calls to one endpoint share the place.
func (e *Engine) placeOf(h *event.Header, c *event.Event) *place {
	local := c.Local != nil && *c.Local || c.Local == nil && (c.Endpoint == "" || isLoopback(c.Endpoint))
	key := placeKey{local, h.Host, c.Endpoint}
	if p, ok := e.places[key]; ok {
		return p
	}
	p := &place{local: local, evHost: h.Host}
	if u, err := url.Parse(c.Endpoint); err == nil {
		p.urlHost = u.Hostname()
	}
	for i := range e.opts.Serves {
		if s := &e.opts.Serves[i]; c.Endpoint != "" && s.URL == normalURL(c.Endpoint) {
			p.serve = s
		}
	}
	for _, d := range e.domains {
		p.learn(d)
	}
	e.places[key] = p
	return p
}

func isLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// served reports whether a GPU is anybody's: with any --serves that names
// GPUs, one that none names is not.
func (e *Engine) served(d *domain) bool {
	if d.spec.Kind != power.GPU || !e.namesGPUs {
		return true
	}
	return slices.ContainsFunc(e.opts.Serves, func(s Serve) bool {
		return slices.ContainsFunc(s.Where, func(t Target) bool { return t.is(d) })
	})
}

// unserved warns of places that no power stream has, and of endpoints that no
// model call went to: a slip in a --serves shows as 0 J.
func (e *Engine) unserved() {
	if len(e.domains) == 0 || len(e.places) == 0 {
		return
	}
	for i := range e.opts.Serves {
		s := &e.opts.Serves[i]
		used := false
		for _, p := range e.places {
			used = used || p.serve == s
		}
		if !used {
			e.warn("", "--serves %s: no model call went there", s.URL)
		}
		for _, t := range s.Where {
			if !t.Remote && !slices.ContainsFunc(e.domains, t.is) {
				e.warn("", "--serves %s: %s is in no power stream", s.URL, t)
			}
		}
	}
}

// is reports whether a domain is the target, or one of its host's.
func (t Target) is(d *domain) bool {
	return !t.Remote && (t.Host == "" && !d.serving || t.Host == d.host) && (t.Domain == "" || t.Domain == d.id)
}

// String is how --serves names it.
func (t Target) String() string {
	switch {
	case t.Remote:
		return "remote"
	case t.Host == "" || t.Domain == "":
		return t.Host + t.Domain
	}
	return t.Host + "/" + t.Domain
}

package oracle

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// serves is what the --serves flags say: which endpoint runs where.
type serves struct {
	at    map[string]map[string]bool // endpoint → ids of GPUs; nil map: the whole host
	away  map[string]bool            // endpoints that run elsewhere
	named map[string]bool            // GPUs that a flag names
}

// parseServes reads URL=WHERE, where WHERE is gpu:0,gpu:1 or gpu:0-3 or
// HOST/gpu:0 or HOST or remote.
func parseServes(flags []string, host string) (serves, error) {
	v := serves{make(map[string]map[string]bool), make(map[string]bool), make(map[string]bool)}
	for _, flag := range flags {
		i := strings.LastIndex(flag, "=")
		if i < 0 {
			return v, fmt.Errorf("--serves %q is no URL=WHERE", flag)
		}
		endpoint, where := flag[:i], flag[i+1:]
		if where == host {
			v.at[endpoint] = nil
			continue
		}
		if !strings.Contains(where, "gpu:") {
			v.away[endpoint] = true // "remote", or a host without a stream
			continue
		}
		gpus := make(map[string]bool)
		for _, part := range strings.Split(where, ",") {
			if h, rest, ok := strings.Cut(part, "/"); ok {
				if h != host {
					continue
				}
				part = rest
			}
			lo, hi, ranged := strings.Cut(strings.TrimPrefix(part, "gpu:"), "-")
			if !ranged {
				hi = lo
			}
			a, err1 := strconv.Atoi(lo)
			b, err2 := strconv.Atoi(hi)
			if err1 != nil || err2 != nil {
				return v, fmt.Errorf("--serves %q: no GPU", flag)
			}
			for ; a <= b; a++ {
				gpus[fmt.Sprintf("gpu:%d", a)] = true
				v.named[fmt.Sprintf("gpu:%d", a)] = true
			}
		}
		v.at[endpoint] = gpus
	}
	return v, nil
}

// locate tells on which GPUs a call runs, nil if it does not run on this host.
func (v serves) locate(s *span, host string) func(*domain) bool {
	if !s.call() || v.away[s.endpoint] {
		return nil
	}
	if gpus, ok := v.at[s.endpoint]; ok && gpus != nil {
		return func(d *domain) bool { return gpus[d.ID] }
	} else if !ok && !local(s, host) {
		return nil
	}
	return func(*domain) bool { return true } // "A local call is on every GPU of its host."
}

// local: "A call is on host H if it is local and H is the events' host, or if
// its endpoint's URL host … is the host of a power stream; without local and
// endpoint it is local."
func local(s *span, host string) bool {
	if s.local != nil && *s.local || s.local == nil && s.endpoint == "" {
		return true
	}
	u, err := url.Parse(s.endpoint)
	return err == nil && host != "" && u.Hostname() == host
}

// nobodys: "With any --serves that names GPUs, a GPU that none names is
// nobody's: idle."
func (v serves) nobodys(d *domain) bool {
	return d.Kind == "gpu" && len(v.named) > 0 && !v.named[d.ID]
}

// Package oracle is the attribution of energy to queries, turns and spans done
// slowly and obviously, as a second opinion for tests.
//
// It shares no code with the attribution that the commands use: it parses the
// streams by itself, holds everything in memory, and counts joules in exact
// rational numbers. The model has four steps, a file each:
//
//	time.go     records → one axis of whole microseconds
//	line.go     samples → intervals of known energy, and cells
//	query.go    events → queries, turns and spans, each from when to when
//	share.go    between two neighbouring edges of the events every number of a
//	            trace has one share of each domain's power: the three steps
//
// Everything else is sums over those. A number's joules are
//
//	Σ over domains, Σ over slices: share of the slice × energy of the domain in it
//
// and its coverage, uncertainty and sharers are read off the same table.
//
//	result, err := oracle.Attribute(power, events, "active", oracle.Options{})
//	result.Queries[oracle.Attempt{Run: "r", Query: "q", Number: 1}]["turns[0].gpu_energy_joules"] // *big.Rat
//
// Where the design leaves a choice, this is what is computed here:
//
//   - A span takes a part of its turn only if no span in flight of its turn
//     contains it; it gets its part from that one then.
//   - Every figure has its own window for coverage: a call's lm, prefill and
//     decode theirs, a tool its span; all but setup and scoring without the
//     time of the query's setup and scoring windows. Each domain passes or
//     fails by itself. A window without length is covered if a line runs
//     through its start.
//   - A call or tool is over when its query ends, and does not begin before it;
//     only setup and scoring windows extend a query.
//   - Of a remote call prefill and decode are null on the GPU as lm is.
//   - An unknown update_us is 0: then no reading is a repeat. The first reading
//     behind a reset or a gap is a point whatever its value. A reset at the
//     time of a reading lies before it.
//   - The largest power seen is that of the segment so far: of w, and of j over
//     at least update_us.
//   - The spacing of a boxcar is interval_us. Bounds of several domains add up,
//     standard errors add as squares.
//   - Under whole the sharers are the open queries.
//
// It knows one host, the rules active, equal and whole, and --serves. It knows
// no token weights, no idle baseline, no clock error between hosts and no
// prices. Comments in quotation marks are the design's own sentences.
package oracle

import (
	"fmt"
	"math/big"
)

// Options are those of the command that change numbers.
type Options struct {
	MinCoverage *big.Rat // nil: 9/10
	Serves      []string // URL=WHERE

	// Used, if not nil, tells the joules that a domain truly used between two
	// moments, in microseconds of t_us. All energies are then those, over the time
	// that the readings measure: what the numbers should be.
	Used func(domain string, from, to int64) float64
}

// Attempt names one trace.
type Attempt struct {
	Run, Query string
	Number     int // from 1
}

// Fields is a trace, or a domain's totals, as path → value. A path is that of
// the JSON, with tools named by span and list elements by index:
//
//	query_gpu_energy_joules    turns[0].energy.uncertainty_joules.gpu
//	energy.by_domain.gpu:0     turns[0].tools[span=s3].cpu_energy_joules
//
// A value is a *big.Rat, a string, a bool, a []string, or nil for null. A path
// that is absent stands for a key of a map that is not there.
type Fields map[string]any

// Result is what came out.
type Result struct {
	Queries map[Attempt]Fields
	Totals  map[string]Fields // by domain id, as in the totals file
	StartUs int64             // first event
	EndUs   int64             // last event

	// IdleBounds are, by domain id, how far off its idle joules can be by the rule
	// of cells. The totals do not say.
	IdleBounds map[string]*big.Rat
}

// Attribute attributes a power stream to an event stream, both plain JSON
// Lines. No power at all (nil) is no power stream.
func Attribute(power, events []byte, share string, o Options) (Result, error) {
	if share != "active" && share != "equal" && share != "whole" {
		return Result{}, fmt.Errorf("share rule %q is not known here", share)
	}
	if o.MinCoverage == nil {
		o.MinCoverage = big.NewRat(9, 10)
	}
	ps, err := split(power)
	if err != nil {
		return Result{}, fmt.Errorf("power: %w", err)
	}
	es, err := split(events)
	if err != nil {
		return Result{}, fmt.Errorf("events: %w", err)
	}
	es = join(es)
	host, err := oneHost(ps, es)
	if err != nil {
		return Result{}, err
	}
	if len(es) == 0 {
		return Result{}, fmt.Errorf("events: no header")
	}
	place(ps, es)
	where, err := parseServes(o.Serves, host)
	if err != nil {
		return Result{}, err
	}
	a := &attribution{rule: share, minCoverage: o.MinCoverage, hasPower: len(ps) > 0, used: o.Used, values: make(map[valueKey]value)}
	a.domains, a.permission, a.samples = readDomains(ps)
	a.queries = readQueries(es)
	for _, q := range a.queries {
		for _, s := range q.spans {
			s.on = where.locate(s, host)
		}
	}
	a.start, a.end = firstAndLast(es)
	a.serves = where
	a.slice()
	a.share()
	a.measure()
	return a.result(), nil
}

// oneHost returns the one host of all streams, "" if none names any.
func oneHost(streams ...[]segment) (string, error) {
	host := ""
	for _, segments := range streams {
		for _, s := range segments {
			if s.header.Host == "" {
				continue
			}
			if host != "" && s.header.Host != host {
				return "", fmt.Errorf("streams of %q and %q: only one host is known here", host, s.header.Host)
			}
			host = s.header.Host
		}
	}
	return host, nil
}

func firstAndLast(segments []segment) (first, last int64) {
	seen := false
	for _, s := range segments {
		for _, r := range s.records {
			if !seen || r.at < first {
				first = r.at
			}
			if !seen || r.at > last {
				last = r.at
			}
			seen = true
		}
	}
	return first, last
}

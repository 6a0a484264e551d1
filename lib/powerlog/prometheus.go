package powerlog

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// prometheus reads the answer of a Prometheus server to query_range, or to query
// with a range: series of power and energy that dcgm-exporter, Kepler and
// node_exporter made.
//
//	{"status":"success","data":{"resultType":"matrix","result":[
//	  {"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE","gpu":"0","Hostname":"n1",…},"values":[[1763888400,"68.13"],…]},…]}}
//
// An answer comes whole, so it is read whole; of one that is cut, the series
// that are whole.
//
// Followed: Prometheus HTTP API v1 (Prometheus 2 and 3).
type prometheus struct {
	src     *source
	opts    Options
	skipped unread
	header  *Header
	tick    Tick
	series  []*column // nil: not read yet
	times   []int64
	at      int
}

// column is the values of one domain through the answer.
type column struct {
	domain Domain
	fields [fieldCount]addends
}

// field is which of a domain's values a metric tells.
type field int

const (
	energyField field = iota // µJ
	powerField               // µW
	utilField                // millionths
	memoryField              // bytes
	tempField                // thousandths of a degree
	fieldCount
)

// addends are series whose sum is a value, by time: Kepler before 0.10 split a
// node's joules by mode. Series of one addend tell the same thing, one after
// the other or twice: a GPU under two pods, each MIG instance of a GPU.
type addends map[string]map[int64]int64

func openPrometheus(s *source, o Options) Reader {
	return &prometheus{src: s, opts: o, skipped: unread{src: s}}
}

func (r *prometheus) Header() *Header { return r.header }

// Next returns the next tick.
func (r *prometheus) Next() (*Tick, error) {
	if r.header == nil {
		if err := r.load(); err != nil {
			return nil, err
		}
	}
	if r.at == len(r.times) {
		return nil, io.EOF
	}
	t := r.times[r.at]
	r.at++
	r.tick = Tick{TUs: t, Line: 1, Values: r.tick.Values[:0]}
	for _, c := range r.series {
		r.tick.Values = append(r.tick.Values, c.value(t))
	}
	return &r.tick, nil
}

// load reads the answer.
func (r *prometheus) load() error {
	all, err := r.answer()
	if err != nil {
		return err
	}
	host, several, err := r.host(all)
	if err != nil {
		return err
	}
	byID := make(map[string]*column)
	tells := make(exporters)
	var skipped []string
	for i := range all {
		s := &all[i]
		if several && hostOf(s.Metric) != host {
			continue
		}
		m, ok := metricOf(s.Metric)
		if !ok {
			skipped = append(skipped, seriesName(s.Metric))
			continue
		}
		if of := tells.first(&m); of != m.domain.Source {
			skipped = append(skipped, fmt.Sprintf("%s (%s is read from %s)", seriesName(s.Metric), m.domain.Kind, of))
			continue
		}
		c := byID[m.domain.ID]
		if c == nil {
			c = &column{domain: m.domain}
			byID[m.domain.ID] = c
			r.series = append(r.series, c)
		}
		if err := c.take(&m, s); err != nil {
			if err := r.src.problems.Reject(r.src.name, 1, fmt.Errorf("%s: %w", seriesName(s.Metric), err)); err != nil {
				return err
			}
		}
	}
	r.settle(byID)
	slices.Sort(skipped)
	r.src.line = 1
	r.skipped.name(slices.Compact(skipped))
	return r.lay(host)
}

// exporters are the first ones to tell a field of a kind. Another one's are of
// the same counters, cut in another way: Kepler's cpu:0 is the sum of all
// packages, node_exporter's is one of them.
type exporters map[string]*[fieldCount]string

// first is the exporter whose series count for a metric.
func (e exporters) first(m *metric) string {
	kind := m.domain.Kind
	if e[kind] == nil {
		e[kind] = new([fieldCount]string)
	}
	if of := &e[kind][m.field]; *of == "" {
		*of = m.domain.Source
	}
	return e[kind][m.field]
}

// host is whose series are read, and whether there are others: a stream's
// segments are one host's.
func (r *prometheus) host(all []promSeries) (host string, several bool, err error) {
	var hosts []string
	for i := range all {
		if h := hostOf(all[i].Metric); h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	slices.Sort(hosts)
	switch {
	case len(hosts) == 1 && r.opts.Host == "":
		return hosts[0], false, nil
	case len(hosts) <= 1:
		return r.opts.Host, false, nil
	case slices.Contains(hosts, r.opts.Host):
		return r.opts.Host, true, nil
	}
	return "", false, hinted{&stream.Error{File: r.src.name, Text: "series of several hosts: " + strings.Join(hosts, ", ")}, "--host " + hosts[0] + " takes one of them"}
}

// settle gives a GPU that has no other watts those of the moment, and leaves out
// what has only temperatures and the like.
func (r *prometheus) settle(byID map[string]*column) {
	var kept []*column
	for _, c := range r.series {
		whole := byID[c.domain.PartOf]
		if c.domain.Source != "dcgm" || c.domain.PartOf == "" || whole != nil && whole.fields[powerField] != nil {
			kept = append(kept, c)
			continue
		}
		if whole == nil {
			c.domain.ID, c.domain.PartOf = c.domain.PartOf, ""
			kept = append(kept, c)
			continue
		}
		whole.fields[powerField], whole.domain.Power = c.fields[powerField], c.domain.Power
	}
	r.series = slices.DeleteFunc(kept, func(c *column) bool {
		return c.fields[energyField] == nil && c.fields[powerField] == nil
	})
}

// take adds a series to its domain.
func (c *column) take(m *metric, s *promSeries) error {
	d := &c.domain
	switch m.field {
	case energyField:
		d.Energy = power.Counter
	case powerField:
		d.Power, d.PowerWindowUs = m.power, m.window
	}
	if d.Name == "" {
		d.Name, d.UUID = m.domain.Name, m.domain.UUID
	}
	if c.fields[m.field] == nil {
		c.fields[m.field] = make(addends)
	}
	points := c.fields[m.field][m.addend]
	if points == nil {
		points = make(map[int64]int64)
		c.fields[m.field][m.addend] = points
	}
	var bad error
	for _, p := range s.all() {
		v, err := m.unit.parse(p.text)
		if err != nil {
			bad = err
			continue
		}
		if old, ok := points[p.us]; v != power.Null && (!ok || old == power.Null) {
			points[p.us] = v
		} else if !ok {
			points[p.us] = power.Null
		}
	}
	return bad
}

// value is what is known of the domain at t.
func (c *column) value(t int64) Value {
	v := nothing
	v.J = c.fields[energyField].sum(t)
	v.W = c.fields[powerField].sum(t)
	if n := c.fields[utilField].sum(t); n != power.Null {
		v.Util = float64(n) / 1e6
	}
	if n := c.fields[memoryField].sum(t); n != power.Null {
		v.MemBytes = float64(n)
	}
	if n := c.fields[tempField].sum(t); n != power.Null {
		v.TempC = float64(n) / 1e3
	}
	return v
}

// sum is null if an addend is missing: what is left would be too little.
func (a addends) sum(t int64) int64 {
	total, any := int64(0), false
	for _, points := range a {
		v, ok := points[t]
		if !ok || v == power.Null {
			return power.Null
		}
		total, any = total+v, true
	}
	if !any {
		return power.Null
	}
	return total
}

// spacing is the median time between points, 0 if there is none.
func (a addends) spacing() (longest int64) {
	for _, points := range a {
		times := slices.Sorted(maps.Keys(points))
		var steps []int64
		for i := 1; i < len(times); i++ {
			steps = append(steps, times[i]-times[i-1])
		}
		if slices.Sort(steps); len(steps) > 0 {
			longest = max(longest, steps[len(steps)/2])
		}
	}
	return longest
}

// lay puts all times in order.
func (r *prometheus) lay(host string) error {
	seen := make(map[int64]bool)
	longest := 0
	for _, c := range r.series {
		for _, f := range c.fields {
			for _, points := range f {
				longest = max(longest, len(points))
				for t := range points {
					seen[t] = true
				}
			}
		}
	}
	for t := range seen {
		r.times = append(r.times, t)
	}
	slices.Sort(r.times)
	// A query over a range has each series at its own times.
	r.header = &Header{Host: host, ResolutionUs: 1000, Sparse: len(r.times) > longest+longest/2}
	for _, c := range r.series { // the longest: a shorter one would make gaps of its steps
		r.header.IntervalUs = max(r.header.IntervalUs, c.fields[energyField].spacing(), c.fields[powerField].spacing())
	}
	for _, c := range r.series {
		r.header.Domains = append(r.header.Domains, c.domain)
	}
	if len(r.series) == 0 {
		return hinted{&stream.Error{File: r.src.name, Text: "no series of power or energy"}, `query={__name__=~"DCGM_FI_DEV_POWER_USAGE|DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION|kepler_node_cpu_joules_total|node_rapl_.*_joules_total"}`}
	}
	return nil
}

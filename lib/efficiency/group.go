package efficiency

import (
	"cmp"
	"slices"
	"strings"

	"ipw/lib/stats"
)

// clusters groups tasks that are repetitions of one: ID#2 repeats ID, in
// another run or in this one.
func (t *Table) clusters(of []*task) stats.Clusters {
	known := make(map[string]bool)
	for _, k := range t.tasks {
		known[k.dataset+"\x00"+k.query] = true
	}
	keys := make([]string, len(of))
	for i, k := range of {
		keys[i] = k.dataset + "\x00" + k.query
		if base, ok := repeatOf(keys[i]); ok && known[base] {
			keys[i] = base
		}
	}
	return stats.Cluster(keys)
}

// repeatOf cuts the number from ID#2.
func repeatOf(id string) (string, bool) {
	i := strings.LastIndexByte(id, '#')
	if i < 0 || i+1 == len(id) || id[i+1] == '0' || strings.Trim(id[i+1:], "0123456789") != "" {
		return "", false
	}
	return id[:i], true
}

// meanOpen is the mean number of queries open while at least one was, nil if
// no trace says when it was open.
func (t *Table) meanOpen() *float64 {
	var open, busy int64
	for _, run := range t.open {
		slices.SortFunc(run, func(a, b window) int { return cmp.Compare(a.start, b.start) })
		end := run[0].start
		for _, w := range run {
			open += w.end - w.start
			busy += max(0, w.end-max(end, w.start))
			end = max(end, w.end)
		}
	}
	if busy == 0 {
		return nil
	}
	m := float64(open) / float64(busy)
	return &m
}

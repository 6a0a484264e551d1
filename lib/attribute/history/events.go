package history

import (
	"bytes"
	"fmt"
	"slices"
)

// entry is one record.
type entry struct {
	at    int64
	order int // the order of an instant's records
	query *query
	line  object
}

// events makes the event stream and tells when it begins and ends.
func (m *maker) events() (stream []byte, from, to int64) {
	all := m.queries()
	var records []entry
	for _, q := range all {
		records = append(records, m.records(q)...)
	}
	m.sort(records)
	died := -1
	if m.has(FailedSegments) && len(records) > 3 {
		records, died = m.die(all, records)
	}
	if len(records) == 0 { // all starts were lost
		q := m.query("q9999", 1, 0)
		q.noStart = false
		records = m.records(q)
		m.sort(records)
	}
	return m.writeEvents(records, died), records[0].at, records[len(records)-1].at
}

// records writes down what a query did.
func (m *maker) records(q *query) []entry {
	var out []entry
	add := func(at int64, order int, kind string, more object) {
		out = append(out, entry{at, order, q, append(m.line(kind, at, m.eventsBoot, q), more...)})
	}
	if !q.noStart {
		add(q.start, 0, "query_start", object{{"workload_type", "test"}, {"query_text", "what?"}})
	}
	if !q.noEnd {
		add(q.end, 4, "query_end", object{{"response_text", "that"}, {"completed", q.reason == "finished"}, {"reason", q.reason}})
	}
	for _, s := range q.spans {
		id := object{{"span", s.id}}
		if s.parent != "" {
			id = append(id, pair{"parent", s.parent})
		}
		if s.turn >= 0 {
			id = append(id, pair{"turn", s.turn})
		}
		if !s.noStart {
			add(s.start, 1, s.kind+"_start", append(slices.Clone(id), s.attributes()...))
		}
		if s.firstToken != noTime {
			add(s.firstToken, 2, "lm_first_token", id)
		}
		for _, w := range s.waits {
			add(w.at, 2, "retry", append(slices.Clone(id), pair{"error_class", "rate_limit"}, pair{"wait_s", decimal(w.length)}))
		}
		if !s.noEnd {
			add(s.end, 3, s.kind+"_end", append(slices.Clone(id), s.results()...))
		}
	}
	return out
}

func (s *span) attributes() object {
	switch s.kind {
	case "tool_call":
		return object{{"tool", "search"}, {"call_id", s.id}}
	case "setup", "scoring":
		return object{{"what", "container"}}
	}
	o := object{{"model", "m"}, {"provider", "p"}}
	if !s.nowhere {
		o = append(o, pair{"endpoint", s.endpoint}, pair{"local", s.local})
	}
	return o
}

func (s *span) results() object {
	switch s.kind {
	case "tool_call":
		return object{{"tool", "search"}, {"ok", true}, {"result_tokens", 3}}
	case "setup", "scoring":
		return nil
	}
	return object{{"input_tokens", 100}, {"output_tokens", 20}}
}

// sort puts records in time order, those of one instant in random order with
// EqualTimes, else as the rules order them.
func (m *maker) sort(records []entry) {
	m.rng.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
	slices.SortStableFunc(records, func(a, b entry) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		if m.has(EqualTimes) {
			return 0
		}
		return a.order - b.order
	})
}

// die ends the agent at some record. What was open is lost from there on and
// tried again afterwards. It returns how many records came before.
func (m *maker) die(all []*query, records []entry) ([]entry, int) {
	at := records[len(records)/3+m.rng.IntN(len(records)/3+1)].at
	open := make(map[*query]bool)
	for _, q := range all {
		if q.start <= at && (at < q.end || q.noEnd) {
			open[q] = true
		}
	}
	died := 0
	kept := records[:0:0]
	for _, r := range records {
		if r.at > at && open[r.query] {
			continue
		}
		if r.at <= at {
			died++
		}
		kept = append(kept, r)
	}
	for _, q := range all {
		last := q.attempt
		for _, p := range all {
			if p.id == q.id {
				last = max(last, p.attempt)
			}
		}
		if open[q] && last == q.attempt && m.coin(0.8) {
			again := m.query(q.id, last+1, at+m.length(10*ms, 200*ms)+1)
			kept = append(kept, m.records(again)...)
		}
	}
	m.sort(kept[died:])
	return kept, died
}

// writeEvents cuts records into segments and writes them.
func (m *maker) writeEvents(records []entry, died int) []byte {
	cuts := []int{len(records)}
	if died >= 0 {
		cuts = append(cuts, died)
	}
	for range 2 {
		if m.maybe(EventSegments, 0.7) {
			cuts = append(cuts, m.rng.IntN(len(records)+1))
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out bytes.Buffer
	first := 0
	for _, cut := range cuts {
		part := slices.Clone(records[first:cut])
		if len(part) == 0 {
			continue
		}
		m.swap(part)
		status := "ok"
		if cut == died {
			status = []string{"failed", "interrupted", ""}[m.rng.IntN(3)]
		}
		m.eventSegment(&out, part, status)
		first = cut
	}
	return out.Bytes()
}

// swap lets a few records come late.
func (m *maker) swap(part []entry) {
	for i := 1; i < len(part); i++ {
		if m.maybe(Backwards, 0.1) {
			part[i-1], part[i] = part[i], part[i-1]
			i++
		}
	}
}

func (m *maker) eventSegment(out *bytes.Buffer, part []entry, status string) {
	tUs, _ := m.stamp(part[0].at)
	h := object{{"type", "header"}, {"schema", "ipw.events/1"}, {"run", "run@1"}, {"host", "n1"}}
	if m.eventsBoot {
		h = append(h, pair{"boot_id", "boot-1"})
	}
	h = append(h, pair{"t_us", tUs}, pair{"tool", "history"}, pair{"agent", "a"}, pair{"model", "m"}, pair{"dataset", "d"})
	h.write(out)
	for _, r := range part {
		r.line.write(out)
	}
	if status != "" { // else nobody lived to write it
		fmt.Fprintf(out, `{"type":"end","records":%d,"status":%q}`+"\n", len(part), status)
	}
}

// line begins a record.
func (m *maker) line(kind string, at int64, boot bool, q *query) object {
	tUs, mUs := m.stamp(at)
	o := object{{"type", kind}, {"t_us", tUs}}
	if boot {
		o = append(o, pair{"m_us", mUs})
	}
	return append(o, pair{"query", q.id}, pair{"attempt", q.attempt})
}

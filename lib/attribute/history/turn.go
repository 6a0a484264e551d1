package history

// turn makes model calls, then tools, from the query's cursor on.
func (m *maker) turn(q *query, index int) {
	at := q.cursor
	end := at
	if !m.coin(0.05) { // few turns have tools only
		call := m.call(q, "lm_inference", index, at, 0)
		end = call.end
		if m.maybe(ParallelCalls, 0.5) {
			end = max(end, m.call(q, "lm_inference", index, m.between(at, end), 0).end)
		}
		if m.maybe(ToolsInCalls, 0.4) {
			m.tool(q, index, m.between(call.start, call.end), call.id, 1)
		}
	}
	next, from := end, end
	tools := m.rng.IntN(3)
	if m.has(ParallelTools) {
		tools = m.rng.IntN(4)
	}
	for range tools {
		t := m.tool(q, index, from, "", 0)
		next = max(next, t.end)
		if !m.maybe(ParallelTools, 0.7) {
			from = t.end
		}
	}
	if m.maybe(OutliveCalls, 0.5) {
		next = m.between(end, next)
	}
	q.cursor = next
	if m.coin(0.6) {
		q.cursor += m.length(ms, 100*ms)
	}
}

// call makes a model call, at most until a limit (0: none).
func (m *maker) call(q *query, kind string, turn int, at, limit int64) *span {
	s := &span{kind: kind, turn: turn, start: at, end: at + m.length(20*ms, 500*ms), firstToken: noTime}
	if limit != 0 {
		s.end = min(s.end, max(limit, at))
	}
	if kind == "lm_inference" && m.coin(0.8) {
		s.firstToken = m.between(s.start, s.end)
	}
	for m.maybe(Retries, 0.3) {
		s.waits = append(s.waits, wait{m.between(s.start, s.end), m.length(5*ms, 300*ms)})
	}
	s.local, s.endpoint = true, "http://127.0.0.1:8000/v1"
	if m.maybe(Remote, q.remote) {
		s.local, s.endpoint = false, "https://api.example.com/v1"
	} else {
		s.nowhere = m.maybe(NoLocation, 0.4)
	}
	return m.add(q, s)
}

// tool makes a tool call, perhaps with spans inside.
func (m *maker) tool(q *query, turn int, at int64, parent string, depth int) *span {
	s := &span{kind: "tool_call", turn: turn, parent: parent, start: at, end: at + m.length(20*ms, 400*ms)}
	m.add(q, s)
	if m.maybe(ForeignParents, 0.3) && len(q.spans) > 0 {
		s.parent = q.spans[m.rng.IntN(len(q.spans))].id
		if s.parent == s.id || m.coin(0.2) {
			s.parent = "nobody"
		}
	}
	if depth > 2 {
		return s
	}
	for m.maybe(NestedSpans, 0.5-0.1*float64(depth)) {
		from := m.between(s.start, s.end)
		var inner *span
		if m.coin(0.6) {
			inner = m.call(q, "submodel_call", turn, from, s.end)
			inner.parent = s.id
		} else {
			inner = m.tool(q, turn, from, s.id, depth+1)
			inner.end = min(inner.end, s.end)
		}
		if m.maybe(OutliveParents, 0.3) {
			inner.end = max(inner.end, s.end+m.length(10*ms, 100*ms))
		}
	}
	return s
}

package foreign

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"ipw/lib/event"
	"ipw/lib/stream"
	"ipw/lib/unit"
)

// recorder reads the Python reference's event list: objects with event_type,
// timestamp in seconds and metadata, as a list or one a line. A list is one
// query, or one for each agent_start that is in no other; so are the lines of a
// file. Where metadata names a query (query_id, task_id), events with another
// name are another query's.
//
// The list has no ids of calls. An end belongs to the first open start of its
// kind and its tool or model; if several were open the choice is a guess and
// marked so.
type recorder struct {
	problems *stream.Problems
	opts     Options
	in       *stream.Input
	doc      *document

	batch []recorded
	lists int
	ready []*query // of lists read, by start
	over  bool
	odd   struct{ unstarted, unended tally }
}

// recorded is one event of the list.
type recorded struct {
	typ  string
	t    int64
	line int
	meta recordedMeta
}

// recordedMeta is what is used of an event's metadata.
type recordedMeta struct {
	Query    string          `json:"query_id"`
	Task     json.RawMessage `json:"task_id"`
	Span     string          `json:"correlation_id"`
	Tool     string          `json:"tool"`
	ToolName string          `json:"tool_name"`
	Args     json.RawMessage `json:"args"`
	Command  string          `json:"command"`
	Model    string          `json:"model"`
	ModelID  string          `json:"model_id"`
	Backend  string          `json:"backend"`
	Agent    string          `json:"agent"`
	Name     string          `json:"agent_name"`
	Prompt   *float64        `json:"prompt_tokens"`
	Complete *float64        `json:"completion_tokens"`
	Source   string          `json:"token_source"`
	Cost     *float64        `json:"cost_usd"`
	Status   string          `json:"status"`
	Error    json.RawMessage `json:"error"`
	Fatal    bool            `json:"fatal"`

	raw json.RawMessage
}

func newRecorder(problems *stream.Problems, opts Options, in *stream.Input) *recorder {
	lists := func(_, _ string, open byte) bool { return open == '[' }
	return &recorder{problems: problems, opts: opts, in: in, doc: newDocument(in, lists)}
}

// next gives the queries by start. All lists of a file are read first: they
// may stand in any order, and what is kept of them is small.
func (r *recorder) next() (*query, error) {
	for !r.over {
		if err := r.read(); err != nil {
			return nil, err
		}
	}
	if len(r.ready) == 0 {
		return nil, io.EOF
	}
	q := r.ready[0]
	r.ready = r.ready[1:]
	return q, nil
}

func (r *recorder) read() error {
	it, err := r.doc.next()
	if err != nil {
		if err = r.doc.settle(r.problems, err); err == io.EOF {
			r.finish()
			return nil
		}
		return err
	}
	switch {
	case it.enter, it.exit: // of a list
		r.close()
	default:
		e, err := readRecorded(it.raw)
		if err != nil {
			return r.problems.Reject(r.in.Name, it.line, err)
		}
		e.line = it.line
		r.batch = append(r.batch, e)
	}
	return nil
}

func (r *recorder) finish() {
	r.close()
	r.over = true
	r.in.Close()
	slices.SortStableFunc(r.ready, func(a, b *query) int { return cmp.Compare(a.start, b.start) })
	r.odd.unstarted.warn(r.problems, "ends without a start begin at the event before them")
	r.odd.unended.warn(r.problems, "starts without an end last to their query's end")
}

// readRecorded reads one event.
func readRecorded(raw []byte) (recorded, error) {
	var e recorded
	var err error
	s := stream.Scan(raw)
	for s.Next() {
		switch string(s.Key()) {
		case "event_type":
			s.Text(&e.typ)
		case "timestamp":
			e.t, err = moments(s.Value())
		case "metadata":
			s.Object(&e.meta.raw)
		default:
			s.Skip()
		}
	}
	if s.Err() != nil {
		return e, s.Err()
	}
	switch {
	case err != nil:
		return e, fmt.Errorf("timestamp %w", err)
	case e.typ == "":
		return e, errors.New("event without event_type")
	case e.t == 0:
		return e, errors.New("event without timestamp")
	}
	if e.meta.raw != nil {
		var types *json.UnmarshalTypeError
		if err := json.Unmarshal(e.meta.raw, &e.meta); err != nil && !errors.As(err, &types) {
			return e, stream.WrongType(err)
		}
	}
	return e, nil
}

// moments reads seconds since 1970 as microseconds, or RFC 3339.
func moments(raw []byte) (int64, error) {
	if len(raw) > 1 && raw[0] == '"' {
		return when(string(raw[1 : len(raw)-1]))
	}
	us, err := unit.ParseDecimal(raw, 6)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no time in seconds", raw)
	}
	if y := time.UnixMicro(us).UTC().Year(); us <= 0 || y > 2200 {
		return 0, fmt.Errorf("%.40s is no time in seconds since 1970", raw)
	}
	return us, nil
}

// when reads RFC 3339 as microseconds.
func when(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return 0, fmt.Errorf("%.40q is no time", text)
	}
	return t.UnixMicro(), nil
}

// close makes queries of the list that was read.
func (r *recorder) close() {
	events := r.batch
	r.batch = nil
	if len(events) == 0 {
		return
	}
	slices.SortStableFunc(events, func(a, b recorded) int { return cmp.Compare(a.t, b.t) })
	for _, list := range split(events) {
		q := r.queryOf(list)
		if q == nil {
			continue
		}
		if q.id == "" {
			q.id = stem(r.in.Name)
		}
		r.lists++
		r.ready = append(r.ready, q)
	}
}

// queryName is what an event's metadata says of its query.
func (e *recorded) queryName() string {
	if e.meta.Query != "" {
		return e.meta.Query
	}
	var name string
	if json.Unmarshal(e.meta.Task, &name) != nil && string(e.meta.Task) != "null" {
		name = string(e.meta.Task) // a number
	}
	return name
}

// split cuts a list into queries: by name where events have one, else at each
// agent_start outside of any other agent.
func split(events []recorded) [][]recorded {
	var order []string
	by := make(map[string][]recorded)
	name, depth, n := "", 0, 0
	for _, e := range events {
		own := e.queryName()
		switch {
		case own != "":
			name = own
		case e.typ == "agent_start" && depth == 0:
			n++
			name = fmt.Sprintf("\x00%d", n)
		}
		switch e.typ {
		case "agent_start":
			depth++
		case "agent_end":
			depth = max(depth-1, 0)
		}
		if by[name] == nil {
			order = append(order, name)
		}
		by[name] = append(by[name], e)
	}
	lists := make([][]recorded, 0, len(order))
	for _, name := range order {
		lists = append(lists, by[name])
	}
	return lists
}

// queryOf makes a query of one list.
func (r *recorder) queryOf(events []recorded) *query {
	first, last := &events[0], &events[len(events)-1]
	q := &query{start: first.t, end: last.t, file: r.in.Name, line: first.line, tool: "event list", counted: true, reason: event.Finished}
	p := pairing{q: q, r: r}
	for i := range events {
		e := &events[i]
		if q.id == "" {
			q.id = e.queryName()
		}
		q.agent = cmp.Or(q.agent, e.meta.Name, e.meta.Agent)
		p.take(e)
		p.before = e.t
		r.typed(q, e)
	}
	p.finish()
	if len(q.spans) == 0 && len(events) == 1 {
		return nil // a lone event has no length
	}
	for i := range q.spans {
		if q.spans[i].kind == modelCall {
			q.model = cmp.Or(q.model, q.spans[i].model)
		}
	}
	q.arrange()
	return q
}

// typed looks for the attribute of --type-from in an event's metadata.
func (r *recorder) typed(q *query, e *recorded) {
	if r.opts.TypeFrom == "" || q.typed || e.meta.raw == nil {
		return
	}
	if text := memberText(e.meta.raw, r.opts.TypeFrom); text != "" {
		q.workload, q.typed = text, true
	}
}

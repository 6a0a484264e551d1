package foreign

import (
	"encoding/json"
	"fmt"
	"strings"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// claudeQuery is a query of a session while its records are read.
type claudeQuery struct {
	q     *query
	main  *claudeChain
	sides []*claudeChain          // of agents
	byID  map[string]*claudeChain // the latest of each id
	tools map[string]int          // spans of tool calls, by tool_use id
	spawn map[string]int          // spans of the tools that started agents, by the agent's id
	open  int                     // tools of the main chain without a result
	turns int

	interrupted bool
	answer      string
}

// claudeChain is one conversation: the session's, or an agent's.
type claudeChain struct {
	agent string // "" for the session's own
	prev  int64  // time of the record before
	call  int    // span of the model call that its records belong to, −1
	id    string // message id of the call
	stop  string // why its last message ended
	first string // the text it began with
	start int64
	text  []string
	final bool
	spans []int // of an agent
}

func newClaudeQuery(c *claude, r *claudeRecord) *claudeQuery {
	d := &claudeQuery{
		q:    &query{start: r.t, end: r.t, file: r.file, line: r.line, agent: "claude-code", tool: "Claude Code", counted: true, asked: firstText(r.message.text()), reason: event.Finished},
		byID: map[string]*claudeChain{}, tools: map[string]int{}, spawn: map[string]int{},
		main: &claudeChain{prev: r.t, call: -1},
	}
	if r.sidechain { // the agent is all there is
		d.byID[r.AgentID] = d.main
	}
	d.q.note("sessionId", c.session)
	d.q.noteMembers(r.facts)
	return d
}

// busy reports that the main chain has not answered yet.
func (d *claudeQuery) busy() bool {
	return !d.interrupted && (d.open > 0 || d.main.stop == "tool_use")
}

// chain is the conversation that a record belongs to.
func (d *claudeQuery) chain(r *claudeRecord) *claudeChain {
	if !r.sidechain {
		return d.main
	}
	c := d.byID[r.AgentID]
	if c == nil || r.AgentID == "" && r.Type == "user" && r.message.asks() { // without ids, a prompt is another agent
		c = &claudeChain{agent: r.AgentID, prev: r.t, start: r.t, call: -1, first: r.message.text()}
		d.byID[r.AgentID] = c
		d.sides = append(d.sides, c)
	}
	return c
}

func (d *claudeQuery) take(r *claudeRecord) {
	c := d.chain(r)
	d.q.end = max(d.q.end, r.t)
	switch {
	case r.Type == "assistant":
		d.assistant(c, r)
	case r.Type == "user":
		d.user(c, r)
	}
	c.prev = r.t
}

// assistant takes a record of a model's message: one for each of its blocks,
// all with the message's id.
func (d *claudeQuery) assistant(c *claudeChain, r *claudeRecord) {
	m := &r.message
	if m.Model == "<synthetic>" && !r.apiError {
		return // a note of Claude Code's own
	}
	if c.call < 0 || m.ID == "" || m.ID != c.id {
		d.call(c, r)
	}
	s := &d.q.spans[c.call]
	s.end = r.t
	s.usage = better(s.usage, m, r)
	if reason, final := m.stop(); final {
		c.stop, c.final = reason, true
		s.finish, s.usage.estimated = reason, false
	} else if !c.final {
		s.usage.estimated = s.usage.output != nil
	}
	if r.apiError {
		s.err, s.usage, s.finish = clip(wording(m.Content)), usage{}, ""
		if s.err == nil {
			s.err = pointer("error")
		}
	}
	for i := range m.blocks {
		if !r.apiError {
			d.block(c, r, &m.blocks[i])
		}
	}
}

// better is the usage of a message after one more of its records: the counts
// grow while it streams.
func better(u usage, m *claudeMessage, r *claudeRecord) usage {
	n := claudeUsageOf(m.Usage)
	if n.output != nil && (u.output == nil || *n.output >= *u.output) || !u.counted() {
		n.cost, n.estimated = u.cost, u.estimated
		u = n
	}
	if r.cost != nil {
		u.cost = r.cost
	}
	return u
}

// call begins a model call.
func (d *claudeQuery) call(c *claudeChain, r *claudeRecord) {
	s := span{kind: modelCall, id: fmt.Sprintf("s%d", len(d.q.spans)+1), start: c.prev, end: r.t, startDerived: true, line: r.line, model: r.message.Model}
	if s.model == "<synthetic>" {
		s.model = ""
	}
	if strings.HasPrefix(s.model, "claude-") {
		no := false
		s.provider, s.local = "anthropic", &no
	}
	if c == d.main {
		s.turn = d.turns
		d.turns++
		c.text = nil
	} else {
		s.kind = submodelCall
	}
	d.add(c, s)
	c.call, c.id, c.stop, c.final = len(d.q.spans)-1, r.message.ID, "", false
	if d.q.model == "" && c == d.main {
		d.q.model = s.model
	}
}

// add keeps a span. One of an agent learns at the end what it is in.
func (d *claudeQuery) add(c *claudeChain, s span) {
	if c != d.main {
		c.spans = append(c.spans, len(d.q.spans))
	} else {
		s.turn = max(d.turns-1, 0)
	}
	d.q.spans = append(d.q.spans, s)
}

func (d *claudeQuery) block(c *claudeChain, r *claudeRecord, b *claudeBlock) {
	switch b.Type {
	case "text":
		c.text = append(c.text, b.Text)
		if c == d.main {
			d.answer = strings.Join(c.text, "\n")
		}
	case "tool_use":
		if _, known := d.tools[b.ID]; known {
			return
		}
		s := span{kind: toolCall, id: fmt.Sprintf("s%d", len(d.q.spans)+1), start: r.t, end: -1, startDerived: true, line: r.line, tool: b.Name, callID: b.ID}
		if len(b.Input) > 0 {
			s.arguments = pointer(stream.Clip(string(b.Input), event.MaxText))
		}
		d.tools[b.ID] = len(d.q.spans)
		d.add(c, s)
		if c == d.main {
			d.open++
		}
	}
}

// user takes results of tools, and notes.
func (d *claudeQuery) user(c *claudeChain, r *claudeRecord) {
	if r.message.interrupted() && c == d.main {
		d.interrupted = true
	}
	for i := range r.message.blocks {
		if b := &r.message.blocks[i]; b.Type == "tool_result" {
			d.result(c, r, b)
		}
	}
}

func (d *claudeQuery) result(c *claudeChain, r *claudeRecord, b *claudeBlock) {
	n, ok := d.tools[b.ToolUseID]
	if !ok || d.q.spans[n].end >= 0 {
		return // of a call that stands in another transcript
	}
	s := &d.q.spans[n]
	s.end = max(r.t, s.start)
	if r.durationMs != nil && *r.durationMs >= 0 && *r.durationMs < 1e12 { // without the wait for a person's leave
		s.start = max(s.start, s.end-int64(*r.durationMs*1000))
	}
	text := wording(b.Content)
	size := int64(len(text))
	s.resultBytes = &size
	if b.IsError {
		if s.err = clip(text); s.err == nil {
			s.err = pointer("error")
		}
	}
	if r.resultOf != "" {
		d.spawn[r.resultOf] = n
	}
	if c == d.main {
		d.open--
		c.stop = "" // it goes on
	}
}

// promptOf is the prompt that a tool call gives an agent.
func promptOf(arguments *string) string {
	var input struct {
		Prompt string `json:"prompt"`
	}
	if arguments != nil {
		json.Unmarshal([]byte(*arguments), &input)
	}
	return input.Prompt
}

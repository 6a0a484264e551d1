package foreign

import (
	"fmt"
	"io"
	"strings"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// claude makes queries of a session of Claude Code: each prompt with all that
// follows up to the next one. A transcript has one time for each record, when
// it was written: a model call is taken to last from the record before its first
// to its last, a tool from the record that asked for it to its result.
type claude struct {
	problems *stream.Problems
	seen     *claudeSeen
	session  string
	files    []*claudeFile
	count    int // queries

	now   int64 // of the last record
	back  tally
	draft *claudeQuery // the query being read; nil before the first prompt, and in a copy of another session's
}

func newClaude(problems *stream.Problems, seen *claudeSeen, session string) *claude {
	return &claude{problems: problems, seen: seen, session: session}
}

// next reads to the end of a query.
func (c *claude) next() (*query, error) {
	for {
		r, err := c.record()
		if err == io.EOF {
			q := c.finish()
			if q == nil {
				c.back.warn(c.problems, "records that stand before an earlier one are taken at its time")
				c.back = tally{}
				return nil, io.EOF
			}
			return q, nil
		}
		if err != nil {
			return nil, err
		}
		if !c.begins(r) {
			if c.draft != nil && !(r.Type == "assistant" && c.seen.elsewhere(r.message.ID, c)) {
				c.draft.take(r)
			}
			continue
		}
		q := c.finish()
		if !c.seen.elsewhere(r.UUID, c) {
			c.draft = newClaudeQuery(c, r)
		}
		if q != nil {
			return q, nil
		}
	}
}

// record gives the session's records in the order of time, however many files
// they are in.
func (c *claude) record() (*claudeRecord, error) {
	var best *claudeFile
	for _, f := range c.files {
		if f.ahead != nil && (best == nil || f.ahead.t < best.ahead.t) {
			best = f
		}
	}
	if best == nil {
		return nil, io.EOF
	}
	r := best.ahead
	if err := best.advance(); err != nil && err != io.EOF {
		return nil, err
	}
	if r.t < c.now {
		c.back.add(r.file, r.line)
		r.t = c.now
	}
	c.now = r.t
	return r, nil
}

// begins reports a record that is a prompt. What is typed while the model works
// is part of the query; so is everything of an agent, unless its session's own
// transcript is not there.
func (c *claude) begins(r *claudeRecord) bool {
	if r.Type != "user" || r.meta || r.summary || !r.message.asks() {
		return false
	}
	if r.sidechain {
		return c.draft == nil
	}
	return c.draft == nil || !c.draft.busy()
}

// asks reports a message that a person wrote: no result of a tool.
func (m *claudeMessage) asks() bool {
	any := false
	for i := range m.blocks {
		b := &m.blocks[i]
		if b.Type == "tool_result" {
			return false
		}
		any = any || b.Type != "text" || b.Text != ""
	}
	return any && !m.interrupted()
}

// text is what a message says.
func (m *claudeMessage) text() string {
	var b strings.Builder
	for i := range m.blocks {
		if m.blocks[i].Type != "text" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(m.blocks[i].Text)
	}
	return b.String()
}

// interrupted reports the note that Claude Code leaves when a person stops it.
func (m *claudeMessage) interrupted() bool {
	for i := range m.blocks {
		if strings.HasPrefix(m.blocks[i].Text, "[Request interrupted by user") {
			return true
		}
	}
	return false
}

// finish ends the query being read; nil if it came to nothing, as a command that
// asks no model.
func (c *claude) finish() *query {
	d := c.draft
	c.draft = nil
	if d == nil || len(d.q.spans) == 0 {
		return nil
	}
	d.q.id = fmt.Sprintf("%s-q%04d", c.session, c.count)
	c.count++
	d.finish()
	return d.q
}

// claudeUsageOf counts as the design does: Anthropic's input leaves the cached
// tokens out.
func claudeUsageOf(u *claudeUsage) usage {
	if u == nil {
		return usage{}
	}
	out := usage{cached: u.CacheRead, cacheWrite: u.CacheWrite, output: u.Output}
	if u.Input != nil {
		sum := *u.Input
		for _, n := range []*int64{u.CacheRead, u.CacheWrite} {
			if n != nil {
				sum += *n
			}
		}
		out.input = &sum
	}
	return out
}

// clip cuts a text as the stream's errors are cut; nil if it is empty.
func clip(text string) *string {
	if text == "" {
		return nil
	}
	return pointer(stream.Clip(text, event.MaxText))
}

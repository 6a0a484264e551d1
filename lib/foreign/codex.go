package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ipw/lib/stream"
)

// codex makes queries of a transcript of Codex (rollout-*.jsonl): each task,
// from task_started or the user's message to task_complete, turn_aborted or the
// next task. As in every transcript a record has one time, when it was written:
// a model call is taken to last from the record before its first item to its
// last, a tool from the record that asked for it to its output.
type codex struct {
	problems *stream.Problems
	in       *stream.Input
	lines    *stream.Lines
	session  codexMeta
	model    string
	total    codexTokens // as counted so far, to know a repeat

	count int
	now   int64
	back  tally
	draft *codexQuery // nil between tasks
	known bool        // session_meta was read
}

// codexMeta is what a transcript says of its session.
type codexMeta struct {
	ID       string `json:"id"`
	CWD      string `json:"cwd"`
	Version  string `json:"cli_version"`
	Origin   string `json:"originator"`
	Provider string `json:"model_provider"`
	Git      struct {
		Branch string `json:"branch"`
	} `json:"git"`
}

// codexRecord is one line.
type codexRecord struct {
	t       int64
	Type    string
	kind    string // type of the payload
	payload []byte
	line    int
	file    string
}

func newCodex(problems *stream.Problems, in *stream.Input) *codex {
	return &codex{problems: problems, in: in, lines: stream.NewLines(problems, in), session: codexMeta{ID: stem(in.Name)}}
}

// next reads to the end of a task.
func (c *codex) next() (*query, error) {
	for {
		r, err := c.record()
		if err == io.EOF {
			if q := c.finish(); q != nil {
				return q, nil
			}
			c.back.warn(c.problems, "records that stand before an earlier one are taken at its time")
			c.back = tally{}
			return nil, io.EOF
		}
		if err != nil {
			return nil, err
		}
		if q := c.take(r); q != nil {
			return q, nil
		}
	}
}

// record reads the next line.
func (c *codex) record() (*codexRecord, error) {
	for {
		line, err := c.lines.Next()
		if err != nil {
			return nil, err
		}
		r, err := readCodex(line)
		if err != nil {
			c.lines.Reject(err)
			continue
		}
		if r.t < c.now {
			c.back.add(r.file, r.line)
			r.t = c.now
		}
		c.now = r.t
		return r, nil
	}
}

func readCodex(line *stream.Line) (*codexRecord, error) {
	r := &codexRecord{line: line.Num, file: line.File}
	var stamp string
	s := stream.Scan(line.Bytes)
	for s.Next() {
		switch string(s.Key()) {
		case "timestamp":
			s.Text(&stamp)
		case "type":
			s.Text(&r.Type)
		case "payload":
			r.payload = s.Value()
		default:
			s.Skip()
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if r.Type == "" || r.payload == nil {
		return nil, errors.New("no record with type and payload: a transcript of before September 2025 has no times")
	}
	var err error
	if r.t, err = when(stamp); err != nil {
		return nil, errors.New("timestamp " + err.Error())
	}
	r.kind = stream.Type(r.payload)
	return r, nil
}

// take uses a record. It returns the query that the record ends.
func (c *codex) take(r *codexRecord) (done *query) {
	switch r.Type {
	case "session_meta":
		if !c.known { // a fork repeats the one of the session it came from
			c.known = json.Unmarshal(r.payload, &c.session) == nil
		}
	case "turn_context":
		var x struct {
			Model string `json:"model"`
		}
		if json.Unmarshal(r.payload, &x); x.Model != "" {
			c.model = x.Model
		}
	case "event_msg":
		return c.event(r)
	case "response_item":
		if c.draft == nil { // of a version that does not write task_started
			if !isOutput(r.kind, r.payload) {
				return nil
			}
			c.begin(r)
		}
		c.draft.item(r)
	}
	return nil
}

func (c *codex) event(r *codexRecord) (done *query) {
	var x struct {
		Message  string   `json:"message"`
		Last     string   `json:"last_agent_message"`
		FirstMs  *float64 `json:"time_to_first_token_ms"`
		CallID   string   `json:"call_id"`
		ExitCode *int     `json:"exit_code"`
		Duration struct {
			Secs  float64 `json:"secs"`
			Nanos float64 `json:"nanos"`
		} `json:"duration"`
		Info *struct {
			Total codexTokens `json:"total_token_usage"`
			Last  codexTokens `json:"last_token_usage"`
		} `json:"info"`
	}
	json.Unmarshal(r.payload, &x) // a field of another type is as good as none
	d := c.draft
	switch r.kind {
	case "task_started", "turn_started":
		done = c.finish()
		c.begin(r)
		c.draft.begun = true
	case "user_message":
		if d == nil || !d.begun && len(d.q.spans) > 0 {
			done = c.finish()
			c.begin(r)
		}
		c.draft.ask(x.Message, r.t)
	case "task_complete", "turn_complete", "turn_aborted":
		if d == nil {
			return nil
		}
		d.ends(r, x.Last, x.FirstMs)
		return c.finish()
	case "token_count":
		if d != nil && x.Info != nil && x.Info.Total != c.total {
			d.tokens(x.Info.Last)
			c.total = x.Info.Total
		}
	case "exec_command_end", "mcp_tool_call_end":
		if d != nil {
			d.measured(x.CallID, r.t, int64(x.Duration.Secs*1e6+x.Duration.Nanos/1e3), x.ExitCode)
		}
	}
	return done
}

// begin starts a query.
func (c *codex) begin(r *codexRecord) { c.draft = newCodexQuery(c, r) }

// finish ends the query being read; nil if no model was asked.
func (c *codex) finish() *query {
	d := c.draft
	c.draft = nil
	if d == nil || len(d.q.spans) == 0 {
		return nil
	}
	d.q.id = fmt.Sprintf("%s-q%04d", c.session.ID, c.count)
	c.count++
	d.finish()
	return d.q
}

// codexTokens is a count of tokens as OpenAI's: cached ones are part of the
// input, reasoning of the output.
type codexTokens struct {
	Input     int64 `json:"input_tokens"`
	Cached    int64 `json:"cached_input_tokens"`
	Output    int64 `json:"output_tokens"`
	Reasoning int64 `json:"reasoning_output_tokens"`
	Total     int64 `json:"total_tokens"`
}

package foreign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ipw/lib/event"
)

// codexQuery is a task while its records are read.
type codexQuery struct {
	c      *codex
	q      *query
	begun  bool  // task_started was there
	prev   int64 // time of the last record that a model call may follow
	call   int   // span of the model call that items belong to, −1
	spent  bool  // its tokens were counted: the next item is another call's
	turns  int
	tools  map[string]int // spans by call_id, until their output
	answer string
	ended  bool
}

func newCodexQuery(c *codex, r *codexRecord) *codexQuery {
	d := &codexQuery{c: c, prev: r.t, call: -1, tools: make(map[string]int),
		q: &query{start: r.t, end: r.t, file: r.file, line: r.line, agent: "codex", tool: strings.TrimSpace("Codex " + c.session.Version), counted: true, reason: event.Finished}}
	m := &c.session
	for _, x := range [][2]string{{"session_id", m.ID}, {"cwd", m.CWD}, {"cli_version", m.Version}, {"originator", m.Origin}, {"model_provider", m.Provider}, {"git.branch", m.Git.Branch}} {
		d.q.note(x[0], x[1])
	}
	return d
}

// ask takes the user's words. More of them may come while the model works.
func (d *codexQuery) ask(text string, t int64) {
	if d.q.asked == nil {
		d.q.asked = firstText(text)
	}
	if d.call < 0 {
		d.prev = t
	}
	d.q.end = max(d.q.end, t)
}

// isOutput reports an item that a model wrote.
func isOutput(kind string, payload []byte) bool {
	switch kind {
	case "reasoning", "function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call", "image_generation_call", "agent_message":
		return true
	case "message":
		return memberText(payload, "role") == "assistant"
	}
	return false
}

func (d *codexQuery) item(r *codexRecord) {
	d.q.end = max(d.q.end, r.t)
	switch {
	case isOutput(r.kind, r.payload):
		d.output(r)
	case r.kind == "function_call_output", r.kind == "custom_tool_call_output", r.kind == "tool_search_output":
		d.result(r)
		d.prev = r.t
		d.call = -1
	case d.call < 0:
		d.prev = r.t
	}
}

// output takes an item that a model wrote.
func (d *codexQuery) output(r *codexRecord) {
	if d.call < 0 || d.spent {
		s := span{kind: modelCall, id: d.id(), turn: d.turns, start: d.prev, end: r.t, startDerived: true, line: r.line, model: d.c.model, provider: d.c.session.Provider, local: d.local()}
		d.turns++
		d.q.spans = append(d.q.spans, s)
		d.call, d.spent, d.answer = len(d.q.spans)-1, false, ""
		if d.q.model == "" {
			d.q.model = s.model
		}
	}
	d.q.spans[d.call].end = r.t
	d.prev = r.t
	var x struct {
		Name      string          `json:"name"`
		CallID    string          `json:"call_id"`
		ID        string          `json:"id"`
		Arguments json.RawMessage `json:"arguments"`
		Input     string          `json:"input"`
		Action    json.RawMessage `json:"action"`
		Content   json.RawMessage `json:"content"`
	}
	json.Unmarshal(r.payload, &x)
	switch r.kind {
	case "message":
		d.answer = strings.TrimPrefix(d.answer+"\n"+wording(x.Content), "\n")
	case "function_call", "custom_tool_call", "local_shell_call", "tool_search_call":
		s := span{kind: toolCall, id: d.id(), turn: max(d.turns-1, 0), start: r.t, end: -1, startDerived: true, line: r.line, tool: x.Name, callID: x.CallID}
		if s.tool == "" {
			s.tool = strings.TrimSuffix(r.kind, "_call")
		}
		if s.callID == "" {
			s.callID = x.ID
		}
		for _, raw := range [][]byte{x.Arguments, x.Action} {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			if s.arguments == nil {
				s.arguments = clip(text)
			}
		}
		if s.arguments == nil {
			s.arguments = clip(x.Input)
		}
		d.tools[s.callID] = len(d.q.spans)
		d.q.spans = append(d.q.spans, s)
	}
}

func (d *codexQuery) id() string { return fmt.Sprintf("s%d", len(d.q.spans)+1) }

// local says where a provider's models run; nil: not known.
func (d *codexQuery) local() *bool {
	var here bool
	switch d.c.session.Provider {
	case "openai", "": // the default, and all there was once
	case "oss", "ollama", "lmstudio":
		here = true
	default:
		return nil
	}
	return &here
}

// tokens takes the count that follows a model's answer.
func (d *codexQuery) tokens(t codexTokens) {
	for i := len(d.q.spans) - 1; i >= 0; i-- {
		s := &d.q.spans[i]
		if s.kind != modelCall {
			continue
		}
		if !s.usage.counted() {
			s.usage = usage{input: &t.Input, output: &t.Output, cached: &t.Cached, reasoning: &t.Reasoning}
			d.spent = i == d.call
		}
		return
	}
}

// result takes a tool's output.
func (d *codexQuery) result(r *codexRecord) {
	var x struct {
		CallID string          `json:"call_id"`
		Output json.RawMessage `json:"output"`
	}
	json.Unmarshal(r.payload, &x)
	n, ok := d.tools[x.CallID]
	if !ok {
		return
	}
	text, size, failed := outputOf(x.Output)
	s := &d.q.spans[n]
	s.resultBytes = &size
	if s.end < 0 { // not said before, with its length
		s.end = max(r.t, s.start)
		if us, code := wallTime(text); us >= 0 {
			s.start = max(s.start, s.end-us)
			failed = failed || code != 0
			if code != 0 {
				s.err = pointer(fmt.Sprintf("exit code %d", code))
			}
		}
	}
	if failed && s.err == nil {
		s.err = clip(text)
	}
	delete(d.tools, x.CallID)
}

// measured takes the length that Codex itself measured of a tool's run.
func (d *codexQuery) measured(callID string, t, us int64, exit *int) {
	n, ok := d.tools[callID]
	if !ok {
		return
	}
	s := &d.q.spans[n]
	s.end = max(t, s.start)
	if us > 0 {
		s.start = max(s.start, s.end-us)
	}
	if exit != nil && *exit != 0 {
		s.err = pointer(fmt.Sprintf("exit code %d", *exit))
	}
	d.q.end = max(d.q.end, t)
}

// outputOf is a tool's output as text, how long it is, and whether it says that
// it failed: a string, parts, or an object with content and success. An older
// form, JSON in the string, is turned into the newer one.
func outputOf(raw []byte) (text string, size int64, failed bool) {
	if json.Unmarshal(raw, &text) == nil {
		size = int64(len(text))
		var x struct {
			Output   *string `json:"output"`
			Metadata struct {
				ExitCode *int     `json:"exit_code"`
				Seconds  *float64 `json:"duration_seconds"`
			} `json:"metadata"`
		}
		if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &x) == nil && x.Output != nil && x.Metadata.ExitCode != nil {
			text = fmt.Sprintf("Exit code: %d\n", *x.Metadata.ExitCode)
			if x.Metadata.Seconds != nil {
				text += fmt.Sprintf("Wall time: %g seconds\n", *x.Metadata.Seconds)
			}
			return text + "Output:\n" + *x.Output, size, false
		}
		return text, size, false
	}
	var x struct {
		Content json.RawMessage `json:"content"`
		Success *bool           `json:"success"`
	}
	if json.Unmarshal(raw, &x) == nil && x.Content != nil {
		raw, failed = x.Content, x.Success != nil && !*x.Success
	}
	text = wording(raw)
	return text, int64(len(text)), failed
}

// What Codex writes above a command's output.
var (
	wallLine = regexp.MustCompile(`(?m)^Wall time: ([0-9.]+) seconds$`)
	exitLine = regexp.MustCompile(`(?m)^(?:Exit code: |Process exited with code )(-?[0-9]+)$`)
)

// wallTime reads how long a command ran, in microseconds, −1 if its output does
// not say so, and its exit code.
func wallTime(text string) (us int64, code int) {
	head, _, _ := strings.Cut(text, "\nOutput:\n")
	if head = head[:min(len(head), 400)]; !strings.Contains(head, "Wall time: ") && !strings.HasPrefix(head, "Exit code: ") {
		return -1, 0
	}
	if m := exitLine.FindStringSubmatch(head); m != nil {
		code, _ = strconv.Atoi(m[1])
	}
	us = 1 << 40 // not said: nothing to shorten
	if m := wallLine.FindStringSubmatch(head); m != nil {
		if s, err := strconv.ParseFloat(m[1], 64); err == nil && s < 1e6 {
			us = int64(s * 1e6)
		}
	}
	return us, code
}

// ends takes the record that ends a task.
func (d *codexQuery) ends(r *codexRecord, last string, firstMs *float64) {
	d.ended = true
	d.q.end = max(d.q.end, r.t)
	if r.kind == "turn_aborted" {
		d.q.reason = event.Interrupted
	}
	if last != "" {
		d.answer = last
	}
	if firstMs != nil && *firstMs >= 0 && *firstMs < 1e12 {
		for i := range d.q.spans {
			if s := &d.q.spans[i]; s.kind == modelCall {
				s.first = d.q.start + int64(*firstMs*1000)
				break
			}
		}
	}
}

// finish completes the query.
func (d *codexQuery) finish() {
	q := d.q
	for i := range q.spans {
		if s := &q.spans[i]; s.end < 0 {
			s.end, s.endDerived = max(q.end, s.start), true
		}
	}
	if !d.ended && (d.begun || len(d.tools) > 0) {
		q.reason = event.Interrupted
	}
	q.answered = firstText(d.answer)
	q.arrange()
}

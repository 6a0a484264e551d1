package foreign

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// pairing makes spans of a list's starts and ends.
type pairing struct {
	q      *query
	r      *recorder
	open   []int // indices of spans that have not ended
	turn   int   // turns begun
	before int64 // time of the event before
}

// kinds of the reference's events.
var recorderKinds = map[string]kind{"lm_inference": modelCall, "submodel_call": submodelCall, "tool_call": toolCall}

func (p *pairing) take(e *recorded) {
	if base, ok := strings.CutSuffix(e.typ, "_start"); ok {
		if k, ok := recorderKinds[base]; ok {
			p.start(k, e, e.t)
			return
		}
	}
	if base, ok := strings.CutSuffix(e.typ, "_end"); ok {
		if k, ok := recorderKinds[base]; ok {
			p.end(k, e)
			return
		}
	}
	switch e.typ {
	case "prefill_end", "decode_start":
		for _, i := range p.open {
			if s := &p.q.spans[i]; s.kind == modelCall && s.first == 0 {
				s.first = e.t
			}
		}
	case "error_classified", "agent_end":
		if text := problemOf(&e.meta); text != nil && (e.meta.Fatal || e.typ == "agent_end") {
			p.q.reason, p.q.err = event.Failed, text
		}
	}
}

func (p *pairing) start(k kind, e *recorded, t int64) *span {
	m := &e.meta
	s := span{kind: k, id: fmt.Sprintf("s%d", len(p.q.spans)+1), start: t, end: -1, line: e.line,
		model: cmp.Or(m.Model, m.ModelID), provider: m.Backend, callID: m.Span}
	if k == toolCall {
		s.tool = cmp.Or(m.Tool, m.ToolName, "tool")
		s.arguments = argumentsOf(m)
	} else if elsewhere(m.Backend) || m.Backend == "openai" || m.Backend == "openrouter" {
		no := false
		s.local = &no
	}
	if k == modelCall {
		p.turn++
	} else {
		p.nest(&s, m)
	}
	s.turn = max(p.turn-1, 0)
	p.q.spans = append(p.q.spans, s)
	p.open = append(p.open, len(p.q.spans)-1)
	return &p.q.spans[len(p.q.spans)-1]
}

// nest finds the tool that a model call is in: the last one begun that is open,
// of the name that the call gives. Tools are never in each other here.
func (p *pairing) nest(s *span, m *recordedMeta) {
	if s.kind != submodelCall {
		return
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if t := &p.q.spans[p.open[i]]; t.kind == toolCall && (m.ToolName == "" || m.ToolName == t.tool) {
			s.parent, s.depth, s.turn = t.id, t.depth+1, t.turn
			return
		}
	}
}

func argumentsOf(m *recordedMeta) *string {
	text := m.Command
	if len(m.Args) > 0 && string(m.Args) != "null" {
		if json.Unmarshal(m.Args, &text) != nil {
			text = compact(m.Args)
		}
	}
	if text == "" {
		return nil
	}
	return pointer(stream.Clip(text, event.MaxText))
}

func (p *pairing) end(k kind, e *recorded) {
	at, guess := p.match(k, &e.meta)
	var s *span
	if at < 0 {
		p.r.odd.unstarted.add(p.r.in.Name, e.line)
		s = p.start(k, e, max(p.before, p.q.start))
		s.startDerived = true
		p.open = p.open[:len(p.open)-1]
	} else {
		s = &p.q.spans[p.open[at]]
		p.open = append(p.open[:at:at], p.open[at+1:]...)
	}
	s.end, s.endDerived = e.t, guess
	s.err = problemOf(&e.meta)
	if k == toolCall {
		return
	}
	m := &e.meta
	s.model = cmp.Or(s.model, m.Model, m.ModelID)
	if m.Source != "missing" {
		s.usage.input, s.usage.output = whole(m.Prompt), whole(m.Complete)
	}
	if m.Cost != nil && *m.Cost > 0 { // it writes 0 for what has no price
		s.usage.cost = m.Cost
	}
}

// match finds the open span that an end belongs to, −1 if there is none, and
// whether there was a choice.
func (p *pairing) match(k kind, m *recordedMeta) (at int, guess bool) {
	at = -1
	for i, n := range p.open {
		s := &p.q.spans[n]
		name, want := s.model, cmp.Or(m.Model, m.ModelID)
		if k == toolCall {
			name, want = s.tool, cmp.Or(m.Tool, m.ToolName)
		}
		if s.kind != k || name != "" && want != "" && name != want {
			continue
		}
		if m.Span != "" && s.callID != "" {
			if m.Span == s.callID {
				return i, false
			}
			continue
		}
		if at < 0 {
			at = i
		} else {
			guess = true
		}
	}
	return at, guess
}

// finish ends what is open at the query's end.
func (p *pairing) finish() {
	for _, i := range p.open {
		s := &p.q.spans[i]
		s.end, s.endDerived = max(p.q.end, s.start), true
		p.r.odd.unended.add(p.r.in.Name, s.line)
	}
	if p.q.reason != event.Finished {
		return
	}
	for i := len(p.q.spans) - 1; i >= 0; i-- {
		if s := &p.q.spans[i]; s.kind == modelCall {
			if s.err != nil {
				p.q.reason, p.q.err = event.Failed, s.err
			}
			return
		}
	}
}

// problemOf is what an event says went wrong, nil for nothing.
func problemOf(m *recordedMeta) *string {
	var text string
	raw := string(m.Error)
	if json.Unmarshal(m.Error, &text) != nil && raw != "" && raw != "null" && raw != "false" {
		text = raw
	}
	if text == "" && (m.Status == "error" || m.Status == "failed") {
		text = m.Status
	}
	if text == "" {
		return nil
	}
	return pointer(stream.Clip(text, event.MaxText))
}

// compact is JSON on one line.
func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// whole is a count, nil for what is none.
func whole(f *float64) *int64 {
	if f == nil || *f < 0 || *f != math.Trunc(*f) || *f > 1<<53 {
		return nil
	}
	n := int64(*f)
	return &n
}

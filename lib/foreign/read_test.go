package foreign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// file is an input of a test.
type file struct{ name, text string }

func inputs(files []file) (list []*stream.Input) {
	for _, f := range files {
		list = append(list, stream.NewInput(f.name, strings.NewReader(f.text)))
	}
	return list
}

// outcome is what a reader gave.
type outcome struct {
	headers []event.Header
	events  []event.Event
	words   []string
	said    []string
	err     error
}

func (o *outcome) text() string { return strings.Join(o.words, "\n") }

// read reads files as a Reader does.
func read(opts Options, files ...file) *outcome {
	o := &outcome{}
	p := &stream.Problems{Print: func(s string) { o.said = append(o.said, s) }}
	o.drain(NewReader(p, opts, inputs(files)...))
	if o.err == nil {
		o.err = p.Err()
	}
	return o
}

func (o *outcome) drain(src event.Source) {
	for {
		rec, err := src.Next()
		if err == io.EOF {
			o.err = src.Close()
			return
		}
		if err != nil {
			o.err = err
			return
		}
		switch {
		case rec.Header != nil:
			o.headers = append(o.headers, *rec.Header)
		case rec.Event != nil:
			o.events = append(o.events, *rec.Event)
		}
		o.words = append(o.words, word(rec))
	}
}

// word says in short what a record says. Times are microseconds; ~ marks one
// that is derived.
func word(rec *event.Record) string {
	if h := rec.Header; h != nil {
		return strings.Join(strings.Fields(fmt.Sprintf("header %s %s %s", h.Host, h.Agent, h.Model)), " ")
	}
	e := rec.Event
	if e == nil {
		return "end " + rec.End
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d", e.Type, e.TUs)
	if e.TimeDerived {
		b.WriteString("~")
	}
	switch e.Type {
	case event.QueryStart, event.QueryEnd:
		fmt.Fprintf(&b, " %s", e.Query)
	default:
		fmt.Fprintf(&b, " %s", e.Span)
		if e.Turn != nil {
			fmt.Fprintf(&b, ".%d", *e.Turn)
		}
	}
	for _, x := range []struct {
		name string
		v    any
	}{{"in", e.Parent}, {"model", e.Model}, {"provider", e.Provider}, {"at", e.Endpoint}, {"local", e.Local}, {"tool", e.Tool}, {"call", e.CallID}, {"args", e.Arguments},
		{"input", e.InputTokens}, {"output", e.OutputTokens}, {"cached", e.CachedTokens}, {"written", e.CacheWriteTokens}, {"reasoning", e.ReasoningTokens}, {"usd", e.CostUSD},
		{"estimated", e.TokensEstimated}, {"finish", e.FinishReason}, {"ok", e.OK}, {"bytes", e.ResultBytes}, {"error", e.Error},
		{"type", e.WorkloadType}, {"asked", e.QueryText}, {"answered", e.ResponseText}, {"reason", e.Reason}} {
		v := reflect.ValueOf(x.v)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				continue
			}
			v = v.Elem()
		} else if v.IsZero() {
			continue
		}
		fmt.Fprintf(&b, " %s=%v", x.name, v)
	}
	return b.String()
}

// laws checks what every stream of a Reader promises.
func (o *outcome) laws() (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	inside, now := false, int64(0)
	events := o.events
	type open struct {
		start *event.Event
		spans map[string]*event.Event
		over  map[string]bool
		marks map[string]bool
	}
	queries := map[string]*open{}
	done := map[string]bool{}
	for _, w := range o.words {
		switch {
		case strings.HasPrefix(w, "header"):
			if inside {
				bad("a header within a segment")
			}
			inside = true
			continue
		case w == "end ok":
			if !inside {
				bad("an end outside of a segment")
			}
			inside = false
			continue
		}
		if !inside {
			bad("%s outside of a segment", w)
		}
		e := &events[0]
		events = events[1:]
		if e.TUs < now {
			bad("%s before the record before it", w)
		}
		now = e.TUs
		b, err := stream.AppendJSON(nil, e)
		var back event.Event
		if err != nil || event.Parse(b, &back) != nil || !reflect.DeepEqual(*e, back) {
			bad("%s is not read as it is written: %s", w, b)
		}
		q := queries[e.Query]
		if e.Type == event.QueryStart {
			if q != nil || done[e.Query] {
				bad("%s starts twice", e.Query)
			}
			q = &open{e, map[string]*event.Event{}, map[string]bool{}, map[string]bool{}}
			queries[e.Query] = q
		}
		if q == nil {
			bad("%s outside of its query", w)
			continue
		}
		if e.TimeDerived {
			q.marks[e.Type] = true
		}
		base, starts := strings.CutSuffix(e.Type, "_start")
		switch {
		case e.Type == event.QueryStart:
		case e.Type == event.QueryEnd:
			for id, s := range q.spans { // clocks of two processes: a parent may begin later
				if p := q.spans[s.Parent]; s.Parent != "" && (p == nil || p.Type != event.ToolStart || p == s) {
					bad("%s: parent is no tool of its query", id)
				}
				if !q.over[id] {
					bad("span %s has no end", id)
				}
			}
			if (e.Error != nil) != (e.Reason == event.Failed) || *e.Completed != (e.Reason == event.Finished) {
				bad("%s: completed, reason and error disagree", w)
			}
			var meta struct {
				Derived []string `json:"time_derived"`
			}
			json.Unmarshal(q.start.Metadata, &meta)
			for _, typ := range meta.Derived {
				if !q.marks[typ] {
					bad("%s: %s is not derived", e.Query, typ)
				}
				delete(q.marks, typ)
			}
			if len(q.marks) > 0 {
				bad("%s: metadata does not say that %v is derived", e.Query, q.marks)
			}
			delete(queries, e.Query)
			done[e.Query] = true
		case starts:
			if e.Span == "" || q.spans[e.Span] != nil {
				bad("%s: span is missing or not new", w)
			}
			q.spans[e.Span] = e
		default:
			s := q.spans[e.Span]
			if s == nil || q.over[e.Span] {
				bad("%s: span is not open", w)
				continue
			}
			if *s.Turn != *e.Turn {
				bad("%s: another turn", w)
			}
			if base, ok := strings.CutSuffix(e.Type, "_end"); ok {
				if s.Type != base+"_start" {
					bad("%s ends a %s", w, s.Type)
				}
				q.over[e.Span] = true
			}
		}
		_ = base
	}
	for id := range queries {
		bad("%s has no end", id)
	}
	if inside {
		bad("the last segment has no end")
	}
	return wrong
}

// check compares what a reader gave with what it should, as lines.
func check(t *testing.T, o *outcome, want, said, err string) {
	t.Helper()
	if got := o.text(); got != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
	if got := strings.Join(o.said, "\n"); got != strings.TrimSpace(said) {
		t.Errorf("said\n%s\nwant\n%s", got, said)
	}
	if got := errorText(o.err); got != err {
		t.Errorf("error %q, want %q", got, err)
	}
	if o.err == nil || len(o.words) > 0 && o.words[len(o.words)-1] == "end ok" {
		for _, bad := range o.laws() {
			t.Error(bad)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lines joins records of one line each.
func lines(records ...string) string { return strings.Join(records, "\n") + "\n" }

// pretty is a JSON text over many lines.
func indented(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		panic(err)
	}
	return b.String()
}

// metadata returns the metadata of each query, in order.
func (o *outcome) metadata() (all []string) {
	for i := range o.events {
		if e := &o.events[i]; e.Type == event.QueryStart {
			all = append(all, string(e.Metadata))
		}
	}
	return all
}

// Package conform checks an event stream against what schema ipw.events/1
// promises of an agent: the attributes of every record by type, an end for
// every start, nothing outside its query, turns that count from 0 and follow
// one another, and reasons that agree with what happened.
//
//	for _, what := range conform.Check(file) { t.Error(what) }
//
// It is written from the format's page, not from the recorder, and is meant
// for tests.
package conform

import (
	"encoding/json"
	"fmt"
	"io"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// Check reads a stream and returns what is wrong with it, a line each.
func Check(r io.Reader) []string {
	c := &checker{spans: map[string]*span{}, queries: map[key]*query{}, latest: map[string]int{}}
	problems := &stream.Problems{Print: func(s string) { c.wrong = append(c.wrong, s) }}
	in := event.NewReader(problems, stream.NewInput("events", r))
	for {
		rec, err := in.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			c.bad("%v", err)
			break
		}
		c.line = rec.Line
		switch {
		case rec.Header != nil:
			c.header(rec.Header)
		case rec.Event != nil:
			c.event(rec.Event, rec.Raw)
		}
	}
	c.line = 0
	c.end()
	return c.wrong
}

type key struct {
	query   string
	attempt int
}

// query is one attempt as seen so far.
type query struct {
	ended    bool
	turns    int // model calls begun
	lm       *span
	tools    int          // open
	perTurn  map[int]int  // tool calls by turn
	lastCall *event.Event // the latest lm_inference_end
	silent   int          // answers without tool calls that did not end it
	open     int
}

type span struct {
	start *event.Event
	first bool
	tries int
	ended bool
}

type checker struct {
	line     int
	wrong    []string
	run      string
	maxTurns int
	react    bool // the agent, whose turns are the plainest
	lastM    int64
	spans    map[string]*span
	queries  map[key]*query
	latest   map[string]int // attempt by query
}

func (c *checker) bad(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf("events:%d: ", c.line)+fmt.Sprintf(format, args...))
}

func (c *checker) header(h *event.Header) {
	var config struct {
		MaxTurns int `json:"max_turns"`
	}
	if err := json.Unmarshal(h.Config, &config); err != nil {
		c.bad("config is %.60s", h.Config)
	}
	c.maxTurns, c.react = config.MaxTurns, h.Agent == "react"
	if h.Run == "" || h.Host == "" || h.Tool == "" || h.Agent == "" || h.Model == "" || h.Dataset == "" || h.TUs == 0 {
		c.bad("header lacks run, host, tool, agent, model, dataset or t_us")
	}
	if h.Run != c.run {
		c.spans, c.queries, c.latest = map[string]*span{}, map[key]*query{}, map[string]int{}
	}
	c.run, c.lastM = h.Run, 0
}

func (c *checker) event(e *event.Event, raw []byte) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		c.bad("%v", err)
		return
	}
	if err := checkAttributes(e.Type, keys); err != nil {
		c.bad("%s: %v", e.Type, err)
		return
	}
	if *e.MUs < c.lastM {
		c.bad("earlier than the record before it")
	}
	c.lastM = *e.MUs
	k := key{e.Query, e.Attempt}
	q := c.queries[k]
	switch {
	case e.Type == event.QueryStart:
		c.begin(k, q)
	case q == nil:
		c.bad("%s of a query that has not started", e.Type)
	case q.ended:
		c.bad("%s of a query that has ended", e.Type)
	case e.Type == event.QueryEnd:
		c.finish(q, e)
	default:
		c.within(q, e)
	}
}

func (c *checker) begin(k key, q *query) {
	if q != nil {
		c.bad("query %s attempt %d starts twice", k.query, k.attempt)
	}
	if want := c.latest[k.query] + 1; k.attempt != want {
		c.bad("query %s: attempt %d, want %d", k.query, k.attempt, want)
	}
	c.latest[k.query] = k.attempt
	c.queries[k] = &query{perTurn: map[int]int{}}
}

// end looks for what never ended.
func (c *checker) end() {
	for id, s := range c.spans {
		if !s.ended {
			c.bad("span %s has no end", id)
		}
	}
	for k, q := range c.queries {
		if !q.ended {
			c.bad("query %s attempt %d has no end", k.query, k.attempt)
		}
	}
}

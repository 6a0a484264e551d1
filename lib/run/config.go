package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Config is what a run was asked for, as summary.json keeps it. It holds no
// secrets: endpoints stand here without user names, passwords and queries.
type Config struct {
	Agent         string   `json:"agent"`
	Model         string   `json:"model"`
	Dataset       string   `json:"dataset"`        // its name: demo, a file's base name, stdin
	DatasetSHA256 string   `json:"dataset_sha256"` // of its content
	MaxQueries    *int     `json:"max_queries"`    // null: all
	Shuffle       *int64   `json:"shuffle"`        // null: the data set's order
	Shard         string   `json:"shard,omitempty"`
	Repeat        int      `json:"repeat"`
	MaxTurns      int      `json:"max_turns"`
	Endpoint      string   `json:"endpoint"`           // where the model is reached; builtin for the scripted one
	Provider      string   `json:"provider,omitempty"` // who was asked for by name
	Tools         []string `json:"tools"`
	Corpus        string   `json:"corpus,omitempty"`
	QueryTimeoutS *float64 `json:"query_timeout_s"` // null: none
	Temperature   *float64 `json:"temperature"`     // null, these four: the endpoint's own
	TopP          *float64 `json:"top_p"`
	MaxTokens     *int     `json:"max_tokens"`
	Seed          *int     `json:"seed"`
	System        *string  `json:"system"`                 // null: the agent's own prompt
	MaxJoules     float64  `json:"max_joules,omitempty"`   // of a query; absent: any
	MaxCost       float64  `json:"max_cost_usd,omitempty"` // of a query; absent: any
	AgentFlags    []string `json:"agent_flags,omitempty"`  // further flags of ipw-agent
	Scorer        string   `json:"scorer"`                 // exact or judge
	EvalClient    string   `json:"eval_client"`
	EvalModel     string   `json:"eval_model"`
	EvalEndpoint  string   `json:"eval_endpoint,omitempty"` // of a judge

	// What may differ when a run resumes.
	Concurrency int      `json:"concurrency"`
	IntervalS   float64  `json:"interval_s"`
	BaselineS   float64  `json:"baseline_s"`
	Samplers    []string `json:"samplers"` // command lines
	Share       string   `json:"share"`
	Name        string   `json:"name,omitempty"`
}

// loose are the keys that need not agree.
var loose = map[string]bool{"max_queries": true, "repeat": true, "concurrency": true, "interval_s": true, "baseline_s": true, "samplers": true, "share": true, "name": true}

// differences tells what keeps a run of configuration c from going on with one
// of configuration old.
func (c Config) differences(old Config) []string {
	var d []string
	a, b := reflect.ValueOf(old), reflect.ValueOf(c)
	for i := range a.NumField() {
		key, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		x, y := text(a.Field(i).Interface()), text(b.Field(i).Interface())
		switch {
		case x == y || loose[key]:
		case key == "dataset_sha256":
			d = append(d, "the data set's content changed")
		default:
			d = append(d, fmt.Sprintf("%s was %s, now %s", key, x, y))
		}
	}
	if old.MaxQueries == nil && c.MaxQueries != nil || old.MaxQueries != nil && c.MaxQueries != nil && *c.MaxQueries < *old.MaxQueries {
		d = append(d, fmt.Sprintf("max_queries was %s, now %s", text(old.MaxQueries), text(c.MaxQueries)))
	}
	if c.Repeat < max(old.Repeat, 1) {
		d = append(d, fmt.Sprintf("repeat was %d, now %d", old.Repeat, c.Repeat))
	}
	return d
}

// text is a value as JSON; nothing, null and [] are alike.
func text(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // plain values always encode
	s := strings.TrimSpace(b.String())
	if s == "null" || s == "[]" {
		return "none"
	}
	return s
}

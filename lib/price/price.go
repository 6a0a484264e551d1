// Package price is the dated price table: US dollars per million tokens.
//
//	{"schema":"ipw.prices/1","date":"2026-11-23","models":{"gpt-4o":{"input":2.5,"cached_input":1.25,"output":10}}}
//
// A model matches by its exact name, without a provider/ prefix and without a
// trailing date, never by substring: a wrong price is worse than none.
package price

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Schema names the format.
const Schema = "ipw.prices/1"

// Table holds prices as of a date.
type Table struct {
	Schema string           `json:"schema"`
	Date   string           `json:"date"`
	Models map[string]Model `json:"models"`
}

// Model is one model's prices in US dollars per million tokens. A missing price
// of cached input or of cache writes is the price of input.
type Model struct {
	Input       float64  `json:"input"`
	CachedInput *float64 `json:"cached_input,omitempty"`
	CacheWrite  *float64 `json:"cache_write,omitempty"`
	Output      float64  `json:"output"`
}

// Read reads a table.
func Read(r io.Reader) (*Table, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	t := new(Table)
	if err := dec.Decode(t); err != nil {
		return nil, err
	}
	if t.Schema != Schema {
		return nil, fmt.Errorf("schema %q, want %q", t.Schema, Schema)
	}
	for name, m := range t.Models {
		for _, p := range []*float64{&m.Input, m.CachedInput, m.CacheWrite, &m.Output} {
			if p != nil && *p < 0 {
				return nil, fmt.Errorf("model %q has a negative price", name)
			}
		}
	}
	return t, nil
}

var trailingDate = regexp.MustCompile(`-(\d{4}-\d{2}-\d{2}|\d{8})$`)

// Find returns the prices of a model.
func (t *Table) Find(model string) (Model, bool) {
	if t == nil {
		return Model{}, false
	}
	names := []string{model}
	if i := strings.LastIndexByte(model, '/'); i >= 0 {
		names = append(names, model[i+1:])
	}
	for _, n := range names {
		if m, ok := t.Models[n]; ok {
			return m, true
		}
	}
	for _, n := range names {
		if m, ok := t.Models[trailingDate.ReplaceAllString(n, "")]; ok {
			return m, true
		}
	}
	return Model{}, false
}

// Tokens counts what is paid for. Input includes cached and cache-write ones.
type Tokens struct{ Input, Cached, CacheWrite, Output int64 }

// Cost is what tokens cost, in US dollars.
func (m Model) Cost(t Tokens) float64 {
	or := func(p *float64) float64 {
		if p == nil {
			return m.Input
		}
		return *p
	}
	return (float64(t.Input-t.Cached-t.CacheWrite)*m.Input + float64(t.Cached)*or(m.CachedInput) +
		float64(t.CacheWrite)*or(m.CacheWrite) + float64(t.Output)*m.Output) / 1e6
}

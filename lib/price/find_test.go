package price_test

import (
	"testing"

	"ipw/lib/price"
)

func TestFind(t *testing.T) {
	table := &price.Table{Models: map[string]price.Model{
		"gpt-4o": {Input: 1}, "gpt-4o-2024-05-13": {Input: 2}, "gpt-4o-mini": {Input: 3},
		"claude-sonnet-4-5": {Input: 4}, "gemini-2.5-pro": {Input: 5}, "gpt-4": {Input: 6},
		"azure/gpt-4o": {Input: 7}, "o3-2025-04-16": {Input: 8}, "a/b/c": {Input: 9},
	}}
	for _, c := range []struct {
		model string
		input float64 // of the entry it should find; 0 is none
	}{
		{"gpt-4o", 1},
		{"gpt-4o-mini", 3},
		{"gpt-4o-2024-08-06", 1},
		{"gpt-4o-20240806", 1},
		{"gpt-4o-2024-05-13", 2}, // a date with a price of its own
		{"gpt-4o-mini-2024-07-18", 3},
		{"claude-sonnet-4-5-20250929", 4},
		{"claude-sonnet-4-5", 4},
		{"models/gemini-2.5-pro", 5},
		{"openai/gpt-4o", 1},
		{"openai/gpt-4o-2024-08-06", 1},
		{"openai/gpt-4o-2024-05-13", 2},
		{"openrouter/openai/gpt-4o", 1},
		{"openrouter/azure/gpt-4o", 7}, // the longest name that is there
		{"azure/gpt-4o", 7},
		{"azure/gpt-4o-2024-08-06", 7},
		{"a/b/c", 9},
		{"x/a/b/c", 9},
		{"o3-2025-04-16", 8},

		{"o3", 0}, // a dated price is not that of the name without one
		{"o3-2025-04-17", 0},
		{"gpt-4o-audio-preview", 0},
		{"gpt-4o-audio-preview-2024-12-17", 0},
		{"gpt-4-0613", 0}, // a version
		{"gpt-4-1106-preview", 0},
		{"gpt-4.1", 0},
		{"gpt-4o-2024-08", 0},
		{"gpt-4o-2024-13-06", 0}, // no such month
		{"gpt-4o-20240231", 0},   // no such day
		{"gpt-4o-12345678", 0},
		{"gpt-4o-19991231", 0},
		{"gpt-4o20240806", 0},
		{"gpt-4o@20240806", 0},
		{"gpt-4o-2024-08-06-2024-08-06", 0}, // one date, not two
		{"gpt-4o-2024-08-06-preview", 0},
		{"ft:gpt-4o-2024-08-06:acme::id", 0},
		{"gpt-4o:free", 0},
		{"openai:gpt-4o", 0},
		{"anthropic.claude-sonnet-4-5-20250929-v1:0", 0},
		{"gpt-4o/mini", 0}, // only the start is a prefix
		{"GPT-4o", 0},
		{"gpt-4o ", 0},
		{"my-gpt-4o", 0},
		{"gpt", 0},
		{"", 0},
		{"/", 0},
		{"openai/", 0},
		{"-20240806", 0},
		{"20240806", 0},
	} {
		m, ok := table.Find(c.model)
		if m.Input != c.input || ok != (c.input != 0) {
			t.Errorf("Find(%q) found the entry with input %v, %v; want %v", c.model, m.Input, ok, c.input)
		}
	}
}

func TestFindInNoTable(t *testing.T) {
	if _, ok := (*price.Table)(nil).Find("gpt-4o"); ok {
		t.Error("no table has a price")
	}
}

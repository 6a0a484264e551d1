package price

import (
	"strings"
	"time"
)

// Find returns the prices of a model: by its name as it is, else without what
// stands before a slash (openai/gpt-4o, models/gemini-2.5-pro), else without a
// trailing date (-2024-08-06, -20240806).
func (t *Table) Find(model string) (Model, bool) {
	if t == nil {
		return Model{}, false
	}
	names := withoutPrefixes(model)
	for _, n := range names {
		if m, ok := t.Models[n]; ok {
			return m, true
		}
	}
	for _, n := range names {
		if m, ok := t.Models[withoutDate(n)]; ok {
			return m, true
		}
	}
	return Model{}, false
}

// withoutPrefixes lists a name as it is, then shorter by one prefix at a time.
func withoutPrefixes(name string) []string {
	names := []string{name}
	for {
		_, rest, found := strings.Cut(name, "/")
		if !found {
			return names
		}
		names = append(names, rest)
		name = rest
	}
}

// withoutDate cuts a day of this century off the end of a name. -0613 is no
// date: it may be a version.
func withoutDate(name string) string {
	for _, layout := range []string{"-2006-01-02", "-20060102"} {
		i := len(name) - len(layout)
		if i < 0 {
			continue
		}
		if day, err := time.Parse(layout, name[i:]); err == nil && day.Year()/100 == 20 {
			return name[:i]
		}
	}
	return name
}

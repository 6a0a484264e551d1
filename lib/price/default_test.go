package price_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ipw/lib/price"
)

var update = flag.Bool("update", false, "write the tables of docs/prices.md anew")

// vendors, with the page that every price of their models comes from.
var vendors = []struct {
	name, source string
	prefixes     []string
}{
	{"OpenAI", "https://developers.openai.com/api/docs/pricing", []string{"gpt-", "o1", "o3", "o4"}},
	{"Anthropic", "https://platform.claude.com/docs/en/about-claude/pricing", []string{"claude-"}},
	{"Google", "https://ai.google.dev/gemini-api/docs/pricing", []string{"gemini-"}},
}

// Each price names its vendor's own page, and a day not after the table's.
func TestDefaultIsTraceable(t *testing.T) {
	table := price.Default()
	if table.Date == "" || len(table.Models) < 40 {
		t.Fatalf("%d models as of %q", len(table.Models), table.Date)
	}
	for name, m := range table.Models {
		i := slices.IndexFunc(vendors, func(v struct {
			name, source string
			prefixes     []string
		}) bool {
			return v.source == m.Source && slices.ContainsFunc(v.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
		})
		if i < 0 {
			t.Errorf("%s: source %q is no page of its vendor", name, m.Source)
		}
		if _, err := time.Parse(time.DateOnly, m.Seen); err != nil || m.Seen > table.Date {
			t.Errorf("%s: seen %q, and the table is of %s", name, m.Seen, table.Date)
		}
		if m.CachedInput != nil && *m.CachedInput > m.Input {
			t.Errorf("%s: cached input costs more than input", name)
		}
		if m.CacheWrite != nil && *m.CacheWrite < m.Input {
			t.Errorf("%s: a cache write costs less than input", name)
		}
		if m.Output < m.Input || m.Input == 0 {
			t.Errorf("%s: input %v, output %v", name, m.Input, m.Output)
		}
	}
}

// Names as the vendors' servers and the routers before them write them.
func TestDefaultFinds(t *testing.T) {
	for _, c := range []struct {
		model string
		input float64 // 0: no price
	}{
		{"gpt-4o", 2.5}, {"gpt-4o-2024-08-06", 2.5}, {"gpt-4o-2024-05-13", 5}, {"openai/gpt-4o-mini", 0.15},
		{"gpt-5-nano-2025-08-07", 0.05}, {"o3-2025-04-16", 2},
		{"claude-sonnet-4-5-20250929", 3}, {"claude-sonnet-4-20250514", 3}, {"claude-opus-4-20250514", 15},
		{"claude-opus-4-1-20250805", 15}, {"claude-opus-4-5-20251101", 5}, {"anthropic/claude-sonnet-4-5", 3},
		{"claude-haiku-4-5-20251001", 1}, {"claude-opus-5", 5},
		{"models/gemini-2.5-flash", 0.3}, {"google/gemini-2.5-flash-lite", 0.1},

		{"gpt-4o-audio-preview", 0}, {"gpt-4o-realtime-preview-2024-12-17", 0}, {"gpt-4", 0}, {"gpt-3.5-turbo", 0},
		{"claude-sonnet-4-7", 0}, {"claude-opus-6", 0}, {"gemini-2.5-flash-image", 0}, {"gemini-2.5-flash-preview-tts", 0},
		{"openai/gpt-oss-120b", 0}, {"meta-llama/Llama-3.3-70B-Instruct", 0}, {"builtin", 0}, {"", 0},
	} {
		if m, ok := price.Default().Find(c.model); m.Input != c.input || ok != (c.input != 0) {
			t.Errorf("%s: input %v, %v; want %v", c.model, m.Input, ok, c.input)
		}
	}
}

// docs/prices.md shows the table as it ships.
func TestDefaultIsDocumented(t *testing.T) {
	const file, begin, end = "../../docs/prices.md", "<!-- prices -->\n", "<!-- /prices -->\n"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no %s … %s", file, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	want := render(price.Default())
	if shown == want {
		return
	}
	if !*update {
		t.Fatalf("%s shows other prices than the table: go test ./lib/price -update", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// render writes one Markdown table per vendor.
func render(table *price.Table) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\nAs of %s.\n", table.Date)
	for _, v := range vendors {
		fmt.Fprintf(&s, "\n### %s\n\n<%s>\n\n", v.name, v.source)
		s.WriteString("| model | input | cached input | cache write | output | input up to | until | seen |\n|---|--:|--:|--:|--:|--:|---|---|\n")
		for _, name := range slices.Sorted(maps.Keys(table.Models)) {
			if m := table.Models[name]; m.Source == v.source {
				limit := ""
				if m.MaxInputTokens != nil {
					limit = strconv.FormatInt(*m.MaxInputTokens, 10)
				}
				fmt.Fprintf(&s, "| `%s` | %v | %s | %s | %v | %s | %s | %s |\n", name, m.Input, optional(m.CachedInput), optional(m.CacheWrite), m.Output, limit, m.Until, m.Seen)
			}
		}
	}
	s.WriteString("\n")
	return s.String()
}

func optional(p *float64) string {
	if p == nil {
		return ""
	}
	return fmt.Sprint(*p)
}

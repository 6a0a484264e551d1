package foreign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/event"
)

// randomSpans draws a trace: any parents, present or not, any times, any kinds.
func randomSpans(r *rand.Rand, trace string) (spans []string) {
	n := 1 + r.IntN(12)
	kinds := [][]any{op(chat, "gen_ai.usage.input_tokens", 1), op(tool), op(agent), nil, op("embeddings"), {"openinference.span.kind", "LLM"},
		op(chat, "gen_ai.latency.time_in_queue", float64(r.IntN(50))/1e6, "gen_ai.latency.time_to_first_token", float64(r.IntN(80))/1e6), {"openinference.span.kind", "CHAIN"}}
	for i := range n {
		parent := ""
		switch r.IntN(8) {
		case 0: // a root
		case 1:
			parent = "gone"
		default:
			parent = fmt.Sprint("s", r.IntN(n))
		}
		start := int64(1000 + r.IntN(100))
		end := start + int64(r.IntN(60)) - 5
		if r.IntN(10) == 0 {
			end = 0
		}
		more := fmt.Sprintf(`,"kind":%d`, r.IntN(6))
		if r.IntN(6) == 0 {
			more += `,"status":{"code":2}`
		}
		spans = append(spans, spanIn(trace, fmt.Sprint("s", i), parent, fmt.Sprint("n", r.IntN(3)), start, end, more, kinds[r.IntN(len(kinds))]...))
	}
	return spans
}

// The order of spans, and how they are spread over lines and files, changes
// nothing; every model and tool call is in the stream once.
func TestRandomSpans(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var spans []string
		for i := range 1 + r.IntN(3) {
			spans = append(spans, randomSpans(r, fmt.Sprint(i+1))...)
		}
		want := read(Options{}, file{"spans.jsonl", perLine(spans)})
		for _, bad := range want.laws() {
			t.Errorf("seed %d: %s", seed, bad)
		}
		if want.err != nil {
			t.Errorf("seed %d: %v", seed, want.err)
		}
		calls(t, seed, spans, want)
		turned := slices.Clone(spans)
		r.Shuffle(len(turned), func(i, j int) { turned[i], turned[j] = turned[j], turned[i] })
		n := r.IntN(len(turned) + 1)
		got := read(Options{}, file{"spans.jsonl", lines(data(turned[:n]...))}, file{"more.jsonl", perLine(turned[n:])})
		if len(turned[n:]) == 0 {
			got = read(Options{}, file{"spans.jsonl", lines(data(turned...))})
		}
		if got.text() != want.text() {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got.text(), want.text())
		}
		if t.Failed() {
			t.Fatalf("%s\n%s", strings.Join(spans, "\n"), want.text())
		}
	}
}

// calls counts the tools: each has one span, in one query.
func calls(t *testing.T, seed uint64, spans []string, o *outcome) {
	tools := 0
	for _, s := range spans {
		if strings.Contains(s, `"execute_tool"`) {
			tools++
		}
	}
	for i := range o.events {
		if o.events[i].Type == event.ToolStart {
			tools--
		}
	}
	if tools != 0 {
		t.Errorf("seed %d: %d tools too few", seed, tools)
	}
}

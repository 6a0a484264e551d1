package foreign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// manyTraces are traces of an agent with calls and tools, each begun before
// the one before it has ended. Spans are given as they end, as exporters write them.
func manyTraces(n int) (spans []string) {
	for i := range n {
		trace, t := fmt.Sprint(i+1), int64(1000*(i+1))
		spans = append(spans,
			spanIn(trace, "a", "r", "chat", t+10, t+300, "", op(chat, "gen_ai.usage.input_tokens", i)...),
			spanIn(trace, "t", "r", "execute_tool x", t+300, t+700, "", op(tool)...),
			spanIn(trace, "r", "", "invoke_agent", t, t+1500, "", op(agent)...))
	}
	return spans
}

// perLine puts spans into lines of their own.
func perLine(spans []string) string {
	var out []string
	for _, s := range spans {
		out = append(out, data(s))
	}
	return lines(out...)
}

// A window that holds a part of the spans gives the same as one that holds all,
// if the spans are not further apart.
func TestWindow(t *testing.T) {
	spans := manyTraces(200)
	want := read(Options{}, file{"spans.jsonl", perLine(spans)})
	if len(want.metadata()) != 200 || want.err != nil {
		t.Fatal(len(want.metadata()), want.err)
	}
	for _, bad := range want.laws() {
		t.Error(bad)
	}
	r := rand.New(rand.NewPCG(1, 2))
	near := append([]string(nil), spans...)
	for range 5 {
		for i := range near[:len(near)-12] { // moves each a little
			j := i + r.IntN(12)
			near[i], near[j] = near[j], near[i]
		}
	}
	for _, window := range []int{200_000, 400_000} {
		o := read(Options{Window: window}, file{"spans.jsonl", perLine(near)})
		if o.text() != want.text() || len(o.said) > 0 {
			t.Errorf("window %d: another stream\n%v", window, o.said)
		}
	}
	// Too small a window leaves out, says so, and still keeps the laws.
	far := append([]string(nil), spans...)
	r.Shuffle(len(far), func(i, j int) { far[i], far[j] = far[j], far[i] })
	o := read(Options{Window: 20_000}, file{"spans.jsonl", perLine(far)})
	for _, bad := range o.laws() {
		t.Error(bad)
	}
	if n := len(o.metadata()); n == 0 || !strings.Contains(strings.Join(o.said, "\n"), "are left out") {
		t.Errorf("%d queries, said %v", n, o.said)
	}
}

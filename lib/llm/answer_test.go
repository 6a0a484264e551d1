package llm

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
)

// TestDeltasMakeWholes cuts random answers into random deltas, those of
// parallel calls in any order between each other, and expects the wholes back.
func TestDeltasMakeWholes(t *testing.T) {
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		want := Message{Role: Assistant, Content: randomText(r), Reasoning: randomText(r)}
		for i := range r.Intn(4) {
			want.ToolCalls = append(want.ToolCalls, ToolCall{fmt.Sprintf("id%d", i), fmt.Sprintf("f%d", r.Intn(2)), randomText(r)})
		}
		a := newAnswer(hello, func() {})
		for _, line := range deltas(r, want) {
			if err := (chatReader{a}).event([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if got := a.response(true).Message; !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d\ngot  %s\nwant %s", seed, show(got), show(want))
		}
	}
}

func randomText(r *rand.Rand) string {
	letters := []rune(`ab "{}\ü日` + "\n")
	out := make([]rune, r.Intn(12))
	for i := range out {
		out[i] = letters[r.Intn(len(letters))]
	}
	return string(out)
}

// deltas writes a message as chunks. The first delta of a call comes before
// those of later calls, as the protocol has it.
func deltas(r *rand.Rand, m Message) (lines []string) {
	for _, piece := range cutUp(r, m.Reasoning) {
		lines = append(lines, `{"choices":[{"delta":{"reasoning_content":`+quote(piece)+`}}]}`)
	}
	for _, piece := range cutUp(r, m.Content) {
		lines = append(lines, `{"choices":[{"delta":{"content":`+quote(piece)+`}}]}`)
	}
	var rest [][]string
	for i, c := range m.ToolCalls {
		pieces := cutUp(r, c.Arguments)
		lines = append(lines, fmt.Sprintf(`{"choices":[{"delta":{"tool_calls":[{"index":%d,"id":%q,"function":{"name":%q,"arguments":""}}]}}]}`, i, c.ID, c.Name))
		rest = append(rest, pieces)
	}
	for len(rest) > 0 {
		i := r.Intn(len(rest))
		empty := true
		for _, pieces := range rest {
			empty = empty && len(pieces) == 0
		}
		if empty {
			break
		}
		if len(rest[i]) > 0 {
			lines = append(lines, fmt.Sprintf(`{"choices":[{"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}}]}`, i, quote(rest[i][0])))
			rest[i] = rest[i][1:]
		}
	}
	return lines
}

// cutUp cuts between characters.
func cutUp(r *rand.Rand, s string) (pieces []string) {
	runes := []rune(s)
	for len(runes) > 0 {
		n := 1 + r.Intn(len(runes))
		pieces = append(pieces, string(runes[:n]))
		runes = runes[n:]
	}
	return pieces
}

// FuzzChunk: no chunk makes the assembly fail, the first token is told exactly
// if there is one, and every tool call can be named by its result.
func FuzzChunk(f *testing.F) {
	f.Add(`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]}}]}`, `{"choices":[{"delta":{"content":[{"text":"x"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":-1,"cost":-2}}`)
	f.Add(`{"choices":[{"index":-1}],"x_groq":{"usage":{"prompt_tokens":1}}}`, `{"choices":[{"delta":{"tool_calls":[{},{"id":"b"},{"index":-1}]}}],"error":null}`)
	f.Fuzz(func(t *testing.T, one, two string) {
		told := 0
		a := newAnswer(hello, func() { told++ })
		for _, line := range []string{one, two} {
			chatReader{a}.event([]byte(line)) // or refuses
		}
		got := a.response(true)
		if said := counter(CountTokens).message(got.Message) > 0 || len(got.Message.ToolCalls) > 0; said && told == 0 {
			t.Errorf("no first token told of %s", show(got))
		}
		for _, c := range got.Message.ToolCalls {
			if c.ID == "" {
				t.Errorf("a call without id: %s", show(got))
			}
		}
		for _, n := range []*int64{got.Usage.InputTokens, got.Usage.OutputTokens, got.Usage.CachedTokens} {
			if n != nil && *n < 0 {
				t.Errorf("usage %s", show(got.Usage))
			}
		}
	})
}

package event

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"ipw/lib/stream"
)

// TestAppend: Append writes what encoding/json writes, byte for byte.
func TestAppend(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		e := randomEvent(r)
		got, err := Append(nil, e)
		want, wantErr := stream.AppendJSON(nil, e)
		if !bytes.Equal(got, want) || err != nil || wantErr != nil {
			t.Fatalf("got  %s, %v\nwant %s, %v", got, err, want, wantErr)
		}
	}
	nan := math.NaN()
	if _, err := Append(nil, &Event{WaitS: &nan}); err == nil {
		t.Error("NaN is written")
	}
}

func BenchmarkAppend(b *testing.B) {
	args, in, out, turn, m := `{"expression":"1+2"}`, int64(310), int64(20), 1, int64(1)
	events := []*Event{
		{Type: LMStart, MUs: &m, Query: "q0000", Attempt: 1, Span: "q0000.1/lm1", Turn: &turn, Model: "m", Provider: "openai", Endpoint: "http://127.0.0.1:8000/v1"},
		{Type: LMEnd, MUs: &m, Query: "q0000", Attempt: 1, Span: "q0000.1/lm1", Turn: &turn, InputTokens: &in, OutputTokens: &out, FinishReason: "tool_calls", Attempts: 1},
		{Type: ToolStart, MUs: &m, Query: "q0000", Attempt: 1, Span: "q0000.1/t1.0", Turn: &turn, Tool: "calculator", CallID: "c1", Arguments: &args},
	}
	var buf []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		buf, _ = Append(buf[:0], events[i%len(events)])
	}
}

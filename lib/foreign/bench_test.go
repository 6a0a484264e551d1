package foreign

import (
	"io"
	"strings"
	"testing"

	"ipw/lib/stream"
)

// Spans per second, as a batch exporter writes them: 512 a line.
func BenchmarkSpans(b *testing.B) {
	spans := manyTraces(20_000)
	var text strings.Builder
	for len(spans) > 0 {
		n := min(512, len(spans))
		text.WriteString(data(spans[:n]...) + "\n")
		spans = spans[n:]
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(new(stream.Problems), Options{}, stream.NewInput("x", strings.NewReader(text.String())))
		n := 0
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if rec.Event != nil {
				n++
			}
		}
		if n != 120_000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(60_000*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
}

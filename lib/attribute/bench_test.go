package attribute_test

import (
	"os"
	"testing"

	"ipw/lib/attribute"
)

// BenchmarkFiles attributes the streams that IPW_BENCH names, a directory with
// power.jsonl and events.jsonl.
func BenchmarkFiles(b *testing.B) {
	dir := os.Getenv("IPW_BENCH")
	if dir == "" {
		b.Skip("IPW_BENCH names no directory")
	}
	power, err := os.ReadFile(dir + "/power.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	events, err := os.ReadFile(dir + "/events.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(power) + len(events)))
	for b.Loop() {
		if _, err := attributeFiles(power, events, attribute.Options{MinCoverage: 0.9}); err != nil {
			b.Fatal(err)
		}
	}
}

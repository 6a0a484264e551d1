package attribute_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/attribute/history"
)

// TestMutated attributes streams whose bytes were changed, lines dropped,
// doubled and swapped: whatever comes in, nothing panics, no number is invalid,
// and what is written balances.
func TestMutated(t *testing.T) {
	done := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 9))
		h := history.Random(rng, history.Options{Samples: 80})
		power, events := mutate(rng, h.Power), mutate(rng, h.Events)
		r, err := attributeFiles(power, events, attribute.Options{Share: []string{attribute.Active, attribute.Equal, attribute.Tokens}[seed%3], MinCoverage: 0.9})
		if err != nil {
			continue // a header that is none
		}
		done++
		if !r.totals.Balanced {
			t.Errorf("seed %d: not balanced: %+v", seed, r.totals)
		}
	}
	if done < 300 {
		t.Errorf("only %d of 400 streams could be read", done)
	}
}

func mutate(rng *rand.Rand, b []byte) []byte {
	lines := bytes.SplitAfter(bytes.Clone(b), []byte("\n"))
	for range 1 + rng.IntN(6) {
		i, k := 1+rng.IntN(max(1, len(lines)-1)), 1+rng.IntN(max(1, len(lines)-1))
		if i >= len(lines) || k >= len(lines) {
			continue
		}
		switch rng.IntN(5) {
		case 0:
			lines[i], lines[k] = lines[k], lines[i]
		case 1:
			lines[i] = lines[k]
		case 2:
			lines = append(lines[:i], lines[i+1:]...)
		case 3:
			if len(lines[i]) > 2 {
				at := rng.IntN(len(lines[i]) - 1)
				lines[i] = bytes.Clone(lines[i])
				lines[i][at] = "0123456789-.e\",:{}[]"[rng.IntN(20)]
			}
		case 4:
			lines[i] = bytes.Replace(lines[i], []byte("17638848"), []byte([]string{"17638849", "0", "-1", "99999999999"}[rng.IntN(4)]), 1)
		}
	}
	return bytes.Join(lines, nil)
}

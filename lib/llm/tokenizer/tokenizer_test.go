package tokenizer

import (
	"math"
	"strings"
	"testing"
	"time"

	"ipw/lib/llm"
)

// TestCount: the counts of o200k_base, as OpenAI's own tiktoken gives them.
func TestCount(t *testing.T) {
	for text, want := range map[string]int64{
		"":                   0,
		"hello world":        2,
		"tiktoken is great!": 6,
		"The quick brown fox jumps over the lazy dog.": 10,
		"import numpy as np":                           4,
	} {
		if got := Count(text); got != want {
			t.Errorf("%q has %d tokens, want %d", text, got, want)
		}
	}
}

// TestCountNear: the quick estimate is not far off, on plain text.
func TestCountNear(t *testing.T) {
	text := strings.Repeat("Joules are counted where they are used, and every one of them only once. ", 40)
	exact, quick := float64(Count(text)), float64(llm.CountTokens(text))
	if math.Abs(exact-quick) > 0.2*exact {
		t.Errorf("%g, estimated as %g", exact, quick)
	}
}

// TestCountBounded: no text keeps it busy.
func TestCountBounded(t *testing.T) {
	begun := time.Now()
	Count(strings.Repeat("a", 1<<18))
	Count(strings.Repeat("=", 1<<18))
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("%s", took)
	}
}

package llm

import (
	"strings"
	"testing"
)

// TestCountTokens compares with what o200k_base counts.
func TestCountTokens(t *testing.T) {
	for text, o200k := range map[string]int64{
		"": 0,
		"The quick brown fox jumps over the lazy dog, and nobody minds.":                                               14,
		"func (e *events) next() ([]byte, error) {\n\te.data, e.held = append(e.data[:0], e.held...), e.held[:0]\n":    37,
		`{"type":"retry","t_us":1763884800000000,"query":"q0000","attempt":1,"error_class":"rate_limit","wait_s":0.5}`: 38,
		"我们测量每个回合消耗的能量、时间和代币,并计算每焦耳的智能。":                                                                               26,
		"Мы измеряем энергию, время и токены каждого шага агента.":                                                     16,
	} {
		got := CountTokens(text)
		if limit := o200k/3 + 1; got < o200k-limit || got > o200k+limit {
			t.Errorf("%.30q: %d, o200k_base counts %d", text, got, o200k)
		}
	}
}

// FuzzCountTokens: every text has tokens, no more than bytes, and a longer one
// at least as many, but for the piece at the seam.
func FuzzCountTokens(f *testing.F) {
	f.Add("a b", "  ")
	f.Add("日本", "\xff\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		n, all := CountTokens(a), CountTokens(a+b)
		if n < 0 || n > int64(len(a))+1 || strings.TrimSpace(a) != "" && n == 0 {
			t.Errorf("%q: %d", a, n)
		}
		if all < n-1 || all > n+CountTokens(b)+1 {
			t.Errorf("%q and %q: %d, together %d", a, b, n, all)
		}
	})
}

func BenchmarkCountTokens(b *testing.B) {
	text := strings.Repeat("The result of tool call 17 is {\"ok\": true}.\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		CountTokens(text)
	}
}

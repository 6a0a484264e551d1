package stream

import (
	"bytes"
	"strings"
	"testing"
)

// A string is written as encoding/json does it, at every place in a word.
func TestAppendString(t *testing.T) {
	var odd []string
	for c := range 0x100 {
		odd = append(odd, string([]byte{byte(c)}), string(rune(c)))
	}
	odd = append(odd, "", "\u2027", "\u2028", "\u2029", "\u202a", "\ufffd", "😀", "\xed\xa0\x80", "\xf0\x9f", "<&>", "\"\x1f\x21\xff")
	for _, s := range odd {
		for before := range 9 {
			checkString(t, strings.Repeat("~", before)+s)
			checkString(t, strings.Repeat(" ", before)+s+"12345678"+s+"9")
		}
	}
}

func checkString(t *testing.T, s string) {
	t.Helper()
	want, err := AppendJSON([]byte("x"), s)
	if got := AppendString([]byte("x"), s); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%q is written %s, want %s, %v", s, got, want, err)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a \"quoted\" line\nand another\ttab")
	f.Add("naïve ∑ 漢字 🙂\u2028\xff\x00\x7f\u0085")
	f.Fuzz(checkString)
}

func BenchmarkAppendString(b *testing.B) {
	for name, s := range map[string]string{
		"key":     "decode_gpu",
		"english": strings.Repeat("The agent's answer, to the last digit; then\n", 50),
		"german":  strings.Repeat("Der Häuptling fährt über die Straße \u2013 jährlich. ", 50),
		"chinese": strings.Repeat("能量分析", 200),
	} {
		b.Run(name, func(b *testing.B) {
			var buf []byte
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				buf = AppendString(buf[:0], s)
			}
		})
	}
}

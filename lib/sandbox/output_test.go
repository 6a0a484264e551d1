package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestOutput: however the bytes are split into writes, head and tail are those
// of the whole, and the note counts the rest.
func TestOutput(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		max := 2 * (1 + r.IntN(40))
		var whole strings.Builder
		for range r.IntN(90) {
			whole.WriteRune([]rune("abcé€𝄞\n")[r.IntN(7)])
		}
		o := NewOutput(max)
		for rest := whole.String(); rest != ""; {
			n := 1 + r.IntN(len(rest))
			o.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		got, text := o.String(), whole.String()
		if len(text) <= max {
			if got != text {
				t.Fatalf("max %d: %q became %q", max, text, got)
			}
			continue
		}
		head, rest, ok := strings.Cut(got, "…[")
		count, tail, ok2 := strings.Cut(rest, " bytes cut]…")
		var cut int
		fmt.Sscan(count, &cut)
		switch {
		case !ok || !ok2 || !utf8.ValidString(got):
			t.Fatalf("max %d: %q became %q", max, text, got)
		case !strings.HasPrefix(text, head) || !strings.HasSuffix(text, tail):
			t.Fatalf("max %d: %q became %q", max, text, got)
		case len(head)+cut+len(tail) != len(text):
			t.Fatalf("max %d: %q became %q: the count is wrong", max, text, got)
		case len(head) < max/2-3 || len(tail) < max/2-3:
			t.Fatalf("max %d: %q became %q: too short", max, text, got)
		}
	}
}

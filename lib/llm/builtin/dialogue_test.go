package builtin

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestDialogues sees that every dialogue can be played: patterns compile and
// have one group, arguments are JSON, every placeholder has a pattern, and a
// dialogue that needs tools knows what to say without.
func TestDialogues(t *testing.T) {
	seen := make(map[string]bool)
	for _, d := range dialogues {
		if seen[d.problem] {
			t.Errorf("%s: twice", d.problem)
		}
		seen[d.problem] = true
		known := map[string]string{"result": "1"}
		for name, pattern := range d.find {
			if re, err := regexp.Compile(pattern); err != nil || re.NumSubexp() != 1 {
				t.Errorf("%s: pattern %q: %v", d.problem, pattern, err)
			}
			known[name] = "1"
		}
		steps := d.steps
		if d.again != nil {
			steps = append(steps[:len(steps):len(steps)], *d.again)
		}
		calls := 0
		for _, s := range steps {
			r, ok := s.fill(known)
			if !ok {
				t.Errorf("%s: %q has a placeholder without a pattern", d.problem, s.say)
			}
			for _, c := range r.calls {
				calls++
				if !json.Valid([]byte(c.arguments)) {
					t.Errorf("%s: arguments %s", d.problem, c.arguments)
				}
			}
		}
		last := d.steps[len(d.steps)-1]
		if len(last.calls) > 0 && d.again == nil {
			t.Errorf("%s: does not end in an answer", d.problem)
		}
		if calls > 0 && !strings.Contains(d.without, "FINAL ANSWER: ") {
			t.Errorf("%s: has nothing to say without tools", d.problem)
		}
	}
}

// TestTokens: the tokens of a text are the text.
func TestTokens(t *testing.T) {
	for _, s := range []string{"", " ", "a", "It is 46 metres.", `{"query":"Skell  x","k":3}`, "ü\n\nß 日本 \t"} {
		if got := strings.Join(tokens(s), ""); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("It is 46 metres. ")
	f.Fuzz(func(t *testing.T, s string) {
		if got := strings.Join(tokens(s), ""); got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

package score

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

var matches = []struct {
	response, reference string
	want                bool
}{
	// what is compared
	{"FINAL ANSWER: 42", "42", true},
	{"FINAL ANSWER: 41\nno, wait.\nFINAL ANSWER: 42", "42", true},
	{"FINAL ANSWER: 42\nFINAL ANSWER: 41", "42", false},
	{"42", "42", true},
	{"It is 42", "42", false},
	{"final answer: 42", "42", false}, // the marker is in capitals
	{"FINAL ANSWER: 42\n\nI hope this helps!", "42", false},
	{"FINAL ANSWER:", "42", false},
	{"", "42", false},
	{"FINAL ANSWER:42", "FINAL ANSWER: 42", false}, // a reference has no marker
	// normal form
	{"  Hello,\n\tWORLD.  ", "hello, world", true},
	{"hello world", "hello\u00a0world", true},
	{"yes..", "yes", false},  // one full stop
	{"yes..", "yes.", false}, // of either side
	{"yes .", "yes", true},
	{"Ｆｕｌｌ　ｗｉｄｔｈ", "full width", true},
	{"ﬁne", "fine", true},
	{"cafe\u0301", "café", true},
	{"ÄÖÜ", "äöü", true},
	{"naive", "naïve", false},
	{"a,b", "ab", false}, // commas go from numbers only
	{"$x", "x", false},
	{".", ".", true},
	{"", ".", false},
	{"no!", "no", false},
	// numbers
	{"1,000", "1000", true},
	{"1000", "1,000", true},
	{"$1,234.50", "1234.5", true},
	{"50%", "50", true},
	{"50 %", "50", true},
	{"$ 5", "5", true},
	{"-$5", "-5", true},
	{"50%", "0.5", false},
	{"-0", "0", true},
	{"0.000", "0", true},
	{"+7", "7", true},
	{"007", "7", true},
	{"1e3", "1000", true},
	{"1.5E-3", "0.0015", true},
	{"3.14.", "3.14", true},
	{".5", "0.5", true},
	{"−5", "-5", true}, // U+2212
	{"0.1", "0.10000000000000001", false},
	{"9007199254740993", "9007199254740992", false}, // one double, two numbers
	{"1e400", "1e401", false},                       // beyond any double
	{"1e400", "10e399", true},
	{"1e-999999999", "0", false},
	{"1e999999999999999999999", "1e999999999999999999999", true}, // the same text
	{"1 000", "1000", false},
	{"12 apples", "12", false},
	{"1/2", "0.5", false},
	// no numbers
	{"0x10", "16", false},
	{"1_000", "1000", false},
	{"inf", "1e999", false},
	{"inf", "infinity", false},
	{"inf", "INF", true}, // the same text
	{"NaN", "nan", true},
	{"nan", "0", false},
	{"42..", "42", false},
	{"1.2.3", "1.23", false},
	{"--5", "5", false},
	{"e3", "1000", false},
	{"1e", "1", false},
	{"$", "0", false},
	{"%", "$", false},
	{"٤٢", "42", false}, // digits of other scripts stay text
}

func TestMatch(t *testing.T) {
	for _, c := range matches {
		if got := Match(c.response, c.reference); got != c.want {
			t.Errorf("%q against %q: %v", c.response, c.reference, got)
		}
	}
}

// Normal is a form: making it twice changes nothing, and outer space and case
// do not matter to it.
func TestNormalIsAForm(t *testing.T) {
	law := func(s string) bool {
		n := Normal(s)
		again := Normal(n)
		return (again == n || again+"." == n || again+" ." == n) && Normal(" \t"+s+"\n") == n
	}
	if err := quick.Check(law, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"İ", "ǅ", "ẞ", "Å", "½", "…", "\u0345Α"} {
		if !law(s) {
			t.Errorf("%q: %q, %q", s, Normal(s), Normal(Normal(s)))
		}
	}
}

// Numbers equal exactly if they are equal as rationals.
func TestNumbersAsRationals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	draw := func() string {
		s := []string{"", "-", "+"}[r.IntN(3)] + strings.Repeat("0", r.IntN(3)) + strconv.Itoa(r.IntN(4))
		if r.IntN(2) == 0 {
			s += "." + strings.Repeat("0", r.IntN(3)) + strconv.Itoa(r.IntN(4)) + strings.Repeat("0", r.IntN(3))
		}
		if r.IntN(2) == 0 {
			s += "e" + []string{"", "-", "+"}[r.IntN(3)] + strconv.Itoa(r.IntN(4))
		}
		return s
	}
	equal := 0
	for range 60_000 {
		a, b := draw(), draw()
		x, okX := parseNumber(a)
		y, okY := parseNumber(b)
		ra, _ := new(big.Rat).SetString(a)
		rb, _ := new(big.Rat).SetString(b)
		if !okX || !okY || (x == y) != (ra.Cmp(rb) == 0) {
			t.Fatalf("%q and %q: %+v, %+v", a, b, x, y)
		}
		if x == y {
			equal++
		}
	}
	if equal < 1000 {
		t.Errorf("only %d equal pairs were drawn", equal)
	}
}

func FuzzMatch(f *testing.F) {
	for _, c := range matches {
		f.Add(c.response, c.reference)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if Match(a, b) && !strings.Contains(a, finalAnswer) && !strings.Contains(b, finalAnswer) && !Match(b, a) {
			t.Errorf("%q matches %q, but not the other way round", a, b)
		}
		if !strings.Contains(a, finalAnswer) && !Match("I think.\nFINAL ANSWER: "+a, a) {
			t.Errorf("%q does not match itself", a)
		}
	})
}

package tool

import (
	"context"
	"math/big"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// expressions are the cases of TestEvaluate and the seeds of the fuzz target.
var expressions = []struct{ text, want string }{
	{"0.1 + 0.2", "0.3"},
	{"1847 * 293 - 12600", "528571"},
	{"1/3", "0.3333333333333333"},
	{"2/3", "0.6666666666666667"},
	{"10/4", "2.5"},
	{"1/7 + 6/7", "1"},
	{"-2**2", "-4"},
	{"(-2)**2", "4"},
	{"2**3**2", "512"},
	{"2**-1", "0.5"},
	{"2^10", "1024"},
	{"2^0.5", "1.4142135623730951"},
	{"4**0.5", "2"},
	{"0**0", "1"},
	{"0**5", "0"},
	{"(-1)**10**30", "1"},
	{"(-1)**(10**30+1)", "-1"},
	{"2**0.5**2", "1.189207115002721"},
	{"7//2", "3"},
	{"-7//2", "-4"},
	{"7//-2", "-4"},
	{"-7%3", "2"},
	{"7%-3", "-2"},
	{"7.5%2", "1.5"},
	{"-7.5//2*2 + -7.5%2", "-7.5"},
	{"1 - - - 1", "0"},
	{"--2", "2"},
	{"+3", "3"},
	{"1e3", "1000"},
	{"1.5E-3", "0.0015"},
	{"1e-400", "1e-400"},
	{"10**400 / 10**399", "10"},
	{".5 + 5.", "5.5"},
	{"1_000 * 2", "2000"},
	{"012", "12"},
	{"-0.0", "0"},
	{"3 × 4 ÷ 2 − 1", "5"},
	{"sqrt(16/9)", "1.333333333333333"},
	{"sqrt(2)**2", "2.0000000000000004"},
	{"round(sqrt(2), 3)", "1.414"},
	{"sqrt(10**400)", "1" + strings.Repeat("0", 200)},
	{"abs(-3.5)", "3.5"},
	{"round(2.5)", "3"},
	{"round(-2.5)", "-3"},
	{"round(2.675, 2)", "2.68"},
	{"round(1234, -2)", "1200"},
	{"round(100 * 37 / 52)", "71"},
	{"floor(-2.5)", "-3"},
	{"ceil(-2.5)", "-2"},
	{"ceil(9430 / 320)", "30"},
	{"floor(pi)", "3"},
	{"min(3, 1, 2)", "1"},
	{"max(1, pi, 3)", "3.141592653589793"},
	{"log(1000)", "3"},
	{"log(8, 2)", "3"},
	{"log(1/8, 2)", "-3"},
	{"log10(0.001)", "-3"},
	{"log2(1024)", "10"},
	{"log(10**5000)", "5000"},
	{"log(50)", "1.6989700043360187"},
	{"ln(1)", "0"},
	{"ln(e)", "1"},
	{"exp(0)", "1"},
	{"cos(0)", "1"},
	{"round(sin(pi), 10)", "0"},
	{"round(tan(pi/4), 10)", "1"},
	{"Math.Sqrt(4) + PI - pi", "2"},
	{"2 ** 64", "18446744073709551616"},
	{"99999999999999999999 * 99999999999999999999", "9999999999999999999800000000000000000001"},
	{"0e999999999999", "0"},

	{"1/0", "!division by zero"},
	{"1//0", "!division by zero"},
	{"1%0", "!division by zero"},
	{"0**-1", "!division by zero"},
	{"1/(0.1+0.2-0.3)", "!division by zero"},
	{"(-8)**(1/3)", "!no real result"},
	{"sqrt(-1)", "!sqrt: there is no real result"},
	{"ln(0)", "!ln: there is no real result"},
	{"log(5, 1)", "!base must not be 1"},
	{"9**9**9", "!too large"},
	{"2**100000", "!too large"},
	{"1e999999999999", "!too large"},
	{"1e-999999999999", "!too small"},
	{"exp(1000)", "!too large"},
	{"exp(-1000)", "!too small"},
	{"0.1**3000", "!too small"},
	{"sin(10**30)", "!angle is too large"},
	{"round(1, 1000)", "!number of decimals"},
	{"max()", "!max takes one or more arguments, not 0"},
	{"sqrt(1, 2)", "!sqrt takes one argument, not 2"},
	{"log()", "!log takes one or two arguments, not 0"},
	{"sqrt 2", "!sqrt needs its arguments in parentheses"},
	{"foo(2)", `!unknown name "foo"; there are pi, e and the functions abs ceil cos`},
	{"1,000 + 1", "!thousands separators"},
	{"2 + 2 =", "!send only the expression"},
	{"2 3", `!an operator is missing before "3" at position 3`},
	{"2(3)", `!an operator is missing before "(" at position 2`},
	{"2^40 divided by 1024", `!an operator is missing before "divided" at position 6`},
	{"3 ^ ^ 2", `!unexpected "**" at position 5`},
	{"× 2", `!unexpected "*" at position 1`},
	{"15%", "!ends too early"},
	{"((1)", `!the expression ends where a ")" is missing`},
	{"(1))", `!unexpected ")" at position 4`},
	{"", "!the expression is empty"},
	{" \t ", "!the expression is empty"},
	{"1.2.3", `!"1.2.3" is no number`},
	{"1e", `!an operator is missing before "e"`},
	{"__import__('os')", `!unexpected "_" at position 1`},
	{"0x10", `!an operator is missing before "x10"`},
	{strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), "!nested deeper than 100"},
	{strings.Repeat("1+", 3000) + "1", "!6001 bytes long"},
}

func TestEvaluate(t *testing.T) {
	for _, test := range expressions {
		got, err := Evaluate(test.text)
		if want, fails := strings.CutPrefix(test.want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%.50q: %v, %v, want an error with %q", test.text, got, err, want)
			}
		} else if err != nil || got.String() != test.want {
			t.Errorf("%.50q: %v, %v, want %s", test.text, got, err, test.want)
		}
	}
}

// TestNothingHangs tries what is expensive: each must be over at once.
func TestNothingHangs(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("-", 4000) + "1",
		strings.Repeat("2**", 90) + "2",
		strings.Repeat("3**9999*", 400) + "1",
		strings.Repeat("(1/3+1/7)**1000+", 250) + "1",
		strings.Repeat("log(2**65000)+", 250) + "1",
		strings.Repeat("round(7**20000/3,300)+", 180) + "1",
		strings.Repeat("1/3**2500+", 390) + "1",
		strings.Repeat("7**23000%3**2000+", 230) + "1",
		strings.Repeat("sqrt(2**65000)*0+", 230) + "1",
		strings.Repeat("1e-9999", 500),
		"1" + strings.Repeat("0", 4000) + "**16",
		strings.Repeat("9", 4096),
		"max(" + strings.Repeat("1e15000,", 500) + "1)",
	} {
		began := time.Now()
		if z, err := Evaluate(text); err == nil && len(z.String()) > 20000 {
			t.Errorf("%.20s: a result of %d bytes", text, len(z.String()))
		}
		if d := time.Since(began); d > time.Minute {
			t.Errorf("%.20s…: %v", text, d)
		}
	}
}

// tree writes a random expression of whole numbers and computes it by itself.
func tree(r *rand.Rand, depth int) (string, *big.Rat) {
	if depth == 0 || r.Intn(4) == 0 {
		n := big.NewInt(r.Int63n(1 << uint(1+r.Intn(60))))
		return n.String(), new(big.Rat).SetInt(n)
	}
	left, x := tree(r, depth-1)
	right, y := tree(r, depth-1)
	if x == nil || y == nil {
		return "(" + left + ")/(" + right + "-" + right + ")", nil
	}
	z := new(big.Rat)
	space := strings.Repeat(" ", r.Intn(2))
	join := func(op string) string { return "(" + left + space + op + space + right + ")" }
	switch r.Intn(6) {
	case 0:
		return join("+"), z.Add(x, y)
	case 1:
		return join("-"), z.Sub(x, y)
	case 2:
		return join("*"), z.Mul(x, y)
	case 3:
		return "-" + left, z.Neg(x)
	}
	if y.Sign() == 0 {
		return join("/"), nil
	}
	q := new(big.Rat).Quo(x, y)
	whole := new(big.Rat).SetInt(new(big.Int).Div(q.Num(), q.Denom()))
	switch r.Intn(3) {
	case 0:
		return join("/"), q
	case 1:
		return join("//"), whole
	}
	return join("%"), z.Sub(x, whole.Mul(whole, y))
}

// agree checks the calculator against big.Rat on one random expression. nil
// stands for a division by zero.
func agree(t *testing.T, seed int64) {
	text, want := tree(rand.New(rand.NewSource(seed)), 4)
	got, err := Evaluate(text)
	switch {
	case want == nil:
		if err != errZero {
			t.Errorf("%s: %v, %v, want a division by zero", text, got, err)
		}
	case err != nil || got.Rat() == nil || got.Rat().Cmp(want) != 0:
		t.Errorf("%s: %v, %v, want %v", text, got, err, want)
	}
}

func TestAgreesWithFractions(t *testing.T) {
	for seed := range int64(2000) {
		agree(t, seed)
	}
}

// FuzzEvaluate: no text makes the calculator panic, hang or answer without a
// number, a result reads back as itself if it is exact, and random expressions
// of whole numbers agree with big.Rat.
func FuzzEvaluate(f *testing.F) {
	for i, e := range expressions {
		f.Add(e.text, int64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed int64) {
		agree(t, seed)
		z, err := Evaluate(text)
		if err != nil {
			return
		}
		s := z.String()
		if s == "" || strings.ContainsAny(s, "INn") {
			t.Fatalf("%q: %q", text, s)
		}
		if n := z.integer(); n != nil && len(s) < maxExpression {
			if back, err := Evaluate(s); err != nil || back.Rat().Cmp(z.Rat()) != 0 {
				t.Fatalf("%q: %s reads back as %v, %v", text, s, back, err)
			}
		}
	})
}

func TestCalculatorCall(t *testing.T) {
	for _, test := range []struct{ arguments, want, fails string }{
		{`{"expression":"0.1+0.2"}`, "0.3", ""},
		{`{"expression": 42, "why": "because"}`, "42", ""},
		{`{"expression":"1/0"}`, "", "division by zero"},
		{``, "", `the argument "expression" is missing; send for example {"expression": "2 * (3 + 4)"}`},
		{`{}`, "", `"expression" is missing`},
		{`{"expression":null}`, "", `"expression" is missing`},
		{`{"expression":""}`, "", "is empty"},
		{`{"expression":["1"]}`, "", "must be a string"},
		{`{"expression":"1`, "", "not valid JSON (unexpected end of JSON input)"},
		{`1+1`, "", "not valid JSON"},
		{`"1+1"`, "", "must be a JSON object, not a string"},
		{`[1]`, "", "must be a JSON object, not an array"},
		{`null`, "", "is missing"},
	} {
		got, err := Calculator{}.Call(context.Background(), test.arguments)
		if got != test.want || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %q, %v", test.arguments, got, err)
		}
	}
}

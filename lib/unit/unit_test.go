package unit

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// decimals is the table the fuzz targets are seeded from.
var decimals = []struct {
	text  string
	micro int64
	ok    bool
}{
	{"0", 0, true}, {"-0", 0, true}, {"15.62", 15620000, true}, {"0.000001", 1, true}, {"-0.000001", -1, true},
	{"0.0000005", 0, true}, {"0.0000015", 2, true}, {"0.0000025", 2, true}, {"0.00000250000001", 3, true},
	{"-0.0000005", 0, true}, {"-0.0000015", -2, true}, {"-0.0000025", -2, true},
	{"1e3", 1000000000, true}, {"1E-6", 1, true}, {"1.5e+1", 15000000, true}, {"1e-400", 0, true},
	{"262143.32885", 262143328850, true}, {"100.000000", 100000000, true}, {"0.1234567890123456789012345", 123457, true},
	{"9223372036854.775807", math.MaxInt64, true}, {"-9223372036854.775808", math.MinInt64, true},
	{"9223372036854.775808", 0, false}, {"-9223372036854.775809", 0, false}, {"1e400", 0, false}, {"1e19", 0, false},
	{"", 0, false}, {"-", 0, false}, {".5", 0, false}, {"5.", 0, false}, {"01", 0, false}, {"00", 0, false}, {"-01", 0, false},
	{"+1", 0, false}, {" 1", 0, false}, {"1 ", 0, false}, {"1e", 0, false}, {"0x10", 0, false}, {"NaN", 0, false},
	{"Infinity", 0, false}, {"1_000", 0, false}, {"null", 0, false}, {`"1"`, 0, false}, {"1.2.3", 0, false}, {"1-2", 0, false},
	{strings.Repeat("9", 2000), 0, false}, {"0." + strings.Repeat("0", 2000) + "1", 0, false},
}

func TestParseMicro(t *testing.T) {
	for _, c := range decimals {
		n, err := ParseMicro([]byte(c.text))
		if (err == nil) != c.ok || n != c.micro {
			t.Errorf("ParseMicro(%.40q) = %d, %v, want %d, %v", c.text, n, err, c.micro, c.ok)
		}
	}
}

// Printing and reading again changes nothing, at any size.
func TestDecimalRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []int64{0, 1, -1, 999999, 1000000, 1000001, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	for range 20000 {
		values = append(values, int64(r.Uint64())>>r.IntN(64))
	}
	for _, n := range values {
		if got, err := ParseMicro(AppendMicro(nil, n)); err != nil || got != n {
			t.Fatalf("micro %d prints as %s and reads as %d, %v", n, AppendMicro(nil, n), got, err)
		}
		var j Joules
		if err := json.Unmarshal(Joules(n).Append(nil), &j); err != nil || j != Joules(n) {
			t.Fatalf("%d nJ prints as %s and reads as %d, %v", n, Joules(n), j, err)
		}
	}
}

func TestJoulesPrint(t *testing.T) {
	for want, j := range map[string]Joules{"0": 0, "12.5": 12_500_000_000, "-0.000000001": -1, "1": Joule, "9223372036.854775807": math.MaxInt64,
		"-9223372036.854775808": math.MinInt64, "0.001": 1000 * Microjoule} {
		if j.String() != want {
			t.Errorf("%d nJ prints as %s, want %s", int64(j), j, want)
		}
	}
}

// Each part of the eight digits takes every value it can.
func TestDigits(t *testing.T) {
	for n := range uint64(10_000) {
		for _, n := range []uint64{n, n * 10_000, n * 10_001, 99_990_000 + n, n*10_000 + 9999} {
			if got, want := digits(n)|zeros, binary.LittleEndian.Uint64(fmt.Appendf(nil, "%08d", n)); got != want {
				t.Fatalf("%d has the digits %x, want %x", n, got, want)
			}
		}
	}
}

// What AppendFloat takes it writes as encoding/json does.
func TestAppendFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	taken := 0
	for i := range 200_000 {
		f := float64(r.Int64N(1e15)) / 1e9
		switch i % 4 {
		case 0:
			f = float64(r.Int64N(1e9)) / 1e6
		case 1:
			f = math.Float64frombits(r.Uint64())
		case 2:
			f = math.Nextafter(-f/float64(r.IntN(1e6)+1), 0)
		case 3:
			f = math.Copysign(float64(r.Int64N(1e15)>>r.IntN(50))/[]float64{1, 1e3, 1e6, 1e9}[r.IntN(4)], f-1)
		}
		got, ok := AppendFloat([]byte("x"), f)
		if !ok {
			if string(got) != "x" {
				t.Fatalf("%v: %s", f, got)
			}
			continue
		}
		taken++
		if want, err := json.Marshal(f); err != nil || string(got) != "x"+string(want) {
			t.Fatalf("%v is written %s, not %s", f, got[1:], want)
		}
	}
	if taken < 50_000 {
		t.Errorf("%d were taken", taken)
	}
}

func TestFromFloat(t *testing.T) {
	for f, want := range map[float64]Joules{0: 0, 1.5: 1_500_000_000, -1e-9: -1, 1e30: math.MaxInt64, -1e30: math.MinInt64, math.Inf(1): math.MaxInt64} {
		if got := FromFloat(f); got != want {
			t.Errorf("FromFloat(%g) = %d, want %d", f, got, want)
		}
	}
}

// A sum is what big.Int says it is, and the order of adding changes nothing.
func TestSumAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var sum, back Sum
		want := new(big.Int)
		var parts []Joules
		for range r.IntN(50) {
			j := Joules(int64(r.Uint64()) >> r.IntN(64))
			parts = append(parts, j)
			sum.Add(j)
			want.Add(want, big.NewInt(int64(j)))
		}
		for i := len(parts) - 1; i >= 0; i-- {
			var one Sum
			one.Add(parts[i])
			back.AddSum(one)
		}
		if sum != back {
			t.Fatalf("%v: forwards %+v, backwards %+v", parts, sum, back)
		}
		if got := nano(sum); got.Cmp(want) != 0 {
			t.Fatalf("%v: sum %s nJ, want %s", parts, got, want)
		}
		if (want.Sign() == 0) != sum.IsZero() || !sum.Sub(back).IsZero() {
			t.Fatalf("%v: IsZero wrong", parts)
		}
		checkPrinted(t, sum, want)
	}
}

func nano(s Sum) *big.Int {
	n := new(big.Int).Mul(big.NewInt(s.joules), big.NewInt(int64(Joule)))
	return n.Add(n, big.NewInt(int64(s.nano)))
}

// checkPrinted compares the printed sum with a fraction, and reads it again.
func checkPrinted(t *testing.T, s Sum, want *big.Int) {
	t.Helper()
	r, ok := new(big.Rat).SetString(s.String())
	if !ok || r.Cmp(new(big.Rat).SetFrac(want, big.NewInt(int64(Joule)))) != 0 {
		t.Fatalf("%s nJ print as %s", want, s)
	}
	b, err := json.Marshal(s)
	var got Sum
	if err != nil || json.Unmarshal(b, &got) != nil || got != s {
		t.Fatalf("%s reads as %s (%v)", b, got, err)
	}
}

func TestSumBeyondJoules(t *testing.T) {
	var s Sum
	want := new(big.Int)
	for range 1000 {
		s.Add(math.MinInt64)
		want.Add(want, big.NewInt(math.MinInt64))
	}
	checkPrinted(t, s, want)
	if math.Abs(s.Float()/-9223372036854.775-1) > 1e-12 {
		t.Errorf("Float() = %g", s.Float())
	}
}

// What is read is the number rounded to the sixth decimal, as big.Rat has it;
// what is refused is no JSON number or does not fit.
func FuzzParseMicro(f *testing.F) {
	for _, c := range decimals {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseMicro([]byte(text))
		var number json.Number
		jsonErr := json.Unmarshal([]byte(text), &number)
		if err != nil {
			return
		}
		if jsonErr != nil || number.String() != text {
			t.Fatalf("%q was read as %d and is no JSON number", text, n)
		}
		if f, _ := number.Float64(); f != 0 && math.Abs(f) < 1e-30 {
			return
		}
		if e := strings.ToLower(text); len(e[strings.IndexByte(e+"e", 'e'):]) > 5 {
			return // big.Rat would take for ever
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("big.Rat does not read %q", text)
		}
		diff := want.Sub(want.Mul(want, big.NewRat(1e6, 1)), new(big.Rat).SetInt64(n))
		if diff.Abs(diff).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%q was read as %d", text, n)
		}
	})
}

func BenchmarkParseMicro(b *testing.B) {
	text := []byte("262143.32885")
	for b.Loop() {
		if _, err := ParseMicro(text); err != nil {
			b.Fatal(err)
		}
	}
}

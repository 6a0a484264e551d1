package sensor

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ipw/lib/power"
)

const raplRange = 262_143_328_850

func TestCounter(t *testing.T) {
	const null = power.Null
	type in struct{ at, raw, total int64 }
	tests := []struct {
		name  string
		rng   int64
		steps []in
		says  string // a letter per step: Good, Doubt, Reset
	}{
		{"plain", raplRange, []in{{0, 5, 0}, {50_000, 15, 10}, {100_000, 15, 10}, {150_000, 20, 15}}, "GGGG"},
		{"wrap", raplRange, []in{{0, raplRange - 10, 0}, {50_000, 90, 100}, {100_000, 100, 110}}, "GGG"},
		{"wrap to the very end", raplRange, []in{{0, raplRange - 10, 0}, {50_000, raplRange, 10}, {100_000, 0, 10}}, "GGG"},
		{"twice round", 1_000_000, []in{{0, 900_000, 0}, {50_000, 100_000, 200_000}, {100_000, 900_000, 1_000_000}, {150_000, 100_000, 1_200_000}}, "GGGG"},
		{"large wrap of a slow sampler", raplRange, []in{{0, 200e9, 0}, {600e6, 100e9, raplRange - 100e9}}, "GG"},
		{"reset far from the end", raplRange, []in{{0, 150e9, 0}, {50_000, 150_001e6, 1e6}, {100_000, 12, null}, {150_000, 1000, 1e6}, {200_000, 2000, 1e6 + 1000}}, "GGDRG"},
		{"reset without range", 0, []in{{0, 9e12, 0}, {50_000, 5000, null}, {100_000, 5000, 0}, {150_000, 8000, 3000}}, "GDRG"},
		{"a torn number", raplRange, []in{{0, 150e9, 0}, {50_000, 150, null}, {100_000, 150e9 + 7, 7}}, "GDG"},
		{"a torn number without range", 0, []in{{0, 150e9, 0}, {50_000, 150, null}, {100_000, 150e9 + 7, 7}}, "GDG"},
		{"a torn number that could be a wrap", raplRange, []in{{0, 200e9, 0}, {50_000, 200_001e6, 1e6}, {100_000, 20_000e6, null}, {150_000, 200_002e6, 2e6}}, "GGDG"},
		{"a torn number at first", raplRange, []in{{0, 20e9, 0}, {50_000, 200e9, null}, {100_000, 200_001e6, 0}, {150_000, 200_002e6, 1e6}}, "GDRG"},
		{"a leap that was none", raplRange, []in{{0, 5, 0}, {50_000, 10, 5}, {100_000, 180e9, null}, {150_000, 15, 10}}, "GGDG"},
		{"a leap that stays for a while", raplRange, []in{{0, 5, 0}, {50_000, 10, 5}, {100_000, 180e9, null}, {150_000, 180e9, 5}, {200_000, 180e9, 5}, {250_000, 15, 10}, {300_000, 25, 20}}, "GGDRGGG"},
		{"a torn number that stays for a while", 0, []in{{0, 5e9, 0}, {50_000, 5e8, null}, {100_000, 5e8, 0}, {150_000, 5e8 + 3, 3}, {200_000, 5e9 + 7, 7}, {250_000, 5e9 + 9, 9}}, "GDRGGG"},
		{"a reset that comes by where it was", 0, []in{{0, 5e7, 0}, {50_000, 0, null}, {100_000, 5, 0}, {150_000, 4e7, 4e7 - 5}, {200_000, 6e7, 6e7 - 5}}, "GDRGG"},
		{"a machine that slept", raplRange, []in{{0, 100e9, 0}, {1800e6, 3e6, null}, {1800_050_000, 4e6, 0}, {1800_100_000, 6e6, 2e6}}, "GDRG"},
		{"a slow sampler at a wrap's very end", raplRange, []in{{0, 260e9, 0}, {60e6, 3e6, null}, {120e6, 5e9, raplRange - 255e9}}, "GDG"},
		{"two resets", raplRange, []in{{0, 150e9, 0}, {50_000, 12, null}, {100_000, 1000, 0}, {600e6, 2e9, 2e9 - 1000}, {600_050_000, 7, null}, {600_100_000, 9, 2e9 - 1000}}, "GDRGDR"},
		{"garbage twice, then a reset", 0, []in{{0, 150e9, 0}, {50_000, 150, null}, {100_000, 15, null}, {150_000, 20, 0}}, "GDDR"},
		{"above the range", raplRange, []in{{0, 5, 0}, {50_000, raplRange + 1, null}, {100_000, raplRange + 2, null}, {150_000, 6, 1}}, "GDDG"},
		{"a sentinel", 0, []in{{0, 5, 0}, {50_000, 1<<63 - 1, null}, {100_000, 6, 1}}, "GDG"},
		{"a sentinel first", 0, []in{{0, 1<<63 - 1, 0}, {50_000, 7, null}, {100_000, 9, 0}, {150_000, 11, 2}}, "GDRG"},
		{"negative", 0, []in{{0, -1, null}, {50_000, 7, 0}}, "DG"},
	}
	for _, tt := range tests {
		c := Counter{Range: tt.rng}
		for i, s := range tt.steps {
			total, v := c.Next(s.at, s.raw)
			if got := "GDR"[v]; total != s.total || got != tt.says[i] {
				t.Errorf("%s, step %d: %d %c, want %d %c", tt.name, i, total, got, s.total, tt.says[i])
			}
		}
	}
}

// Whatever the range, wherever the counter stands, whatever the load: the sum
// of what was used comes out, to the microjoule.
func TestCounterWrapsAtEveryOffset(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, rng := range []int64{1_000_000, 65_532_610_987, raplRange, 7} {
		for range 2000 {
			c := Counter{Range: rng}
			raw, at, used := rnd.Int64N(rng), int64(0), int64(0)
			c.Next(at, raw)
			for range 40 {
				dt := 1000 + rnd.Int64N(100_000)
				watts := rnd.Int64N(2_000)
				step := min(watts*dt, rng-1) // at most once round
				at, used, raw = at+dt, used+step, (raw+step)%rng
				total, v := c.Next(at, raw)
				if v != Good || total != used {
					t.Fatalf("range %d: %d (%d) after %d µJ", rng, total, v, used)
				}
			}
		}
	}
	// And at each single offset of a small counter.
	for start := int64(0); start < 500; start++ {
		for step := int64(0); step < 500; step++ {
			c := Counter{Range: 500}
			c.Next(0, start)
			if total, v := c.Next(1000, (start+step)%500); total != step || v != Good {
				t.Fatalf("from %d by %d: %d (%d)", start, step, total, v)
			}
		}
	}
}

// A driver that is loaded again counts from 0, at whatever moment, with a range
// or without: what was used before and after is there to the microjoule, what
// was used around it is not, and once the reset is known it is said once.
func TestCounterResetsAnywhere(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for _, rng := range []int64{0, raplRange} {
		for range 2000 {
			c := Counter{Range: rng}
			// Far from the end, where a fall cannot be a wrap.
			raw, at, used := rnd.Int64N(raplRange/2)+20_000_000_000, int64(0), int64(0)
			resetAt, resets, doubts := 2+rnd.IntN(30), 0, 0
			c.Next(at, raw)
			for i := range 40 {
				dt := 1000 + rnd.Int64N(100_000)
				step := rnd.Int64N(2_000) * dt
				at, raw = at+dt, raw+step
				if i == resetAt {
					raw = rnd.Int64N(1_000_000)
				}
				total, v := c.Next(at, raw)
				switch {
				case i == resetAt && v != Doubt, i == resetAt+1 && v != Reset, i != resetAt && i != resetAt+1 && v != Good:
					t.Fatalf("range %d: %d at %d, reset at %d", rng, v, i, resetAt)
				case v == Reset:
					resets++
				case v == Doubt:
					doubts++
				default:
					used += step
				}
				if v != Doubt && total != used {
					t.Fatalf("range %d: %d after %d µJ", rng, total, used)
				}
			}
			if resets != 1 || doubts != 1 {
				t.Fatalf("%d resets, %d doubts", resets, doubts)
			}
		}
	}
}

// Readings of any kind never make the joules fall, and never a spike.
func FuzzCounter(f *testing.F) {
	f.Add(int64(raplRange), []byte{1, 2, 3, 250, 0, 7})
	f.Add(int64(0), []byte{255, 0, 255, 0, 1})
	f.Fuzz(func(t *testing.T, rng int64, raws []byte) {
		c := Counter{Range: rng & (1<<50 - 1)}
		var last int64
		for i, b := range raws {
			total, v := c.Next(int64(i)*50_000, int64(b)<<(b%56))
			if v == Doubt {
				if total != power.Null {
					t.Fatal("a doubtful reading has a value")
				}
				continue
			}
			if total < last {
				t.Fatalf("fell from %d to %d", last, total)
			}
			if dt := int64(50_000 * len(raws)); total-last > slack+stepWatts*dt {
				t.Fatalf("%d µJ in one step", total-last)
			}
			last = total
		}
	})
}

func TestIntegral(t *testing.T) {
	g := Integral{MaxGap: 150_000}
	steps := []struct{ at, w, want int64 }{
		{0, 100e6, 0},
		{50_000, 100e6, 5e6},
		{100_000, 200e6, 12_500_000}, // a trapezoid
		{150_000, power.Null, power.Null},
		{200_000, 200e6, 32_500_000}, // over one missing reading
		{400_000, 200e6, 32_500_000}, // not over a gap
		{450_000, -1, power.Null},
		{500_000, MaxMicroW + 1, power.Null},
		{550_000, 200e6, 62_500_000},
	}
	for i, s := range steps {
		if got := g.Next(s.at, s.w); got != s.want {
			t.Errorf("step %d: %d, want %d", i, got, s.want)
		}
	}
	m := Integral{MaxGap: 150_000, Mean: true}
	m.Next(0, 100e6)
	if got := m.Next(50_000, 200e6); got != 10e6 {
		t.Errorf("mean watts: %d", got)
	}
}

// The integral of any watts is the exact sum, rounded down once, not once a
// step.
func TestIntegralIsExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	g := Integral{MaxGap: 1 << 40}
	twice := new(big.Int) // in half picojoules
	at, last := int64(0), int64(0)
	g.Next(at, last)
	for range 20_000 {
		dt, w := 1+rnd.Int64N(3_000_000), rnd.Int64N(MaxMicroW)
		at += dt
		got := g.Next(at, w)
		twice.Add(twice, new(big.Int).Mul(big.NewInt(last+w), big.NewInt(dt)))
		if want := new(big.Int).Quo(twice, big.NewInt(2_000_000)); got != want.Int64() {
			t.Fatalf("at %d: %d, want %s", at, got, want)
		}
		last = w
	}
}

func TestParseCount(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		err  error
	}{
		{"0\n", 0, nil}, {"262143328850\n", 262143328850, nil}, {"42", 42, nil}, {" 42 \n", 42, nil},
		{"", 0, ErrEmpty}, {"\n", 0, ErrEmpty},
		{"-5\n", 0, ErrGarbage}, {"12abc", 0, ErrGarbage}, {"1.5", 0, ErrGarbage}, {"0x1f", 0, ErrGarbage}, {"1 2", 0, ErrGarbage}, {"\x00\x00", 0, ErrGarbage},
		{"9223372036854775794", 9223372036854775794, nil},
		{"18446744073709551615", 0, ErrRange}, {strings.Repeat("9", 60), 0, ErrRange},
	}
	for _, tt := range tests {
		got, err := ParseCount([]byte(tt.in))
		if got != tt.want || err != tt.err {
			t.Errorf("%q: %d, %v", tt.in, got, err)
		}
	}
}

// stairs is a sensor whose value changes every period.
type stairs struct {
	domain Domain
	period int64
	now    *int64
}

func (s *stairs) Domain() *Domain { return &s.domain }
func (s *stairs) Close() error    { return nil }
func (s *stairs) Read(_ int64, _ bool, r *Reading) {
	if s.period > 0 {
		r.MicroJ = *s.now / s.period * 1000
	} else {
		r.MicroJ = 1
	}
}

func TestWatch(t *testing.T) {
	const start = 1_000_000
	ms := func(n int64) *int64 { n *= 1000; return &n }
	tests := []struct {
		name       string
		period     int64 // µs
		documented *int64
		step       int64 // µs a sleep really takes
		lo, hi     int64 // update_us
		atMost     int64 // µs watched
	}{
		{"as documented", 1000, ms(1), 1000, 1000, 1000, 40_000},
		{"faster", 100, ms(1), 1000, 1000, 1000, 40_000},
		{"slower", 9_000, ms(1), 1000, 9_000, 11_500, 40_000},
		{"never changes", 0, ms(1), 1000, 1000, 1000, 40_000},
		{"a GPU as documented", 100_000, ms(100), 1000, 100_000, 102_500, 510_000},
		{"a slow GPU", 180_000, ms(100), 1000, 180_000, 183_000, 510_000},
		{"an idle GPU", 0, ms(100), 1000, 100_000, 100_000, 510_000},
		{"the reader is held up", 1000, ms(1), 20_000, 1000, 1000, 60_000},
		{"undocumented", 9_000, nil, 1000, 9_000, 11_500, 510_000},
	}
	for _, tt := range tests {
		now := int64(start)
		s := &stairs{Domain{Domain: power.Domain{ID: "x", Energy: power.Counter, UpdateUs: tt.documented}}, tt.period, &now}
		Watch([]Sensor{s}, func() int64 { now += 3; return now }, func(time.Duration) { now += tt.step })
		if got := *s.domain.UpdateUs; got < tt.lo || got > tt.hi {
			t.Errorf("%s: update_us %d, want %d to %d", tt.name, got, tt.lo, tt.hi)
		}
		if took := now - start; took > tt.atMost {
			t.Errorf("%s: watched for %d µs", tt.name, took)
		}
	}
}

package sampler

import (
	"math"
	"testing"

	"ipw/lib/power"
)

const null = power.Null

func TestWindow(t *testing.T) {
	ms := func(n int64) *int64 { n *= 1000; return &n }
	cpu := power.Domain{ID: "cpu:0", Kind: power.CPU, Energy: power.Counter, Power: power.Derived, UpdateUs: ms(1)}
	gpu := power.Domain{ID: "gpu:0", Kind: power.GPU, Energy: power.Counter, Power: power.Instant, UpdateUs: ms(100)}
	guess := power.Domain{ID: "cpu:0", Kind: power.CPU, Energy: power.Integrated, Power: power.Instant, Estimated: true, UpdateUs: ms(20)}
	part := power.Domain{ID: "cpu:0/core", Kind: power.Core, PartOf: "cpu:0", Energy: power.Counter, Power: power.Derived, UpdateUs: ms(1)}
	board := power.Domain{ID: "psys:0", Kind: power.Board, Energy: power.Counter, Power: power.Derived, UpdateUs: ms(1)}
	machine, inside := board, board
	machine.ID, inside.PartOf = "board:0", "board:0"
	silent := power.Domain{ID: "cpu:1", Kind: power.CPU, Energy: power.None, Power: power.None}

	type sample struct {
		t int64 // ms
		j []int64
	}
	tests := []struct {
		name    string
		domains []power.Domain
		samples []sample
		end     int // the sample at which the window closes
		want    []Use
	}{
		{"a fast counter", []power.Domain{cpu, part, silent},
			[]sample{{0, []int64{0, 0, null}}, {50, []int64{5e6, 4e6, null}}, {100, []int64{10e6, 8e6, null}}}, 2,
			[]Use{{Kind: "cpu", Joules: 10, Uncertain: 0.2}}},
		{"the last reading is not the window's", []power.Domain{cpu},
			[]sample{{0, []int64{0}}, {50, []int64{5e6}}, {70, []int64{5e6}}, {100, []int64{10e6}}}, 1,
			[]Use{{Kind: "cpu", Joules: 5, Uncertain: 0.2}}},
		{"a counter that stands still at the end", []power.Domain{gpu}, // 100 W
			[]sample{{0, []int64{0}}, {50, []int64{0}}, {100, []int64{10e6}}, {150, []int64{10e6}}, {200, []int64{20e6}}}, 3,
			[]Use{{Kind: "gpu", Joules: 15, Uncertain: 20}}},
		{"and never moves again", []power.Domain{gpu},
			[]sample{{0, []int64{0}}, {50, []int64{0}}, {100, []int64{10e6}}, {150, []int64{10e6}}, {200, []int64{10e6}}}, 3,
			[]Use{{Kind: "gpu", Joules: 10, Uncertain: 20}}},
		{"never moved", []power.Domain{gpu},
			[]sample{{0, []int64{0}}, {50, []int64{0}}, {100, []int64{0}}}, 1,
			[]Use{{Kind: "gpu", Joules: 0, Uncertain: 0}}},
		{"an estimate beside a GPU", []power.Domain{guess, gpu},
			[]sample{{0, []int64{0, 0}}, {100, []int64{1e6, 10e6}}}, 1,
			[]Use{{Kind: "cpu", Joules: 1, Uncertain: math.NaN(), Estimated: true}, {Kind: "gpu", Joules: 10, Uncertain: 20}}},
		{"two of a kind", []power.Domain{cpu, cpu},
			[]sample{{0, []int64{0, 0}}, {100, []int64{10e6, 20e6}}}, 1,
			[]Use{{Kind: "cpu", Joules: 30, Uncertain: 0.6}}},
		{"a board beside a package", []power.Domain{board, cpu},
			[]sample{{0, []int64{0, 0}}, {100, []int64{30e6, 10e6}}}, 1,
			[]Use{{Kind: "cpu", Joules: 10, Uncertain: 0.2}}},
		{"a board alone", []power.Domain{board, silent},
			[]sample{{0, []int64{0, null}}, {100, []int64{30e6, null}}}, 1,
			[]Use{{Kind: "board", Joules: 30, Uncertain: 0.6}}},
		{"a board in a board", []power.Domain{machine, inside},
			[]sample{{0, []int64{0, 0}}, {100, []int64{30e6, 10e6}}}, 1,
			[]Use{{Kind: "board", Joules: 30, Uncertain: 0.6}}},
		{"a single reading", []power.Domain{cpu},
			[]sample{{0, []int64{0}}, {100, []int64{null}}}, 1,
			[]Use{{Kind: "cpu", Unknown: true}}},
		{"gone until the end", []power.Domain{cpu},
			[]sample{{0, []int64{0}}, {50, []int64{5e6}}, {100, []int64{null}}, {200, []int64{null}}}, 3,
			[]Use{{Kind: "cpu", Joules: 5, Uncertain: 0.2, Missing: 0.75, Untold: 15}}},
		{"gone until after the end", []power.Domain{cpu},
			[]sample{{0, []int64{0}}, {50, []int64{5e6}}, {100, []int64{null}}, {200, []int64{20e6}}}, 2,
			[]Use{{Kind: "cpu", Joules: 10, Uncertain: 0.2}}},
		{"there later", []power.Domain{cpu},
			[]sample{{0, []int64{null}}, {50, []int64{0}}, {100, []int64{10e6}}}, 2,
			[]Use{{Kind: "cpu", Joules: 10, Uncertain: 0.4, Missing: 0.5, Untold: 10}}},
		{"one of two is there later", []power.Domain{cpu, cpu},
			[]sample{{0, []int64{0, null}}, {50, []int64{5e6, 0}}, {100, []int64{10e6, 5e6}}}, 2,
			[]Use{{Kind: "cpu", Joules: 15, Uncertain: 0.4, Missing: 0.5, Untold: 5}}},
		{"watts that were away", []power.Domain{guess},
			[]sample{{0, []int64{0}}, {100, []int64{1e6}}, {200, []int64{null}}, {300, []int64{2e6}}, {400, []int64{null}}, {900, []int64{2e6}}, {1000, []int64{3e6}}}, 6,
			[]Use{{Kind: "cpu", Joules: 3, Uncertain: math.NaN(), Estimated: true, Missing: 0.6, Untold: 4.5}}},
		{"watts at the ends only", []power.Domain{guess},
			[]sample{{0, []int64{0}}, {100, []int64{null}}, {1000, []int64{0}}}, 2,
			[]Use{{Kind: "cpu", Estimated: true, Unknown: true}}},
		{"no domain", nil, []sample{{0, nil}}, 0, nil},
	}
	for _, tt := range tests {
		w := Window{domains: tt.domains}
		for _, d := range tt.domains {
			w.gaps = append(w.gaps, map[string]int64{power.Integrated: 300_000}[d.Energy])
		}
		for i, s := range tt.samples {
			w.see(&power.Sample{MUs: s.t * 1000, J: s.j})
			if i == tt.end {
				w.Close(s.t * 1000)
			}
		}
		got := w.Uses()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
			continue
		}
		for i, u := range tt.want {
			g := got[i]
			same := math.Abs(g.Uncertain-u.Uncertain) < 1e-9 || math.IsNaN(g.Uncertain) && math.IsNaN(u.Uncertain)
			if g.Kind != u.Kind || math.Abs(g.Joules-u.Joules) > 1e-9 || !same || g.Estimated != u.Estimated || g.Unknown != u.Unknown || math.Abs(g.Missing-u.Missing) > 1e-9 || math.Abs(g.Untold-u.Untold) > 1e-9 {
				t.Errorf("%s: %+v, want %+v", tt.name, g, u)
			}
		}
	}
}

func TestLine(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		uses    []Use
		seconds float64
		want    string
	}{
		{[]Use{{Kind: "cpu", Joules: 12.3456, Uncertain: 0.08}}, 0.3123, "12.3 J cpu, 0.31 s, 40 W"},
		{[]Use{{Kind: "cpu", Joules: 12.3456, Uncertain: nan, Estimated: true}}, 0.3123, "12 J cpu (est.), 0.31 s, 40 W"},
		{[]Use{{Kind: "gpu", Joules: 312.4, Uncertain: 0.5}, {Kind: "cpu", Joules: 12.3456, Uncertain: nan, Estimated: true}}, 1.24, "312 J gpu, 12 J cpu (est.), 1.24 s, 252 W + 10 W (est.)"},
		{[]Use{{Kind: "gpu", Joules: 312.4, Uncertain: 40}, {Kind: "cpu", Joules: 45.17, Uncertain: 0.004}, {Kind: "dram", Joules: 3.2, Uncertain: 0.004}}, 100, "300 J gpu, 45.17 J cpu, 3.20 J dram, 100.00 s, 4 W"},
		{[]Use{{Kind: "gpu", Joules: 3, Uncertain: 20}}, 0.1, "<20 J gpu, 0.10 s, <200 W"},
		{[]Use{{Kind: "gpu", Joules: 0, Uncertain: 0}}, 0.1, "0 J gpu, 0.10 s, 0 W"},
		{[]Use{{Kind: "gpu", Unknown: true}}, 0.1, "gpu not measured: too few readings, 0.10 s"},
		{[]Use{{Kind: "board", Joules: 97, Uncertain: nan, Missing: 0.7575, Untold: 303}}, 4.01, "97 J board (in 24 % of the time), 4.01 s, 100 W"},
		{nil, 0.5, "nothing measured, 0.50 s"},
	}
	for _, tt := range tests {
		if got := Line(tt.uses, tt.seconds); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestDigits(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		value, uncertain float64
		want             string
	}{
		{12345.678, 0.001, "12345.678 J"}, {12345.678, 100, "12300 J"}, {12345.678, 99, "12300 J"}, {12345.678, 101, "12000 J"},
		{0.5, 0.5, "<0.5 J"}, {0.3, 0.87, "<0.9 J"}, {0.3, 0.9, "<0.9 J"}, {0, 0.0012, "<0.002 J"},
		{1234.5, nan, "1200 J"}, {0.01234, nan, "0.012 J"}, {0, nan, "0 J"}, {9.96, nan, "10 J"}, {99.96, nan, "100 J"}, {0.0996, nan, "0.10 J"},
		{1.5, 1.2, "2 J"}, {7, 1.2, "10 J"}, {4, 1.2, "4 J"},
	} {
		if got := Digits(tt.value, tt.uncertain, " J"); got != tt.want {
			t.Errorf("%g ± %g: %q, want %q", tt.value, tt.uncertain, got, tt.want)
		}
	}
}

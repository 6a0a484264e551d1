package oracle

import (
	"math/big"
	"testing"
)

func TestValues(t *testing.T) {
	run(t, []tiny{{
		// The GPU is measured for 0.85 of the query, the CPU for all of it.
		// Its 85 J are withheld.
		name: "low coverage",
		power: `domain gpu:0 gpu counter none update_us=0
			domain cpu:0 cpu counter none update_us=0
			0 j - 0 w - -
			150 j 0 6 w - -
			1000 j 85 40 w - -`,
		events: second,
		want: map[string]string{
			"q query_gpu_energy_joules": "null", "q energy.missing.gpu": "low coverage",
			"q overhead_gpu_energy_joules": "null", "q query_cpu_energy_joules": "40",
			"q query_energy_joules": "40", "q energy.basis": "[cpu]", "q energy.coverage": "0.85",
			"q energy.by_domain.gpu:0": "null", "q energy.by_domain.cpu:0": "40", "q energy.method": "counter",
			"gpu:0 withheld_joules": "85", "gpu:0 device_joules": "85", "gpu:0 measured_s": "0.85",
			"gpu:0 balance_error_joules": "0", "q query_gpu_power_avg_watts": "null",
		},
	}, {
		// Of two GPUs one passes: its joules are given, the other's named and
		// withheld. The turn passes with both.
		name: "one of two domains",
		power: `domain gpu:0 gpu counter none update_us=0
			domain gpu:1 gpu counter none update_us=0
			0 j 0 - w - -
			500 j 50 0 w - -
			1000 j 100 25 w - -`,
		events: `
			0 query_start q
			500 tool_call_start q A turn=0
			1000 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules": "100", "q energy.partial": "[gpu overhead_gpu]",
			"q energy.by_domain.gpu:1": "null", "q turns[0].gpu_energy_joules": "75",
			"q turns[0].energy.partial": "[]", "q total_gpu_energy_joules": "75",
			"gpu:1 withheld_joules": "0", "gpu:1 turns_joules": "25",
			"q overhead_gpu_energy_joules": "50", "q query_gpu_power_avg_watts": "100",
			"q turns[0].gpu_power_avg_watts": "150",
		},
	}, {
		// Zero length: 0 J on the line, null off it.
		name: "no length",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 1000 watts 100`,
		events: `
			500 query_start a
			500 query_end a
			2000 query_start b
			2000 query_end b`,
		want: map[string]string{
			"a query_gpu_energy_joules": "0", "a energy.coverage": "1", "a query_gpu_power_avg_watts": "null",
			"b query_gpu_energy_joules": "null", "b energy.missing.gpu": "no samples",
			"a energy.below_resolution": "true", "a energy.samples": "1",
		},
	}, {
		// At 0 the value is null even where 0 is enough.
		name: "no coverage at all",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 2000 to 3000 watts 100`,
		events:  second,
		options: Options{MinCoverage: new(big.Rat)},
		want:    map[string]string{"q query_gpu_energy_joules": "null", "q energy.missing.gpu": "no samples"},
	}, {
		// Measured from 500 on. The turn [0, 1000] counts from the setup's end
		// at 400: 5/6. The overhead is 1000 to 1500. Scoring counts where no
		// setup is open: 400 of its 600 ms, all measured.
		name: "windows less others",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 500 to 3000 watts 100`,
		events: `
			0 query_start q
			0 setup_start q u
			0 tool_call_start q A turn=0
			400 setup_end q u
			1000 tool_call_end q A
			1500 setup_start q v
			1500 scoring_start q c
			1700 setup_end q v
			2100 scoring_end q c
			2100 query_end q`,
		options: Options{MinCoverage: rat("0.1")},
		want: map[string]string{
			"q turns[0].energy.coverage":   "5/6",
			"q turns[0].energy.partial":    "[gpu]",
			"q energy.coverage":            "10/11", // of 400 to 1500
			"q overhead_gpu_energy_joules": "50",
			"q scoring_gpu_energy_joules":  "40",
			"q setup_gpu_energy_joules":    "20", // 1500 to 1700
			"q energy.partial":             "[gpu setup_gpu total_gpu]",
		},
	}, {
		// Measured until 300 and from 700 on: a scoring window from 200 to 800
		// that setup covers from 300 to 700 is measured whole.
		name: "scoring less setup",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 300 watts 100
			segment
			every 100 from 700 to 1000 watts 100`,
		events: `
			0 query_start q
			200 scoring_start q c
			300 setup_start q u
			700 setup_end q u
			800 scoring_end q c
			1000 query_end q`,
		want: map[string]string{
			"q scoring_gpu_energy_joules": "20", "q setup_gpu_energy_joules": "null", "q scoring_s": "0.6",
			"q energy.partial": "[]", "q energy.coverage": "1",
		},
	}, {
		// The overhead is 0 to 200, half of it measured; the query 0.9 of it.
		name: "overhead",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 100 to 1000 watts 100`,
		events: `
			0 query_start q
			200 tool_call_start q A turn=0
			1000 tool_call_end q A
			1000 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules": "90", "q overhead_gpu_energy_joules": "null",
			"gpu:0 withheld_joules": "10", "gpu:0 turns_joules": "80", "q energy.partial": "[gpu]",
		},
	}, {
		// All of the GPU is a's while its call runs, but b is open.
		name: "not alone",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 1000 watts 100`,
		events: `
			0 query_start a
			0 lm_inference_start a l turn=0
			0 query_start b
			1000 lm_inference_end a l
			1000 query_end a
			1000 query_end b`,
		want: map[string]string{
			"a turns[0].gpu_energy_joules": "100", "a turns[0].energy.share": "shared",
			"a turns[0].energy.sharers.gpu": "1", "b query_gpu_energy_joules": "0",
			"b energy.sharers.gpu": "absent",
		},
	}, {
		name:   "nothing to measure with",
		events: second,
		want: map[string]string{
			"q query_gpu_energy_joules": "null", "q energy.missing.gpu": "no power stream",
			"q energy.method": "none", "q energy.share": "null", "q energy.coverage": "null",
		},
	}, {
		name: "no sensor, no permission",
		power: `domain cpu:0 cpu counter none update_us=0
			domain dram:0 dram none none
			note 0 permission dram:0
			every 100 from 0 to 1000 watts 100 0`,
		events: second,
		want: map[string]string{
			"q energy.missing.gpu": "no sensor", "q energy.missing.dram": "permission",
			"q query_soc_energy_joules": "absent", "q energy.samples": "11",
		},
	}, {
		// A board beside others is charged but summed with nothing; parts are
		// not charged.
		name: "board and parts",
		power: `domain cpu:0 cpu counter none update_us=0
			domain cpu:0/core core counter none update_us=0 part_of=cpu:0
			domain psys:0 board integrated instant
			every 100 from 0 to 1000 watts 40 30 90`,
		events: second,
		want: map[string]string{
			"q query_energy_joules": "40", "q query_board_energy_joules": "90",
			"q energy.basis": "[cpu]", "q energy.method": "counter",
			"psys:0 device_joules": "90", "psys:0 overhead_joules": "90",
			"q energy.by_domain.cpu:0/core": "absent",
		},
	}, {
		name: "board alone",
		power: `domain psys:0 board integrated instant estimated=true
			every 100 from 0 to 1000 watts 90`,
		events: second,
		want: map[string]string{
			"q query_energy_joules": "90", "q energy.basis": "[board]", "q energy.method": "estimate",
			"q energy.uncertainty_kind.board": "none", "q energy.uncertainty_joules.board": "null",
		},
	}, {
		// The largest sum at one sample inside, at 200: 30 + 5. The one at 300
		// is outside the turn.
		name: "peak",
		power: `domain gpu:0 gpu counter instant update_us=0
			domain cpu:0 cpu counter instant update_us=0
			domain psys:0 board none instant
			0 j 0 0 - w 50 1 500
			100 j 1 1 - w - 33 500
			200 j 2 2 - w 30 5 500
			300 j 3 3 - w 90 90 500`,
		events: `
			50 query_start q
			50 tool_call_start q A turn=0
			250 tool_call_end q A
			300 query_end q`,
		want: map[string]string{"q turns[0].peak_watts": "35"},
	}})
}

func TestUncertainty(t *testing.T) {
	run(t, []tiny{{
		// Readings every 100 ms, 10 J each, refreshed every 100 ms. The window
		// is [250, 650]. A cell is [s − 100, s + 100]: six of them touch it
		// ([150,350] to [550,750] and [100,300], [200,400] …): s = 200 … 600.
		// Cells with s from 400 on to 500 lie inside: s − 100 ≥ 250 and
		// s + 100 ≤ 650 for s = 400, 500: lo = 20. Those that touch: s + 100 >
		// 250 and s − 100 < 650: s = 200 … 700, hi = 60. Value 40: max(20, 20).
		name: "bound",
		power: `domain gpu:0 gpu counter none update_us=100000
			every 100 from 0 to 1000 watts 100`,
		events: `
			0 query_start q
			250 tool_call_start q A turn=0
			650 tool_call_end q A
			1000 query_end q`,
		want: map[string]string{
			"q turns[0].energy.uncertainty_joules.gpu":        "20",
			"q turns[0].energy.uncertainty_kind.gpu":          "bound",
			"q turns[0].tools[span=A].uncertainty_joules.gpu": "20",
			"q turns[0].energy.below_resolution":              "false",
			// Query: the cell of s = 0 begins at −100 and the query at 0, so
			// lo = 90, hi = 100, value 100.
			"q energy.uncertainty_joules.gpu": "10",
			// Overhead: share 1 outside [250, 650]. lo: cells outside the
			// turn: s = 100 ([0, 200]), 800, 900 and not 0; s = 700 is [600,
			// 800]. So lo = 30, hi: all but s = 400, 500: 80. Value 60.
			"q energy.uncertainty_joules.overhead_gpu": "30",
		},
	}, {
		// Unknown update_us counts as 0, lag 50 ms and 20 ms of reading do
		// not: the cell of 100 → 200 is [50, 220]. The window [200, 300] has
		// value 10, lo 0 and touches the cells [50, 220], [150, 320] and
		// [250, 420]: 30.
		name: "assumed, with lag and reading time",
		power: `domain gpu:0 gpu counter none lag_us=50000
			0 j 0 w - read_us=20000
			100 j 10 w - read_us=20000
			200 j 20 w - read_us=20000
			300 j 30 w - read_us=20000
			400 j 40 w - read_us=20000`,
		events: `
			200 query_start q
			300 query_end q`,
		want: map[string]string{
			"q energy.uncertainty_joules.gpu": "20",
			"q energy.uncertainty_kind.gpu":   "assumed",
			"q energy.below_resolution":       "true",
		},
	}, {
		// The neighbours of the window's cell only touch it.
		name: "touching cells",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 1000 watts 100`,
		events: `
			200 query_start q
			300 query_end q`,
		want: map[string]string{"q query_gpu_energy_joules": "10", "q energy.uncertainty_joules.gpu": "0", "q energy.below_resolution": "false"},
	}, {
		name: "shorter than the sensor's window",
		power: `domain gpu:0 gpu integrated averaged power_window_us=500000 update_us=0
			interval 100
			0 j 0 w 100
			100 j 10 w 100
			200 j 20 w 100
			300 j 30 w 100
			400 j 40 w 100
			500 j 50 w 100`,
		events: `
			0 query_start q
			200 query_end q`,
		want: map[string]string{"q query_gpu_energy_joules": "20", "q energy.below_resolution": "true"},
	}, {
		// "edges between parts cancel": the two turns meet at 500, in the
		// middle of a cell of 20 J that all of the query's time surrounds.
		name: "never the sum of its parts",
		power: `domain gpu:0 gpu counter none update_us=0
			every 200 from 0 to 1000 watts 100`,
		events: `
			0 query_start q
			0 tool_call_start q A turn=0
			500 tool_call_end q A
			500 tool_call_start q B turn=1
			1000 tool_call_end q B
			1000 query_end q`,
		want: map[string]string{
			"q energy.uncertainty_joules.gpu":          "0",
			"q turns[0].energy.uncertainty_joules.gpu": "10",
		},
	}, {
		// A share of ½ at most: hi − lo is half.
		name: "shared",
		power: `domain gpu:0 gpu counter none update_us=0
			0 j 0 w -
			1000 j 100 w -`,
		events: `
			0 query_start b
			250 query_start q
			750 query_end q
			1000 query_end b`,
		want: map[string]string{
			"q query_gpu_energy_joules":       "25",
			"q energy.uncertainty_joules.gpu": "25", // lo 0, hi 50
			"b query_gpu_energy_joules":       "75",
			"b energy.uncertainty_joules.gpu": "25", // lo 50, hi 100
		},
	}, {
		name: "may alias", // without ticks: random
		power: `domain gpu:0 gpu none instant
			interval 100
			every 100 from 0 to 1000 watts 10`,
		events: second,
		want: map[string]string{
			"q energy.uncertainty_kind.gpu": "none", "q energy.uncertainty_joules.gpu": "null",
			"q query_gpu_energy_joules": "10", "q energy.method": "integrated",
		},
	}, {
		// W = 200 ms, h = 100 ms, read every 100 ms at a constant 100 W: a
		// reading counts 100 ms earlier. Edges at 400 and 600: (0.1 + 0.2)·200
		// = 60 J. E′ is [200, 800], 60 J: half of it. 90 J.
		name: "boxcar",
		power: `domain gpu:0 gpu none averaged power_window_us=200000
			interval 100
			every 100 from 0 to 1200 watts 100`,
		events: `
			400 query_start q
			600 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules":       "20",
			"q energy.uncertainty_joules.gpu": "90",
			"q energy.uncertainty_kind.gpu":   "assumed",
			"q energy.below_resolution":       "false",
		},
	}, {
		// h > W/2 is no boxcar whose edges are known. "the window is shorter
		// than its power_window_us": 100 ms.
		name: "averaged, read too seldom",
		power: `domain gpu:0 gpu none averaged power_window_us=150000
			interval 100
			every 100 from 0 to 1000 watts 100`,
		events: `
			400 query_start q
			500 query_end q`,
		want: map[string]string{"q energy.uncertainty_kind.gpu": "none", "q energy.below_resolution": "true"},
	}, {
		// "A sum has its weakest part's kind."
		name: "weakest part",
		power: `domain gpu:0 gpu counter none update_us=0
			domain gpu:1 gpu counter none
			every 100 from 0 to 1000 watts 100 50`,
		events: `
			50 query_start q
			950 query_end q`,
		want: map[string]string{
			"q energy.uncertainty_kind.gpu":   "assumed",
			"q energy.uncertainty_joules.gpu": "15", // 10 + 5 a cell, of each edge half
		},
	}})
}

// TestStandardErrors checks the square root, which is no rational number.
func TestStandardErrors(t *testing.T) {
	power := powerOf(t, `domain gpu:0 gpu none instant
		interval 100
		header ticks=random
		0 j - w 10
		100 j - w 10
		200 j - w 14
		300 j - w 14
		400 j - w 90`)
	events := eventsOf(t, `
		50 query_start q
		300 query_end q`)
	r, err := Attribute(power, events, "active", Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, _ := lookup(r, "q energy.uncertainty_joules.gpu")
	// Steps up to 300: 0, 4, 0 W, q = 16/3 W². o = 0.05, 0.1, 0.1 s, Σo² =
	// 0.0225 s². 2·sqrt(½ · 16/3 · 0.0225) = 2·sqrt(0.06) J.
	if !same(v, 0.4898979485566356) {
		t.Errorf("uncertainty %s", text(v, true))
	}
}

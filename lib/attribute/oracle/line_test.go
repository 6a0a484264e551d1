package oracle

import "testing"

// one query from 0 to 1000 ms without turns: everything is its overhead.
const second = `
0 query_start q
1000 query_end q`

func TestLines(t *testing.T) {
	run(t, []tiny{{
		// E(0.75) − E(0.25) on a straight line of 100 W is 50 J. The one cell
		// that matters holds 100 J and could lie in the window whole or not at
		// all: max(50 − 0, 100 − 50).
		name: "straight",
		power: `domain gpu:0 gpu counter none update_us=0
			0 j 0 w -
			1000 j 100 w -`,
		events: `
			250 query_start q
			750 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules":       "50",
			"q energy.uncertainty_joules.gpu": "50",
			"q energy.samples":                "0",
			"q query_gpu_power_avg_watts":     "100",
		},
	}, {
		// Nothing is known before 200 and after 900: 0.7 of the window.
		name: "never extrapolated",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 200 to 900 watts 100`,
		events:  second,
		options: Options{MinCoverage: rat("0.5")},
		want: map[string]string{
			"q query_gpu_energy_joules":   "70",
			"q energy.coverage":           "0.7",
			"q energy.partial":            "[gpu overhead_gpu]",
			"q query_gpu_power_avg_watts": "100",
		},
	}, {
		// Points 0, 400 (a new value), 700 (300 ms after the last point, though
		// a repeat), 800; not 100 to 300, 500, 600. From 400 to 700 nothing is
		// used. In [0, 200]: half of 0 → 400, 20 J.
		name: "repeats",
		power: `domain gpu:0 gpu counter none update_us=300000
			0 j 0 w -
			100 j 0 w -
			200 j 0 w -
			400 j 40 w -
			500 j 40 w -
			600 j 40 w -
			700 j 40 w -
			800 j 50 w -`,
		events: `
			0 query_start a
			200 query_end a
			400 query_start b
			700 query_end b
			700 query_start c
			800 query_end c`,
		want: map[string]string{
			"a query_gpu_energy_joules": "20",
			"b query_gpu_energy_joules": "0",
			"c query_gpu_energy_joules": "10",
		},
	}, {
		// The repeat at 900 is the last of its segment and so a point: 800 to
		// 900 is measured, and is 0 J.
		name: "last of its segment",
		power: `domain gpu:0 gpu counter none update_us=300000
			0 j 0 w -
			800 j 80 w -
			850 j 80 w -
			900 j 80 w -`,
		events: `
			800 query_start a
			900 query_end a`,
		want: map[string]string{"a query_gpu_energy_joules": "0", "a energy.coverage": "1"},
	}, {
		// "without interval_us 3 × the median spacing": 100 ms. 300 is no gap,
		// 301 is one: 1000 → 1301 is not measured.
		name: "gap by the median",
		power: `domain gpu:0 gpu none instant update_us=0
			0 j - w 100
			100 j - w 100
			200 j - w 100
			300 j - w 100
			400 j - w 100
			700 j - w 200
			800 j - w 200
			1101 j - w 200
			1200 j - w 200`,
		events: `
			400 query_start a
			700 query_end a
			800 query_start b
			1101 query_end b`,
		want: map[string]string{
			"a query_gpu_energy_joules": "45", // 0.3 s × ½(100 + 200)
			"b query_gpu_energy_joules": "null",
			"b energy.missing.gpu":      "no samples",
		},
	}, {
		// 3 × update_us is longer than 3 × interval_us.
		name: "gap by update_us",
		power: `domain gpu:0 gpu integrated instant update_us=200000
			interval 100
			0 j 0 w 100
			600 j 60 w 100
			1201 j 60 w 100`,
		events: `
			0 query_start a
			600 query_end a
			600 query_start b
			1200 query_end b`,
		want: map[string]string{"a query_gpu_energy_joules": "60", "b query_gpu_energy_joules": "null"},
	}, {
		// A counter bridges any gap.
		name: "counter across a gap",
		power: `domain gpu:0 gpu counter none update_us=0
			interval 10
			0 j 0 w -
			1000 j 100 w -`,
		events: second,
		want:   map[string]string{"q query_gpu_energy_joules": "100"},
	}, {
		// 100 W were seen. Half a wrap is 150 J: 1 s × 100 W is below it, 2 s
		// × 100 W is not.
		name: "wrap",
		power: `domain cpu:0 cpu counter none update_us=0 wrap_joules=300
			interval 100
			0 j 0 w -
			100 j 10 w -
			1100 j 110 w -
			3100 j 120 w -`,
		events: `
			100 query_start a
			1100 query_end a
			1100 query_start b
			3100 query_end b`,
		want: map[string]string{"a query_cpu_energy_joules": "100", "b query_cpu_energy_joules": "null"},
	}, {
		// The interval with the reset is not measured.
		name: "reset",
		power: `domain gpu:0 gpu counter none update_us=0
			0 j 0 w -
			100 j 10 w -
			note 150 reset gpu:0
			200 j 10 w -
			300 j 20 w -`,
		events: `
			0 query_start q
			300 query_end q`,
		options: Options{MinCoverage: rat("0.1")},
		want: map[string]string{
			"q query_gpu_energy_joules": "20",
			"q energy.coverage":         "2/3",
		},
	}, {
		// The values at 200 and 300 count as read at 100 and 200: ½·100 + 50 ms
		// earlier. In [100, 200] power goes from 100 to 300 W: ½·400 × 0.1.
		name: "averaged",
		power: `domain gpu:0 gpu none averaged power_window_us=100000 lag_us=50000
			interval 100
			100 j - w 100
			200 j - w 100
			300 j - w 300
			400 j - w 300`,
		events: `
			100 query_start a
			200 query_end a
			350 query_start b
			400 query_end b`,
		want: map[string]string{"a query_gpu_energy_joules": "20", "b query_gpu_energy_joules": "null"},
	}, {
		name: "restart without a common instant", // 400 → 500 is unknown
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 400 watts 100
			segment
			every 100 from 500 to 1000 watts 100`,
		events: second,
		want:   map[string]string{"q query_gpu_energy_joules": "90", "q energy.coverage": "0.9", "q energy.samples": "11"},
	}, {
		name: "seam", // the second segment's origin is another; its first instant counts once
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 500 watts 100
			segment
			500 j 1000 w -
			1000 j 1050 w -`,
		events: second,
		want:   map[string]string{"q query_gpu_energy_joules": "100", "q energy.coverage": "1", "q energy.samples": "7"},
	}, {
		// The second segment also covers 250 to 500, at 300 W: the one read
		// first counts there.
		name: "two samplers",
		power: `domain gpu:0 gpu counter none update_us=0
			every 100 from 0 to 500 watts 100
			segment
			250 j 0 w -
			1000 j 225 w -`,
		events: second,
		want:   map[string]string{"q query_gpu_energy_joules": "200"}, // 50 + 0.5 s × 300
	}, {
		// A null is no reading: 0 → 200 is one interval of gpu:0, the line of
		// cpu:0 has three points.
		name: "nulls",
		power: `domain gpu:0 gpu counter none update_us=0
			domain cpu:0 cpu counter none update_us=0
			0 j 0 0 w - -
			100 j - 10 w - -
			200 j 40 10 w - -`,
		events: `
			0 query_start q
			100 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules": "20",
			"q query_cpu_energy_joules": "10",
			"q energy.samples":          "1",
			"q query_energy_joules":     "30",
			"q energy.basis":            "[gpu cpu]",
		},
	}, {
		// Both streams have the boot's clock: t_us, two hours off in the power
		// stream, does not matter.
		name: "boot clock",
		power: `domain gpu:0 gpu counter none update_us=0
			header boot_id=B
			7200000 j 0 w - m_us=1000000
			7201000 j 100 w - m_us=2000000`,
		events: `
			header boot_id=B
			0 query_start q m_us=1000000
			1000 query_end q m_us=2000000`,
		want: map[string]string{"q query_gpu_energy_joules": "100"},
	}, {
		name: "boot clock of one side only",
		power: `domain gpu:0 gpu counter none update_us=0
			header boot_id=B
			0 j 0 w - m_us=5000000
			1000 j 100 w - m_us=6000000`,
		events: second,
		want:   map[string]string{"q query_gpu_energy_joules": "100"},
	}})
}

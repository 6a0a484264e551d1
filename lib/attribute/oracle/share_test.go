package oracle

import "testing"

// 100 W on the GPU, 40 W on the CPU, for four seconds and a bit on both sides.
const both = `domain gpu:0 gpu counter none update_us=0
	domain cpu:0 cpu counter none update_us=0
	every 100 from -500 to 5000 watts 100 40`

func TestQueryStep(t *testing.T) {
	run(t, []tiny{{
		// 0–1 s: no call, GPU and CPU halves. 1–2 s: two calls of a and one of
		// b, GPU 2/3 : 1/3, CPU still halves. 2–3 s: b alone.
		name: "calls in flight, else open queries", power: both,
		events: `
			0 query_start a
			0 query_start b
			1000 lm_inference_start a l turn=0
			1000 lm_inference_start a m turn=1
			1000 lm_inference_start b n turn=0
			2000 lm_inference_end a l
			2000 lm_inference_end a m
			2000 lm_inference_end b n
			2000 query_end a
			3000 query_end b
			4000 x x`,
		want: map[string]string{
			"a query_gpu_energy_joules":     "350/3", // 50 + 200/3
			"b query_gpu_energy_joules":     "550/3", // 50 + 100/3 + 100
			"a query_cpu_energy_joules":     "40",
			"b query_cpu_energy_joules":     "80",
			"gpu:0 idle_joules":             "100", // 3–4 s
			"gpu:0 device_joules":           "400",
			"gpu:0 balance_error_joules":    "0",
			"a energy.share":                "shared",
			"b turns[0].energy.share":       "shared",
			"a energy.sharers.cpu":          "2",
			"b energy.sharers.cpu":          "1.5",  // 40 J with 2, 40 J with 1
			"a energy.sharers.gpu":          "18/7", // (50·2 + 200/3·3) ÷ 350/3
			"a turns[1].energy.sharers.gpu": "3",
		},
	}, {
		// b waits from 1.0 to 1.5 s: the GPU is a's. Then it is shared again.
		name: "retry", power: both,
		events: `
			0 query_start a
			0 query_start b
			0 lm_inference_start a l turn=0
			0 lm_inference_start b n turn=0
			1000 retry b n wait_s=0.5
			2000 lm_inference_end a l
			2000 lm_inference_end b n
			2000 query_end a
			2000 query_end b`,
		want: map[string]string{
			"a turns[0].lm_gpu_energy_joules": "125",
			"b turns[0].lm_gpu_energy_joules": "75",
			// The CPU goes by open queries; while the call waits b's turn has
			// nothing in flight and keeps it.
			"b turns[0].cpu_energy_joules":    "40",
			"b turns[0].lm_cpu_energy_joules": "30",
		},
	}, {
		// "step one always among the open queries", no call has its own.
		name: "equal", power: both, share: "equal",
		events: `
			0 query_start a
			0 query_start b
			0 lm_inference_start a l turn=0
			1000 lm_inference_end a l
			1000 tool_call_start a A turn=0
			2000 tool_call_end a A
			2000 query_end a
			2000 query_end b`,
		want: map[string]string{
			"a turns[0].gpu_energy_joules":               "100",
			"a turns[0].lm_gpu_energy_joules":            "0",
			"a turns[0].lm_cpu_energy_joules":            "20",
			"a turns[0].tools[span=A].gpu_energy_joules": "50",
			"b overhead_gpu_energy_joules":               "100",
			"a energy.share_rule":                        "equal",
		},
	}, {
		name: "whole", power: both, share: "whole",
		events: `
			0 query_start a
			0 query_start b
			0 lm_inference_start a l turn=0
			0 lm_inference_start a m turn=1
			500 tool_call_start a A turn=1
			1000 tool_call_end a A
			1000 lm_inference_end a l
			1000 lm_inference_end a m
			2000 query_end a
			2000 query_end b`,
		want: map[string]string{
			"a query_gpu_energy_joules":                  "200",
			"a total_gpu_energy_joules":                  "200", // two turns, 100 each
			"a overhead_gpu_energy_joules":               "100",
			"b query_gpu_energy_joules":                  "200",
			"a turns[1].lm_gpu_energy_joules":            "100",
			"a turns[1].tools[span=A].cpu_energy_joules": "20",
			"gpu:0 balance_error_joules":                 "-300", // 200 − 200 turns − 300 overhead
		},
	}, {
		// A remote call is not on the GPU; a query with nothing but remote
		// calls has no GPU joules, and half of 2 s × 100 W is withheld.
		name: "remote", power: both,
		events: `
			0 query_start a
			0 query_start b
			0 lm_inference_start a l turn=0 local=false endpoint=https://x.example/v1
			0 lm_inference_start b n turn=0 local=false endpoint=https://x.example/v1
			1000 lm_inference_end a l
			1000 lm_inference_start b o turn=0 local=true
			2000 lm_inference_end b n
			2000 lm_inference_end b o
			2000 query_end a
			2000 query_end b`,
		want: map[string]string{
			"a query_gpu_energy_joules":       "null",
			"a energy.missing.gpu":            "remote endpoint",
			"a turns[0].gpu_energy_joules":    "null",
			"a total_gpu_energy_joules":       "null",
			"a turns[0].cpu_energy_joules":    "20",
			"b query_gpu_energy_joules":       "150", // half of the first second, all of the second
			"b turns[0].lm_gpu_energy_joules": "100",
			"b turns[0].energy.partial":       "[lm_gpu]",
			"gpu:0 withheld_joules":           "50",
			"gpu:0 turns_joules":              "150",
			"gpu:0 balance_error_joules":      "0",
		},
	}, {
		// A sub-model call on this host makes it a mixed query.
		name: "a local sub-model call", power: both,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=0 local=false endpoint=https://x.example/v1
			1000 lm_inference_end q l
			1000 submodel_call_start q s turn=0
			2000 submodel_call_end q s
			2000 query_end q`,
		want: map[string]string{
			"q query_gpu_energy_joules":       "200",
			"q turns[0].lm_gpu_energy_joules": "null",
			"q turns[0].lm_cpu_energy_joules": "40",
		},
	}, {
		name: "no GPU but those that serve", power: `domain gpu:0 gpu counter none update_us=0
			domain gpu:1 gpu counter none update_us=0
			every 100 from 0 to 1000 watts 100 10`,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=0 local=true endpoint=http://127.0.0.1:1/v1
			1000 lm_inference_end q l
			1000 query_end q`,
		options: Options{Serves: []string{"http://127.0.0.1:1/v1=gpu:0"}},
		want: map[string]string{
			"q query_gpu_energy_joules":       "100",
			"q energy.by_domain.gpu:1":        "0",
			"gpu:1 idle_joules":               "10",
			"q turns[0].energy.share":         "alone",
			"q turns[0].lm_gpu_energy_joules": "100",
		},
	}})
}

func TestPartStep(t *testing.T) {
	run(t, []tiny{{
		// 0–1 setup, 1–2 both: setup, 2–3 scoring over a turn, 3–4 the turn,
		// 4–5 overhead.
		name: "setup, scoring, turns, overhead", power: both,
		events: `
			0 query_start q
			0 setup_start q s
			1000 scoring_start q c
			1000 lm_inference_start q l turn=0
			2000 setup_end q s
			3000 scoring_end q c
			4000 lm_inference_end q l
			5000 query_end q`,
		want: map[string]string{
			"q setup_gpu_energy_joules":    "200",
			"q scoring_gpu_energy_joules":  "100",
			"q total_gpu_energy_joules":    "100",
			"q overhead_gpu_energy_joules": "100",
			"q query_gpu_energy_joules":    "200",
			"q setup_s":                    "2",
			"q scoring_s":                  "2",
			"q turns[0].wall_clock_s":      "3",
			"gpu:0 setup_joules":           "200",
			"gpu:0 scoring_joules":         "100",
		},
	}, {
		name: "no such window", power: both, events: second,
		want: map[string]string{"q setup_s": "null", "q scoring_gpu_energy_joules": "null", "q total_gpu_energy_joules": "null"},
	}, {
		// Windows before 0 and after 1000 extend the query; from −200 to 0 and
		// from 1000 to 1100 is its overhead.
		name: "windows outside", power: both,
		events: `
			-400 setup_start q s
			-200 setup_end q s
			0 query_start q
			1000 query_end q
			1100 scoring_start q c
			1300 scoring_end q c`,
		want: map[string]string{
			"q setup_gpu_energy_joules":    "20",
			"q scoring_gpu_energy_joules":  "20",
			"q overhead_gpu_energy_joules": "130",
			"gpu:0 device_joules":          "170",
			"gpu:0 idle_joules":            "0",
		},
	}, {
		// A call without a turn is the query's overhead, even beside a turn.
		// The CPU goes to the turn.
		name: "call without a turn", power: both,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=3
			0 lm_inference_start q m
			1000 lm_inference_end q l
			1000 lm_inference_end q m
			1000 query_end q`,
		want: map[string]string{
			"q turns[0].turn_index":        "3",
			"q turns[0].gpu_energy_joules": "50",
			"q overhead_gpu_energy_joules": "50",
			"q turns[0].cpu_energy_joules": "40",
			"q overhead_cpu_energy_joules": "0",
			"q turns[0].energy.share":      "shared",
		},
	}, {
		// One attempt after another; the first ended with an unfinished tool.
		name: "attempts", power: both,
		events: `
			0 query_start q#1
			500 tool_call_start q#1 A turn=0
			1000 query_end q#1
			1000 query_start q#2
			1500 query_end q#2`,
		want: map[string]string{
			"q#1 turns[0].cpu_energy_joules": "20",
			"q#1 attempt_gpu_energy_joules":  "null",
			"q#2 attempt_gpu_energy_joules":  "100",
			"q#2 attempt_cpu_energy_joules":  "40",
		},
	}, {
		// The agent died at 1000: the query ends there and its end at 2000 is
		// another's word. b of the next segment is not touched.
		name: "failed segment", power: both,
		events: `
			0 query_start q
			500 tool_call_start q A turn=0
			1000 lm_first_token q x
			segment failed
			1500 query_start b
			2000 query_end q
			2000 query_end b`,
		want: map[string]string{
			"q query_gpu_energy_joules":    "100",
			"q turns[0].gpu_energy_joules": "50",
			"b query_gpu_energy_joules":    "50",
			"gpu:0 idle_joules":            "50",
		},
	}, {
		name: "goes on in the next segment, ends with the run", power: both,
		events: `
			0 query_start q
			500 tool_call_start q A turn=0
			segment ok
			1000 tool_call_end q A
			2000 query_start b
			2000 query_end b`,
		want: map[string]string{"q query_gpu_energy_joules": "200", "q turns[0].gpu_energy_joules": "50", "b query_gpu_energy_joules": "0"},
	}, {
		// In whatever order: at 0 the query starts, then its tool, which ends;
		// the call starts and the query ends at 1000.
		name: "one instant", power: both,
		events: `
			0 tool_call_end q A
			0 tool_call_start q A turn=0
			0 query_start q
			1000 query_end q
			1000 lm_inference_end q l
			1000 lm_inference_start q l turn=1`,
		want: map[string]string{
			"q turns[0].wall_clock_s":                    "0",
			"q turns[0].tools[span=A].gpu_energy_joules": "0",
			"q turns[1].gpu_energy_joules":               "0",
			"q overhead_gpu_energy_joules":               "100",
		},
	}, {
		// The record at 400 after the one at 500 is taken at 500.
		name: "late record", power: both,
		events: `
			0 query_start q
			500 tool_call_start q A turn=0
			400 tool_call_start q B turn=0
			1000 query_end q`,
		want: map[string]string{"q turns[0].tools[span=B].latency_s": "0.5"},
	}})
}

func TestSpanStep(t *testing.T) {
	run(t, []tiny{{
		// 0–1 s: call and tool A, GPU to the call, CPU 20 : 20.
		// 1–2 s: A and B, halves of both.
		// 2–3 s: turn 0 has nothing but B, turn 1 has a call: GPU to the call,
		// CPU 20 : 20 to the turns.
		name: "calls and tools", power: both,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=0
			0 tool_call_start q A turn=0
			1000 lm_inference_end q l
			1000 tool_call_start q B turn=0
			2000 tool_call_end q A
			2000 lm_inference_start q m turn=1
			3000 tool_call_end q B
			3000 lm_inference_end q m
			3000 query_end q`,
		want: map[string]string{
			"q turns[0].lm_gpu_energy_joules":            "100",
			"q turns[0].lm_cpu_energy_joules":            "20",
			"q turns[0].tools[span=A].gpu_energy_joules": "50",
			"q turns[0].tools[span=A].cpu_energy_joules": "40",
			"q turns[0].tools[span=B].gpu_energy_joules": "50",
			"q turns[0].tools[span=B].cpu_energy_joules": "40",
			"q turns[1].gpu_energy_joules":               "100",
			"q turns[1].cpu_energy_joules":               "20",
			"q turns[1].energy.share":                    "shared",
		},
	}, {
		// A holds the sub-model call s and tool B. CPU: only A takes of the
		// turn and hands it all on, 20 to s and 20 to B, and contains both.
		// GPU: s has its own 100, A contains them, B gets nothing.
		name: "inside a tool", power: both,
		events: `
			0 query_start q
			0 tool_call_start q A turn=0
			0 submodel_call_start q s parent=A turn=0
			0 tool_call_start q B parent=A turn=0
			1000 submodel_call_end q s
			1000 tool_call_end q B
			1000 tool_call_end q A
			1000 query_end q`,
		want: map[string]string{
			"q turns[0].tools[span=A].cpu_energy_joules": "40",
			"q turns[0].tools[span=B].cpu_energy_joules": "20",
			"q turns[0].tools[span=A].gpu_energy_joules": "100",
			"q turns[0].tools[span=B].gpu_energy_joules": "0",
			"q turns[0].lm_gpu_energy_joules":            "null", // the turn has no lm_inference
		},
	}, {
		// From 500 on A is over and B takes by itself. C names a span of
		// another turn, D nobody: both take of their own turn.
		name: "no parent", power: both,
		events: `
			0 query_start q
			0 tool_call_start q A turn=0
			0 tool_call_start q B parent=A turn=0
			0 tool_call_start q C parent=A turn=1
			0 tool_call_start q D parent=zz turn=1
			500 tool_call_end q A
			1000 tool_call_end q B
			1000 tool_call_end q C
			1000 tool_call_end q D
			1000 query_end q`,
		want: map[string]string{
			"q turns[0].tools[span=A].cpu_energy_joules": "10",
			"q turns[0].tools[span=B].cpu_energy_joules": "20",
			"q turns[1].tools[span=C].cpu_energy_joules": "10",
			"q turns[1].tools[span=D].gpu_energy_joules": "25",
		},
	}, {
		// A tool inside a model call: the call hands its joules on and
		// contains them, so lm_gpu stays.
		name: "inside a call", power: both,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=0
			500 tool_call_start q A parent=l turn=0
			1000 tool_call_end q A
			1000 lm_inference_end q l
			1000 query_end q`,
		want: map[string]string{
			"q turns[0].lm_gpu_energy_joules":            "100",
			"q turns[0].lm_cpu_energy_joules":            "40",
			"q turns[0].tools[span=A].gpu_energy_joules": "50",
			"q turns[0].tools[span=A].cpu_energy_joules": "20",
		},
	}, {
		// First token after 0.25 s. The second call says none: named.
		name: "prefill and decode", power: both,
		events: `
			0 query_start q
			0 lm_inference_start q l turn=0
			250 lm_first_token q l
			500 lm_first_token q l
			1000 lm_inference_end q l
			1000 lm_inference_start q m turn=0
			2000 lm_inference_end q m
			2000 lm_inference_start q n turn=1
			2500 lm_inference_end q n
			3000 query_end q`,
		want: map[string]string{
			"q turns[0].prefill_gpu_energy_joules": "25",
			"q turns[0].decode_gpu_energy_joules":  "75",
			"q turns[0].lm_gpu_energy_joules":      "200",
			"q turns[0].energy.partial":            "[decode_gpu prefill_gpu]",
			"q turns[1].prefill_gpu_energy_joules": "null",
		},
	}})
}

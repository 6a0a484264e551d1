package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"ipw/lib/power"
)

// workload is a made-up log: a machine that is sampled at a steady rate, and
// queries that keep it busy from the second sample on to the last but one. It is
// written as it is made, so that it may be as long as the disk.
type workload struct {
	gpus, cpus int
	samples    int
	intervalUs int64
	queries    int
	turns      int // of each query
	open       int // queries at a time
}

const workloadStart = 1_763_884_800_000_000 // t_us of its first sample

const workloadBoot = 1_763_800_000_000_000 // t_us − m_us

// write makes power.jsonl and events.jsonl in dir.
func (w workload) write(tb testing.TB, dir string) (power, events string) {
	tb.Helper()
	power, events = filepath.Join(dir, "power.jsonl"), filepath.Join(dir, "events.jsonl")
	create(tb, power, w.power)
	create(tb, events, w.events)
	return power, events
}

// create writes a file.
func create(tb testing.TB, path string, write func(*bufio.Writer)) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	write(out)
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		tb.Fatal(err)
	}
}

// power writes the samples: counters in millijoules (GPUs) and microjoules
// (CPUs), as NVML and RAPL count.
func (w workload) power(out *bufio.Writer) {
	fmt.Fprintf(out, `{"type":"header","schema":"ipw.power/1","host":"n1","boot_id":"b","t_us":%d,"interval_us":%d,"domains":[`, int64(workloadStart), w.intervalUs)
	n := w.gpus + w.cpus
	for i := range n {
		if i > 0 {
			out.WriteByte(',')
		}
		if i < w.gpus {
			fmt.Fprintf(out, `{"id":"gpu:%d","kind":"gpu","source":"nvml","energy":"counter","power":"instant","update_us":100000}`, i)
		} else {
			fmt.Fprintf(out, `{"id":"cpu:%d","kind":"cpu","source":"rapl","energy":"counter","power":"derived","update_us":1000,"wrap_joules":262143.32885}`, i-w.gpus)
		}
	}
	io.WriteString(out, "]}\n")
	r := rand.New(rand.NewPCG(1, 2))
	s := power.Sample{TUs: workloadStart, HasM: true, J: make([]int64, n), W: make([]int64, n)}
	var line []byte
	for range w.samples {
		s.MUs = s.TUs - workloadBoot
		line = append(power.AppendSample(line[:0], &s), '\n')
		out.Write(line)
		dt := w.intervalUs + r.Int64N(100)
		s.TUs += dt
		for i := range n {
			milliwatts := 250_000 + r.Int64N(150_000)
			if i >= w.gpus {
				milliwatts = 60_000 + r.Int64N(30_000)
			}
			s.W[i] = milliwatts * 1000
			if s.J[i] += milliwatts * dt / 1000; i < w.gpus {
				s.J[i] -= s.J[i] % 1000
			}
		}
	}
	fmt.Fprintf(out, `{"type":"end","records":%d,"status":"ok"}`+"\n", w.samples)
}

// moment is one record of a query.
type moment struct {
	at   int64
	line []byte
}

// events writes the queries: each turn is a model call, which streams, and a
// tool call.
func (w workload) events(out *bufio.Writer) {
	fmt.Fprintf(out, `{"type":"header","schema":"ipw.events/1","run":"run_react_m_d@x","host":"n1","boot_id":"b","t_us":%d,"agent":"react","model":"m","dataset":"d","config":{}}`+"\n", int64(workloadStart))
	r := rand.New(rand.NewPCG(3, 4))
	apart := int64(w.samples-2) * w.intervalUs / int64(w.queries+w.open)
	records := 0
	var pending []moment // of queries that have begun, in the order of time
	for q := range w.queries {
		start := workloadStart + w.intervalUs + int64(q)*apart
		for len(pending) > 0 && pending[0].at < start {
			out.Write(pending[0].line)
			pending, records = pending[1:], records+1
		}
		pending = inOrder(pending, w.query(r, q, start, apart*int64(w.open)-apart/10))
	}
	for _, s := range pending {
		out.Write(s.line)
		records++
	}
	fmt.Fprintf(out, `{"type":"end","records":%d,"status":"ok"}`+"\n", records)
}

// inOrder merges two lists of steps.
func inOrder(a, b []moment) []moment {
	merged := make([]moment, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].at <= b[0].at {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

// query makes the records of one query.
func (w workload) query(r *rand.Rand, q int, start, length int64) []moment {
	var steps []moment
	id := fmt.Sprintf("q%06d", q)
	tell := func(at int64, typ, rest string, args ...any) {
		line := fmt.Appendf(nil, `{"type":%q,"t_us":%d,"m_us":%d,"query":%q,"attempt":1`, typ, at, at-workloadBoot, id)
		steps = append(steps, moment{at, fmt.Appendf(line, rest+"}\n", args...)})
	}
	tell(start, "query_start", `,"workload_type":"d","query_text":%q,"reference":"42"`, "What is the answer to question "+strconv.Itoa(q)+", to the last digit?")
	turn := length / int64(w.turns)
	for i := range w.turns {
		t := start + int64(i)*turn + turn/20
		call, tool := fmt.Sprintf("%s-%d", id, 2*i), fmt.Sprintf("%s-%d", id, 2*i+1)
		tell(t, "lm_inference_start", `,"span":%q,"turn":%d,"model":"m","provider":"openai","endpoint":"http://127.0.0.1:8000/v1","local":true`, call, i)
		tell(t+turn/10+r.Int64N(turn/20), "lm_first_token", `,"span":%q,"turn":%d`, call, i)
		tell(t+turn/2+r.Int64N(turn/10), "lm_inference_end", `,"span":%q,"turn":%d,"input_tokens":%d,"output_tokens":%d,"finish_reason":"tool_calls","attempts":1`, call, i, 300+r.IntN(4000), 20+r.IntN(500))
		tell(t+turn*13/20, "tool_call_start", `,"span":%q,"turn":%d,"tool":"calculator","call_id":"c%d","arguments":"{\"expression\":\"%d*%d\"}"`, tool, i, i, r.IntN(100), r.IntN(100))
		tell(t+turn*7/10+r.Int64N(turn/5), "tool_call_end", `,"span":%q,"turn":%d,"tool":"calculator","ok":true,"result_tokens":4,"result_bytes":12`, tool, i)
	}
	tell(start+length, "query_end", `,"response_text":"42","completed":true,"timed_out":false,"reason":"finished"`)
	return steps
}

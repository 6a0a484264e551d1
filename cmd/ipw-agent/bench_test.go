package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// Every query of the benchmarks has three turns: two that call the calculator,
// and the answer.
const benchTurns = 3

// BenchmarkThousandInFlight is the command itself, with 1,000 queries at a time,
// over 10,000 of them, against a local endpoint that answers in 200 ms. If the
// harness took no time, they would be through in 6 s: x-ideal is how many times
// as long they take, process start and end included. The endpoint's own work is
// in it too; cpu-ms/turn is the harness's alone.
func BenchmarkThousandInFlight(b *testing.B) {
	const queries, concurrency, delay = 10_000, 1000, 200 * time.Millisecond
	e := newRawEndpoint(b, delay)
	dir := b.TempDir()
	for b.Loop() {
		begun := time.Now()
		use := runAgent(b, e, dir, queries, "--concurrency", strconv.Itoa(concurrency))
		took := time.Since(begun)
		ideal := queries / concurrency * benchTurns * delay
		b.ReportMetric(took.Seconds()/ideal.Seconds(), "x-ideal")
		b.ReportMetric(float64(use.Maxrss)/1024, "MB-resident")
		cpu := time.Duration(use.Utime.Nano() + use.Stime.Nano())
		b.ReportMetric(cpu.Seconds()*1000/(queries*benchTurns), "cpu-ms/turn")
		if got := len(turnTimes(b, dir)); got != queries {
			b.Fatalf("%d of %d queries went well", got, queries)
		}
	}
}

// BenchmarkTurn runs one query at a time against an endpoint that answers at
// once: what a turn takes then is the harness's own, and the loopback's.
func BenchmarkTurn(b *testing.B) {
	const queries = 1000
	e := newRawEndpoint(b, 0)
	dir := b.TempDir()
	for b.Loop() {
		runAgent(b, e, dir, queries)
		times := turnTimes(b, dir)
		if len(times) != queries {
			b.Fatalf("%d of %d queries went well", len(times), queries)
		}
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2].Seconds()*1000, "ms/turn")
		b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms/turn")
	}
}

// runAgent runs the command over n tasks and tells what it used.
func runAgent(b *testing.B, e *rawEndpoint, dir string, n int, more ...string) *syscall.Rusage {
	b.Helper()
	var tasks bytes.Buffer
	for i := range n {
		fmt.Fprintf(&tasks, `{"problem":"What is the sum of %d and %d, and what is twice that? Use the calculator for both."}`+"\n", i, i+1)
	}
	path := filepath.Join(dir, "tasks.jsonl")
	if err := os.WriteFile(path, tasks.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	events := filepath.Join(dir, "events.jsonl")
	if err := os.Remove(events); err != nil && !os.IsNotExist(err) {
		b.Fatal(err)
	}
	cmd := exec.Command("ipw-agent", append([]string{"--agent=react", "--model=m", "--base-url=" + e.url, "--dataset=" + path, "-o", events}, more...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage)
}

// turnTimes is how long a turn took in each query that finished, the tools'
// time taken off.
func turnTimes(b *testing.B, dir string) []time.Duration {
	b.Helper()
	in, err := stream.Open(b.Context(), filepath.Join(dir, "events.jsonl"), nil, false)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	r := event.NewReader(&stream.Problems{}, in)
	taken := map[string]int64{} // microseconds
	var times []time.Duration
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return times
		}
		if err != nil {
			b.Fatal(err)
		}
		e := rec.Event
		if e == nil {
			continue
		}
		switch e.Type {
		case event.QueryStart, event.ToolEnd:
			taken[e.Query] -= *e.MUs
		case event.ToolStart:
			taken[e.Query] += *e.MUs
		case event.QueryEnd:
			if e.Reason == event.Finished {
				times = append(times, time.Duration(taken[e.Query]+*e.MUs)*time.Microsecond/benchTurns)
			}
			delete(taken, e.Query)
		}
	}
}

// rawEndpoint speaks as much of the protocol as the benchmarks need, and costs
// next to nothing.
type rawEndpoint struct {
	url   string
	delay time.Duration
}

func newRawEndpoint(b *testing.B, delay time.Duration) *rawEndpoint {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	e := &rawEndpoint{"http://" + l.Addr().String(), delay}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go e.serve(c)
		}
	}()
	return e
}

func (e *rawEndpoint) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	var body []byte
	for {
		length := 0
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
				length, _ = strconv.Atoi(string(bytes.TrimSpace(n)))
			} else if len(line) == 2 {
				break
			}
		}
		body = slices.Grow(body[:0], length)[:length]
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		time.Sleep(e.delay)
		turn := bytes.Count(body, []byte(`"role":"tool"`))
		if _, err := c.Write(rawAnswers[min(turn, benchTurns-1)]); err != nil {
			return
		}
	}
}

var rawAnswers = func() (answers [benchTurns][]byte) {
	call := rawChunk(`{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"calculator","arguments":""}}]}`, "") +
		rawChunk(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"expression\":"}}]}`, "") +
		rawChunk(`{"tool_calls":[{"index":0,"function":{"arguments":"\"1+2\"}"}}]}`, "") + rawChunk(`{}`, "tool_calls")
	var words strings.Builder
	for _, w := range strings.SplitAfter("The sum is three and twice that is six. FINAL ANSWER: 6", " ") {
		words.WriteString(rawChunk(fmt.Sprintf(`{"content":%q}`, w), ""))
	}
	answers[0], answers[1], answers[2] = rawAnswer(call), rawAnswer(call), rawAnswer(words.String()+rawChunk(`{}`, "stop"))
	return answers
}()

func rawChunk(delta, finish string) string {
	if finish != "" {
		finish = `,"finish_reason":"` + finish + `"`
	}
	return `data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":` + delta + finish + `}]}` + "\n\n"
}

func rawAnswer(chunks string) []byte {
	body := chunks + `data: {"id":"x","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":310,"completion_tokens":20,"total_tokens":330}}` + "\n\ndata: [DONE]\n\n"
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// agents is the log that the comparison with a database is made on: 3 million
// samples of two domains and 75,000 turns.
var agents = workload{gpus: 1, cpus: 1, samples: 3_000_000, intervalUs: 50_000, queries: 15_000, turns: 5, open: 4}

// year is eight GPUs at 1 Hz; jobs are what ran on them.
var year = workload{gpus: 8, samples: 365 * 24 * 3600, intervalUs: 1_000_000}

const jobs = 200_000

// rounds is how often each side of a comparison runs, in turn: other work on the
// machine disturbs both. Medians are compared.
const rounds = 3

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	peakMiB   float64
}

// BenchmarkAttribute runs ipw-attribute as users do, from files to a file, and
// DuckDB (as ipw-sql) on the same files. What DuckDB is asked for is far less:
// two columns of one file and three of the other, and of each turn the joules of
// one domain between the readings before its two ends.
func BenchmarkAttribute(b *testing.B) {
	attribute, sql := build(b, "ipw-attribute", "0"), build(b, "ipw-sql", "1")
	dir := b.TempDir()
	powers, events := agents.write(b, dir)
	length := size(b, powers) + size(b, events)
	query := bestPlan + fmt.Sprintf(duckQuery, powers, events, filepath.Join(dir, "turns.csv"))
	cat := perSecond(length, func() { read(b, powers); read(b, events) }) // and so both are in the page cache
	unzstd := unzstd(b, dir, powers)
	for b.Loop() {
		var ours, duck []usage
		for range rounds {
			ours = append(ours, process(b, attribute, powers, events, "-o", filepath.Join(dir, "traces.jsonl")))
			duck = append(duck, process(b, sql, query, events))
		}
		us, them := median(ours), median(duck)
		report(b, map[string]float64{
			"x-duckdb":     them.wall.Seconds() / us.wall.Seconds(),
			"x-duckdb-cpu": them.cpu.Seconds() / us.cpu.Seconds(),
			"s":            us.wall.Seconds(), "s-cpu": us.cpu.Seconds(), "s-duckdb": them.wall.Seconds(), "s-duckdb-cpu": them.cpu.Seconds(),
			"MB/s": length / 1e6 / us.wall.Seconds(), "MB/s-cat": cat / 1e6, "MB/s-unzstd": unzstd / 1e6,
			"MiB-peak": us.peakMiB, "s-cpu-floor": floor(b, powers, events, filepath.Join(dir, "traces.jsonl")).Seconds(),
		})
	}
}

// floor is the processor time of reading the inputs and of writing the traces
// alone: what is left of an attribution that costs nothing.
func floor(b *testing.B, powers, events, traces string) time.Duration {
	open := func(path string) *stream.Input {
		in, err := stream.Open(context.Background(), path, nil, false)
		if err != nil {
			b.Fatal(err)
		}
		return in
	}
	ended := func(err error) {
		if err != io.EOF {
			b.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(b.TempDir(), "traces.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	var all []*trace.QueryTrace // one in a hundred stands for all
	in := trace.NewReader(new(stream.Problems), open(traces))
	for i := 0; ; i++ {
		rec, err := in.Next()
		if err != nil {
			ended(err)
			break
		}
		if i%100 == 0 {
			all = append(all, rec)
		}
	}

	begun := processorTime()
	problems := new(stream.Problems)
	samples, records := power.NewReader(problems, open(powers)), event.NewReader(problems, open(events))
	for s := new(power.Sample); ; {
		if samples.Take(s) {
			continue
		}
		if _, err := samples.NextInto(s); err != nil {
			ended(err)
			break
		}
	}
	for {
		if _, err := records.Next(); err != nil {
			ended(err)
			break
		}
	}
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	for range 100 {
		for _, q := range all {
			if line, err = q.Append(line[:0]); err == nil {
				_, err = w.Write(append(line, '\n'))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return processorTime() - begun
}

// processorTime is what this process has taken.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no other way to fail than a wrong argument
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bestPlan keeps DuckDB from a loop over both tables, which it chooses where it
// takes the smaller one for a handful of rows, as it does without statistics:
// BenchmarkAttributeAsItComes is what that costs.
const bestPlan = "SET asof_loop_join_threshold = 0;\n"

const duckQuery = `COPY (
  WITH p AS MATERIALIZED (
    SELECT t_us, j[1] AS j FROM read_json('%s', format = 'newline_delimited', columns = {t_us: 'BIGINT', j: 'DOUBLE[]'}) WHERE j IS NOT NULL),
  turns AS (
    SELECT query, turn, min(t_us) AS a, max(t_us) AS b
    FROM read_json('%s', format = 'newline_delimited', columns = {t_us: 'BIGINT', query: 'VARCHAR', turn: 'BIGINT'})
    WHERE turn IS NOT NULL GROUP BY ALL)
  SELECT query, turn, y.j - x.j AS joules FROM turns ASOF JOIN p x ON a >= x.t_us ASOF JOIN p y ON b >= y.t_us
) TO '%s'`

// BenchmarkAttributeAsItComes is BenchmarkAttribute with DuckDB as it comes, on a
// hundredth of the data: its time grows with the square.
func BenchmarkAttributeAsItComes(b *testing.B) {
	attribute, sql := build(b, "ipw-attribute", "0"), build(b, "ipw-sql", "1")
	dir := b.TempDir()
	short := agents
	short.samples, short.queries = agents.samples/100, agents.queries/100
	powers, events := short.write(b, dir)
	query := fmt.Sprintf(duckQuery, powers, events, filepath.Join(dir, "turns.csv"))
	for b.Loop() {
		var ours, best, plain []usage
		for range rounds {
			ours = append(ours, process(b, attribute, powers, events, "-o", filepath.Join(dir, "traces.jsonl")))
			best = append(best, process(b, sql, bestPlan+query, events))
			plain = append(plain, process(b, sql, query, events))
		}
		us, them := median(ours), median(plain)
		report(b, map[string]float64{"x-duckdb": them.wall.Seconds() / us.wall.Seconds(), "s": us.wall.Seconds(),
			"s-duckdb": them.wall.Seconds(), "s-duckdb-best": median(best).wall.Seconds()})
	}
}

// BenchmarkAttributeTenfold compares a log with one ten times as long.
func BenchmarkAttributeTenfold(b *testing.B) {
	attribute := build(b, "ipw-attribute", "0")
	short := agents
	short.samples, short.queries = agents.samples/10, agents.queries/10
	dirs := [2]string{b.TempDir(), b.TempDir()}
	for i, w := range []workload{short, agents} {
		p, e := w.write(b, dirs[i])
		read(b, p)
		read(b, e)
	}
	run := func(dir string) usage {
		return process(b, attribute, filepath.Join(dir, "power.jsonl"), filepath.Join(dir, "events.jsonl"), "-o", filepath.Join(dir, "traces.jsonl"))
	}
	for b.Loop() {
		var of [2][]usage
		for range rounds {
			for i, dir := range dirs {
				of[i] = append(of[i], run(dir))
			}
		}
		one, ten := median(of[0]), median(of[1])
		report(b, map[string]float64{
			"x-tenfold":     ten.wall.Seconds() / one.wall.Seconds(),
			"x-tenfold-cpu": ten.cpu.Seconds() / one.cpu.Seconds(),
			"MiB-peak":      ten.peakMiB, "MiB-peak-tenth": one.peakMiB,
		})
	}
}

// BenchmarkAttributeYear attributes a year of eight GPUs at 1 Hz to jobs.
func BenchmarkAttributeYear(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 7 GB")
	}
	attribute := build(b, "ipw-attribute", "0")
	dir := b.TempDir()
	powers, table := filepath.Join(dir, "power.jsonl"), filepath.Join(dir, "jobs.txt")
	create(b, powers, year.power)
	create(b, table, year.jobs)
	for b.Loop() {
		u := process(b, attribute, "--timezone", "UTC", powers, table, "-o", filepath.Join(dir, "traces.jsonl"))
		report(b, map[string]float64{"s-year": u.wall.Seconds(), "s-year-cpu": u.cpu.Seconds(), "MiB-peak": u.peakMiB,
			"MB/s": size(b, powers) / 1e6 / u.wall.Seconds(), "Msamples/s": float64(year.samples) / 1e6 / u.wall.Seconds()})
	}
}

// jobs writes a table of windows as sacct -XP prints it, about eight at a time.
func (w workload) jobs(out *bufio.Writer) {
	fmt.Fprintln(out, "JobID|User|NodeList|Start|End")
	const layout = "2006-01-02T15:04:05"
	start := time.UnixMicro(workloadStart).UTC()
	apart := time.Duration(w.samples) * time.Second / jobs
	for i := range jobs {
		at := start.Add(time.Duration(i) * apart)
		length := time.Minute + time.Duration(i*7919%2400)*time.Second
		fmt.Fprintf(out, "%d|u%d|n1|%s|%s\n", 100_000+i, i%40, at.Format(layout), at.Add(length).Format(layout))
	}
}

func report(b *testing.B, metrics map[string]float64) {
	b.ReportMetric(0, "ns/op") // says nothing that the others do not
	for name, v := range metrics {
		b.ReportMetric(v, name)
	}
}

// build builds a command.
func build(b *testing.B, name, cgo string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "../"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return path
}

// process runs a command to its end.
func process(b *testing.B, args ...string) usage {
	b.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	over, peak := make(chan struct{}), make(chan float64)
	go func() { peak <- watchPeak(cmd.Process.Pid, over) }()
	err := cmd.Wait()
	wall := time.Since(begun)
	close(over)
	if err != nil {
		b.Fatalf("%v: %s", err, said.Bytes())
	}
	return usage{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), <-peak}
}

// watchPeak is the most memory a process had, in MiB. What wait tells is no less
// than what its parent had when it began.
func watchPeak(pid int, over <-chan struct{}) (peak float64) {
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
			var kib float64
			fmt.Sscan(string(rest), &kib)
			peak = kib / 1024 // not what it was before exec: that is counted anew
		}
		select {
		case <-over:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// median takes the median of each figure.
func median(list []usage) usage {
	of := func(get func(usage) float64) float64 {
		var v []float64
		for _, u := range list {
			v = append(v, get(u))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return usage{time.Duration(of(func(u usage) float64 { return float64(u.wall) })),
		time.Duration(of(func(u usage) float64 { return float64(u.cpu) })), of(func(u usage) float64 { return u.peakMiB })}
}

func size(b *testing.B, path string) float64 {
	fi, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return float64(fi.Size())
}

// read is what cat does.
func read(b *testing.B, path string) {
	if err := exec.Command("cat", path).Run(); err != nil {
		b.Fatal(err)
	}
}

// perSecond is how many bytes f reads in a second, the best of some tries: a
// limit.
func perSecond(length float64, f func()) float64 {
	best := 0.0
	for range rounds {
		begun := time.Now()
		f()
		best = max(best, length/time.Since(begun).Seconds())
	}
	return best
}

// unzstd is how many bytes of a file the decompressor gives in a second.
func unzstd(b *testing.B, dir, path string) float64 {
	packed := filepath.Join(dir, "packed.zst")
	w, err := stream.Create(packed, power.Schema, nil)
	if err != nil {
		b.Fatal(err)
	}
	w.Lazy()
	in, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err := w.Append(func(buf []byte) ([]byte, error) { return append(buf, line[:len(line)-1]...), err }); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return perSecond(size(b, path), func() {
		f, err := stream.Open(context.Background(), packed, nil, false)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if _, err := io.Copy(io.Discard, f); err != nil {
			b.Fatal(err)
		}
	})
}

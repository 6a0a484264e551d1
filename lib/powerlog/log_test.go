package powerlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// Every value of a log comes out once, in a sample of its time: one sample for
// each line that is accepted, whatever the format.
func TestEveryLineIsASample(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	type log struct {
		head string
		line func(at time.Time, w string) string
	}
	for name, l := range map[string]log{
		"nvidia-smi": {"index, power.draw [W], timestamp\n", func(at time.Time, w string) string {
			return "0, " + w + " W, " + at.Format("2006/01/02 15:04:05.000") + "\n"
		}},
		"dmon": {"#Date Time gpu pwr\n", func(at time.Time, w string) string { return at.Format(" 20060102 15:04:05 ") + "0 " + w + "\n" }},
		"zeus": {"time,power0\n", func(at time.Time, w string) string { return fmt.Sprintf("%d.0,%s\n", at.Unix(), w) }},
		"plain": {"# gpu:0 gpu W\n", func(at time.Time, w string) string {
			return fmt.Sprintf("%d %s\n", at.UnixMicro(), w)
		}},
		"macmon": {"", func(at time.Time, w string) string {
			return fmt.Sprintf(`{"timestamp":%q,"gpu_power":%s}`+"\n", at.Format(time.RFC3339), w)
		}},
		"scaphandre": {"", func(at time.Time, w string) string {
			return fmt.Sprintf(`{"host":{"consumption":%s000000,"timestamp":%d.0}}`, w, at.Unix())
		}},
	} {
		text, want := l.head, []string(nil)
		at := time.Date(2025, 11, 23, 10, 0, 0, 0, berlin)
		for range 300 {
			at = at.Add(time.Duration(1+rnd.IntN(3)) * time.Second)
			w := fmt.Sprint(1 + rnd.IntN(700))
			text += l.line(at, w)
			want = append(want, fmt.Sprintf(`{"t_us":%d,"w":[%s]}`, at.UnixMicro(), w))
		}
		out, said, err := convert(name, text, nil)
		if got := lines(out); err != nil || len(said) > 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %v %v\n%.600s", name, err, said, strings.Join(got, "\n"))
		}
		if n := check(t, name, out); n != 300 {
			t.Errorf("%s: %d samples", name, n)
		}
	}
}

// Rows of one pass over the devices are one sample, however long the tool takes
// for it: torn samples look like gaps, in which nothing is known.
func TestSlowPass(t *testing.T) {
	for _, c := range []struct {
		layout       string
		apart, every time.Duration
		read         int64
	}{
		{"2006/01/02 15:04:05.000", 3 * time.Millisecond, time.Second, 21_000},
		{"2006/01/02 15:04:05.000", 120 * time.Millisecond, time.Second, 840_000},
		{"2006/01/02 15:04:05.000", 12 * time.Millisecond, 100 * time.Millisecond, 84_000},
		{"2006/01/02 15:04:05.000", 400 * time.Millisecond, 3 * time.Second, 2_800_000},
		{"2006/01/02 15:04:05", 120 * time.Millisecond, time.Second, 1_000_000},
	} {
		text := "timestamp, index, power.draw [W]\n"
		at := time.Date(2025, 11, 23, 10, 0, 0, 500_000_000, berlin)
		for range 20 {
			for g := range 8 {
				text += fmt.Sprintf("%s, %d, %d W\n", at.Add(time.Duration(g)*c.apart).Format(c.layout), g, 100+g)
			}
			at = at.Add(c.every)
		}
		out, said, err := convert("x", text, nil)
		got := lines(out)
		if err != nil || len(said) > 0 || len(got) != 20 {
			t.Errorf("%v: %d samples and notes, %v %v\n%.500s", c, len(got), said, err, out)
		}
		for _, line := range got {
			if !strings.Contains(line, fmt.Sprintf(`"read_us":%d,"w":[100,101,102,103,104,105,106,107]`, c.read)) {
				t.Errorf("%v: %s", c, line)
				break
			}
		}
	}
}

// A device that was missing from some passes comes back at its own time, not with
// the pass before.
func TestMissingFromPass(t *testing.T) {
	text := "timestamp, index, power.draw [W]\n"
	at := time.Date(2025, 11, 23, 10, 0, 0, 0, berlin)
	for k := range 9 {
		for g := range 3 {
			if g > 0 || k < 3 || k > 5 {
				text += fmt.Sprintf("%s, %d, %d W\n", at.Add(time.Duration(1000*k+3*g)*time.Millisecond).Format("2006/01/02 15:04:05.000"), g, 100+g)
			}
		}
	}
	out, said, err := convert("x", text, nil)
	want := `{"t_us":1763888405003000,"read_us":3000,"w":[null,101,102]}|gpu:0 resumed|{"t_us":1763888406000000,"read_us":6000,"w":[100,101,102]}`
	if got := strings.Join(lines(out), "|"); err != nil || len(said) > 0 || !strings.Contains(got, want) {
		t.Errorf("%v %q\n%s", err, said, got)
	}
}

// Series that were scraped at different moments are 15 s apart each, whatever lies
// between two samples: without a word readers would take each step for a gap.
func TestScrapedApart(t *testing.T) {
	var series []string
	for g := range 8 {
		var points []string
		for k := range 5 {
			points = append(points, fmt.Sprintf(`[%d.%d,"100"]`, 1763888400+15*k+g, g))
		}
		series = append(series, fmt.Sprintf(`{"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE","gpu":"%d"},"values":[%s]}`, g, strings.Join(points, ",")))
	}
	out, said, err := convert("x", `{"data":{"resultType":"matrix","result":[`+strings.Join(series, ",")+`]}}`, nil)
	if err != nil || len(said) > 0 || !strings.Contains(out, `"interval_us":15000000`) || len(lines(out)) != 40 {
		t.Errorf("%v %q\n%s", err, said, out)
	}
}

// Logs that were cut off and put one behind the other, as cat or >> leave them
// after a crash: the row that was cut is rejected, the next log is read whole.
func TestCutAndConcatenated(t *testing.T) {
	started := func(j *Job) { j.StartUs, j.StepUs = 1763888400_000000, 1_000000 }
	for _, c := range []struct {
		name, first, cut, second string
		change                   func(*Job)
	}{
		{"nvidia-smi", "timestamp, index, power.draw [W]\n2025/11/23 10:00:00.000, 0, 10.00 W\n", "2025/11/23 10:00:01.000, 0, 1", "timestamp, index, power.draw [W]\n2025/11/23 10:00:05.000, 0, 20.00 W\n2025/11/23 10:00:06.000, 0, 30.00 W\n", nil},
		{"dmon", "#Date Time gpu pwr\n#YYYYMMDD HH:MM:SS Idx W\n20251123 10:00:00 0 10\n", "20251123 10:00:01 0 1", "#Date Time gpu pwr\n#YYYYMMDD HH:MM:SS Idx W\n20251123 10:00:05 0 20\n20251123 10:00:06 0 30\n", nil},
		{"dcgmi", "#Entity POWER\nID W\nGPU 0 10\n", "GPU 0 1", "#Entity POWER\nID W\nGPU 0 20\nGPU 0 30\n", started},
		{"turbostat", "Time_Of_Day_Seconds\tPkgWatt\n1763888400.0\t10.00\n", "1763888401.0\t1", "Time_Of_Day_Seconds\tPkgWatt\n1763888405.0\t20.00\n1763888406.0\t30.00\n", nil},
		{"perf", "# started on Sun Nov 23 10:00:00 2025\n\n 1.000000000,10.00,Joules,power/energy-pkg/,1,100.00,,\n", " 2.000000000,1", "# started on Sun Nov 23 10:00:05 2025\n\n 1.000000000,20.00,Joules,power/energy-pkg/,1,100.00,,\n 2.000000000,30.00,Joules,power/energy-pkg/,1,100.00,,\n", nil},
		{"plain", "# gpu:0 gpu W\n# cpu:0 cpu W\n1763888400000000 10 10\n", "1763888401000000 1", "# gpu:0 gpu W\n# cpu:0 cpu W\n1763888405000000 20 20\n1763888406000000 30 30\n", nil},
		{"powermetrics", powermetricsReport(0, 10), "CPU Power: 1", powermetricsReport(5, 20) + powermetricsReport(6, 30), nil},
		{"plist", intelPlist("09:00:01", "<key>package_watts</key><real>10</real>"), `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>elap`, intelPlist("09:00:05", "<key>package_watts</key><real>20</real>") + intelPlist("09:00:07", "<key>package_watts</key><real>30</real>"), nil},
		{"macmon", `{"timestamp":"2025-11-23T10:00:00+01:00","cpu_power":10}` + "\n", `{"timestamp":"2025-11-23T10:00:01+01:00","cpu_pow`, `{"timestamp":"2025-11-23T10:00:05+01:00","cpu_power":20}` + "\n" + `{"timestamp":"2025-11-23T10:00:06+01:00","cpu_power":30}` + "\n", nil},
		{"scaphandre", `{"host":{"consumption":10000000.0,"timestamp":1763888400.0}}`, `{"host":{"consumption":1`, `{"host":{"consumption":20000000.0,"timestamp":1763888405.0}}{"host":{"consumption":30000000.0,"timestamp":1763888406.0}}`, nil},
		{"zeus", "time,power0\n1763888400.0,10.5\n", "1763888401.0,1", "time,power0\n1763888405.0,20.5\n1763888406.0,30.5\n", nil},
	} {
		out, said, err := convert("x", c.first+c.cut+c.second, c.change)
		if err == nil || err.Error() != "1 record rejected" {
			t.Errorf("%s: %v, said %q", c.name, err, said)
		}
		for _, w := range []string{`"w":[10`, `"w":[20`, `"w":[30`} {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %s in\n%s", c.name, w, out)
			}
		}
		check(t, c.name, out)
	}
}

// powermetricsReport is a report of a second.
func powermetricsReport(at, watts int) string {
	return fmt.Sprintf("*** Sampled system activity (Sun Nov 23 10:00:%02d 2025 +0100) (1000.00ms elapsed) ***\n\nCPU Power: %d000 mW\n", at, watts)
}

// A log that is being written is converted as its lines come.
func TestLive(t *testing.T) {
	r, w := pipe()
	var p stream.Problems
	got, out := pipe()
	done := make(chan error, 1)
	go func() {
		j := Job{Options: Options{Problems: &p}, Name: "stdin", Log: r, Tool: "x", Open: func() (*stream.Writer, error) { return stream.NewWriter(out), nil }}
		done <- j.Run()
	}()
	expect := func(want string) {
		t.Helper()
		if line, err := got.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Fatalf("%q, %v; want %s", line, err, want)
		}
	}
	line := `{"timestamp":"2025-02-24T20:38:%02d+00:00","sys_power":%d}` + "\n"
	fmt.Fprintf(w, line, 10, 5)
	expect(`"schema":"ipw.power/1"`)
	expect(`"w":[5]`)
	for i := range 5 {
		fmt.Fprintf(w, line, 11+i, 6+i)
		expect(fmt.Sprintf(`"w":[%d]`, 6+i))
	}
	w.Close()
	expect(`"end"`)
	if err := errors.Join(<-done, p.Err()); err != nil {
		t.Fatal(err)
	}
}

// What a filter does not know it hands on.
func TestPowerStream(t *testing.T) {
	const text = `{"type":"header","schema":"ipw.power/1","later":1,"t_us":0,"interval_us":1000000,"ticks":"random","domains":[{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant","x":{"y":2}},{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none","wrap_joules":65000.5}]}
{"t_us":0,"j":[null,5],"w":[100,null],"new":[1]}
{"type":"later","t_us":0}
{"t_us":1000000,"j":[null,6],"w":[200,null]}
{"t_us":2000000,"j":[null,7],"w":[300,null]}
{"t_us":3000000,"j":[null,9],"w":[400,null]}
{"type":"end","records":5,"status":"interrupted","rate_hz":1}
`
	out, said, err := convert("x", text, nil)
	if out != text || len(said) > 0 || err != nil {
		t.Errorf("%v %v\n%s", said, err, out)
	}
	const thin = `{"type":"header","schema":"ipw.power/1","later":1,"t_us":0,"interval_us":2000000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"integrated","power":"instant","x":{"y":2}},{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none"}]}
{"t_us":0,"j":[0,5],"w":[100,null],"new":[1]}
{"type":"later","t_us":0}
{"t_us":2000000,"j":[400,7],"w":[300,null]}
{"t_us":3000000,"j":[750,9],"w":[400,null]}
{"type":"end","records":4,"status":"interrupted","rate_hz":1}
`
	out, said, err = convert("x", text, func(j *Job) { j.IntervalUs = 2_000_000 })
	if out != thin || len(said) > 0 || err != nil {
		t.Errorf("%v %v\n%s", said, err, out)
	}
	if out, _, err := convert("x", text[:len(text)-70], nil); err == nil || !strings.Contains(out, `"status":"failed"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

// Any log of testdata is recognized by its content.
func TestRecognize(t *testing.T) {
	for _, f := range Formats() {
		if _, err := openFormat(f, newSource("x", strings.NewReader(""), &stream.Problems{}), Options{}); err != nil && f != Power {
			t.Error(err)
		}
	}
	var u *UnknownError
	if _, _, err := convert("x", "what is this", func(j *Job) { j.Format = "auto" }); !errors.As(err, &u) || u.Hint() == "" {
		t.Error(err)
	}
	if _, _, err := convert("x", "1 2\n", func(j *Job) { j.Format = "tea leaves" }); err == nil {
		t.Error("no such format")
	}
}

// The GPU's model, where the log names it, tells what its watts are.
func TestAverages(t *testing.T) {
	for _, c := range []struct {
		model, capability string
		want              bool
	}{
		{"", "", true}, {"NVIDIA H100 80GB HBM3", "", true}, {"NVIDIA A100-SXM4-80GB", "", false}, {"NVIDIA A40", "", true}, {"NVIDIA A30", "", false}, {"NVIDIA A10G", "", true},
		{"Tesla V100-SXM2-32GB", "", false}, {"Tesla T4", "", false}, {"NVIDIA L4", "", true}, {"NVIDIA L40S", "", true}, {"NVIDIA GeForce RTX 4090", "", true}, {"NVIDIA GeForce RTX 3090", "", true},
		{"NVIDIA GeForce RTX 2080 Ti", "", false}, {"GeForce GTX 1080", "", false}, {"Quadro RTX 6000", "", false}, {"NVIDIA RTX A6000", "", true}, {"NVIDIA TITAN V", "", false},
		{"NVIDIA GH200 480GB", "", true}, {"NVIDIA B200", "", true}, {"whatever", "8.0", false}, {"whatever", "9.0", true}, {"NVIDIA A100", "8.6", true}, {"whatever", "7.5", false},
	} {
		if g := (smiGPU{model: c.model, capability: c.capability}); g.averages() != c.want {
			t.Errorf("%s %s: %v", c.model, c.capability, !c.want)
		}
	}
}

// BenchmarkConvert is an hour of eight GPUs at ten readings a second.
func BenchmarkConvert(b *testing.B) {
	text := []byte("timestamp, index, power.draw [W], utilization.gpu [%]\n")
	at := time.Date(2025, 11, 23, 10, 0, 0, 0, time.UTC)
	rows := 0
	for range 3600 {
		at = at.Add(100 * time.Millisecond)
		for g := range 8 {
			text = fmt.Appendf(text, "%s, %d, %d.25 W, 97 %%\n", at.Format("2006/01/02 15:04:05.000"), g, 300+g)
			rows++
		}
	}
	for b.Loop() {
		j := Job{Options: Options{Problems: &stream.Problems{}}, Log: bytes.NewReader(text), Open: func() (*stream.Writer, error) { return stream.NewWriter(io.Discard), nil }}
		if err := j.Run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Numbers come through without a float.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		unit, text string
		want       int64
	}{
		{"W", "68.13", 68_130_000}, {"mW", "32402", 32_402_000}, {"uW", "21500000.0", 21_500_000}, {"kW", "1.5", 1_500_000_000},
		{"J", "262143.328850", 262_143_328_850}, {"mJ", "1234567", 1_234_567_000}, {"kWh", "1", 3_600_000_000_000}, {"J", "9007199254.740993", 9_007_199_254_740_993},
		{"W", "[N/A]", power.Null}, {"W", "", power.Null}, {"J", "12**", power.Null}, {"W", "1e7", power.Null}, {"J", "1e300", power.Null}, {"W", "NaN", power.Null},
		{"mJ", "9223372036854775794", power.Null}, {"mJ", "140737488355328.0", power.Null}, {"W", "2147483632", power.Null}, {"W", "-1", power.Null},
	} {
		if n, err := units[c.unit].parse(c.text); n != c.want || err != nil {
			t.Errorf("%q %s is %d (%v), want %d", c.text, c.unit, n, err, c.want)
		}
	}
	for _, bad := range []string{"abc", "1,5", "0x10", "1.2.3", "5 J", "5 W W"} {
		if n, err := units["W"].cell(bad); err == nil {
			t.Errorf("%q is %d", bad, n)
		}
	}
}

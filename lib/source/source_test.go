package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"ipw/lib/stream"
	"ipw/lib/trace"
	"ipw/lib/trace/tracetest"
)

const (
	powerHeader = `{"type":"header","schema":"ipw.power/1","host":"n1","t_us":1,"domains":[{"id":"gpu:0","kind":"gpu","name":"L4","energy":"counter","power":"none"}]}` + "\n"
	eventHeader = `{"type":"header","schema":"ipw.events/1","run":"r@1","host":"n1","t_us":1,"config":{"a": 1}}` + "\n"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open1(t *testing.T, name string) *Source {
	t.Helper()
	set, err := Open([]string{name}, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return set.Sources[0]
}

func fileNames(t *testing.T, s *Source, kind Kind) (names []string) {
	t.Helper()
	files, err := s.Files(kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, filepath.Base(f.Name))
	}
	return names
}

func TestRunDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run_x")
	for _, name := range []string{"traces.jsonl", "events.jsonl.zst", "power.jsonl", "power.jsonl.gz", "power-2.jsonl", "power-n3.jsonl.zst", "tasks.jsonl", "power.txt", "traces.jsonl.bak", "summary.json"} {
		write(t, filepath.Join(dir, name), "")
	}
	s := open1(t, dir)
	for kind, want := range map[Kind][]string{
		Traces: {"traces.jsonl"},
		Events: {"events.jsonl.zst"},
		Power:  {"power-2.jsonl", "power-n3.jsonl.zst", "power.jsonl"}, // the compressed twin of power.jsonl is left out
	} {
		if got := fileNames(t, s, kind); !reflect.DeepEqual(got, want) {
			t.Errorf("kind %d: %v, want %v", kind, got, want)
		}
	}
	if run, err := s.Run(); run != "run_x" || err != nil {
		t.Errorf("run %q %v", run, err)
	}
	if filepath.Base(s.Summary) != "summary.json" {
		t.Errorf("summary %q", s.Summary)
	}
}

func TestRunNameComesFromTheRecords(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "traces.jsonl"), `{"query_id":"q","run":"r@2"}`+"\n")
	if run, err := open1(t, dir).Run(); run != "r@2" || err != nil {
		t.Errorf("run %q %v", run, err)
	}
	write(t, filepath.Join(dir, "events.jsonl"), eventHeader)
	s := open1(t, dir)
	if run, err := s.Run(); run != "r@1" || err != nil {
		t.Errorf("run %q %v", run, err)
	}
	if config, err := s.Config(); err != nil || config == nil || *config != `{"a":1}` {
		t.Errorf("config %v %v", config, err)
	}
	if gpu, err := s.GPUName(); err != nil || gpu != nil {
		t.Errorf("gpu %v %v", gpu, err)
	}
	write(t, filepath.Join(dir, "power.jsonl"), powerHeader)
	if gpu, err := open1(t, dir).GPUName(); err != nil || gpu == nil || *gpu != "L4" {
		t.Errorf("gpu %v %v", gpu, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "runs", "run_a", "traces.jsonl"), "")
	write(t, filepath.Join(dir, "empty", "notes.txt"), "")
	var missing *MissingError
	if _, err := Open([]string{filepath.Join(dir, "no", "where")}, nil); !errors.As(err, &missing) || !strings.HasSuffix(missing.Hint(), dir) {
		t.Errorf("missing: %v", err)
	}
	var noRun *NoRunError
	if _, err := Open([]string{filepath.Join(dir, "runs")}, nil); !errors.As(err, &noRun) || !strings.Contains(noRun.Hint(), filepath.Join(dir, "runs", "*")) {
		t.Errorf("runs: %v", err)
	}
	if _, err := Open([]string{filepath.Join(dir, "empty")}, nil); !errors.As(err, &noRun) || !strings.Contains(noRun.Hint(), "ipw run") {
		t.Errorf("empty: %v", err)
	}
}

func TestBareFilesAreKnownByTheirFirstLine(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]struct {
		text string
		kind Kind
	}{
		"power":  {powerHeader, Power},
		"events": {eventHeader, Events},
		"table":  {"id,start,end\na,1763884800,1763884801\n", Events},
		"traces": {`{"schema":"ipw.trace/1","query_id":"q"}` + "\n", Traces},
		"broken": {"no JSON\n", Traces},
		"empty":  {"\n\n", Unknown},
	} {
		for _, ext := range []string{"", ".gz", ".zst"} {
			path := write(t, filepath.Join(dir, name+ext), compress(t, want.text, ext))
			s := open1(t, path)
			for kind := Traces; kind <= Events; kind++ {
				if got := len(fileNames(t, s, kind)) == 1; got != (kind == want.kind || want.kind == Unknown) {
					t.Errorf("%s%s: kind %d: %v", name, ext, kind, got)
				}
			}
		}
	}
	s := open1(t, write(t, filepath.Join(dir, "other"), `{"type":"header","schema":"ipw.totals/9"}`+"\n"))
	if _, err := s.Files(Traces); err == nil || !strings.Contains(err.Error(), "ipw.totals/9") {
		t.Errorf("another schema: %v", err)
	}
}

func compress(t *testing.T, text, ext string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch ext {
	case "":
		return text
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNeedTraces(t *testing.T) {
	dir := t.TempDir()
	power := write(t, filepath.Join(dir, "p.jsonl"), powerHeader)
	run := filepath.Dir(write(t, filepath.Join(dir, "run", "events.jsonl"), eventHeader))
	for _, name := range []string{power, run} {
		set, err := Open([]string{name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = set.NeedTraces()
		var hint interface{ Hint() string }
		if err == nil || !strings.HasPrefix(err.Error(), name) || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "ipw-attribute") {
			t.Errorf("%v", err)
		}
	}
}

// reads returns ids and responses of a set's traces.
func reads(t *testing.T, set *Set, problems *stream.Problems) (got []string) {
	t.Helper()
	for q, err := range set.Traces(problems) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, q.QueryID+"="+q.ResponseText)
	}
	return got
}

func TestOnlyTheLastLineOfAQueryIsValid(t *testing.T) {
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a.jsonl"), `{"query_id":"q0","run":"r","response_text":"first"}
{"query_id":"q1","run":"r","response_text":"one"}
{"query_id":"q0","run":"other","response_text":"of another run"}
{"query_id":"q2","response_text":"no run"}
`)
	b := write(t, filepath.Join(dir, "b.jsonl"), `{"query_id":"q0","run":"r","response_text":"second"}
{"query_id":"q1","run":"r","response_text":7}
{"query_id":"q2","response_text":"again"}
{"query_id":"q3","run":"r","resp`)
	var said []string
	problems := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	set, err := Open([]string{a, b}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"q1=one", "q0=of another run", "q0=second", "q2=again"}
	for range 2 { // and again
		if got := reads(t, set, problems); !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if n, err := set.CountTraces(); n != len(want) || err != nil {
		t.Errorf("count %d %v", n, err)
	}
	if len(said) != 4 || !strings.HasPrefix(said[0], b+":2: ") || !strings.Contains(said[1], "torn") || problems.Err() == nil {
		t.Errorf("said %q", said)
	}
}

func TestTracesWithoutRunBelongToTheirDirectory(t *testing.T) {
	dir := t.TempDir()
	var dirs []string
	for _, name := range []string{"run_a", "run_b"} {
		dirs = append(dirs, filepath.Dir(write(t, filepath.Join(dir, name, "traces.jsonl"), `{"query_id":"q0","response_text":"`+name+`"}`+"\n")))
	}
	set, err := Open(append(dirs, dirs[0]+"/"), nil) // one named twice
	if err != nil {
		t.Fatal(err)
	}
	if got := reads(t, set, new(stream.Problems)); !reflect.DeepEqual(got, []string{"q0=run_a", "q0=run_b"}) {
		t.Errorf("%v", got)
	}
}

// TestValidIsTracesValid compares with trace.Valid, which holds everything.
func TestValidIsTracesValid(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 30 {
		var file bytes.Buffer
		for range r.IntN(40) {
			q := tracetest.Random(r, fmt.Sprintf("q%d", r.IntN(8)))
			line, err := q.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			file.Write(append(line, '\n'))
		}
		all, err := trace.NewReader(new(stream.Problems), stream.NewInput("x", bytes.NewReader(file.Bytes()))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, q := range trace.Valid(all) {
			line, _ := q.Append(nil)
			want[string(line)] = true
		}
		set, err := Open(nil, &file)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for q, err := range set.Traces(new(stream.Problems)) {
			if err != nil {
				t.Fatal(err)
			}
			got[string(q.Line)] = true
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d valid traces, want %d", len(got), len(want))
		}
	}
}

func TestWhatCannotBeRewoundIsReadTwiceAllTheSame(t *testing.T) {
	text := `{"query_id":"q0","response_text":"x"}` + "\n"
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	go func() { _ = os.WriteFile(fifo, []byte(compress(t, text, ".zst")), 0) }()
	for name, stdin := range map[string]string{"-": text, fifo: ""} {
		set, err := Open([]string{name}, strings.NewReader(stdin))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := reads(t, set, new(stream.Problems)); !reflect.DeepEqual(got, []string{"q0=x"}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenDoesNotReadStdin(t *testing.T) {
	stdin := &counting{}
	set, err := Open(nil, stdin)
	if err != nil || stdin.n != 0 {
		t.Fatalf("read %d times, %v", stdin.n, err)
	}
	if _, err := set.CountTraces(); err != nil || stdin.n == 0 {
		t.Fatalf("read %d times, %v", stdin.n, err)
	}
}

type counting struct{ n int }

func (c *counting) Read([]byte) (int, error) { c.n++; return 0, io.EOF }

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript" // one txtar script per behaviour

	"ipw/lib/power"
	"ipw/lib/stream"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipw-sample": main})
}

func TestScripts(t *testing.T) {
	library := ""
	if cgo {
		library = fakeLibrary(t)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("FAKE_LIBRARY", library) // a directory for LD_LIBRARY_PATH
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "cgo":
				return cgo, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"conform": conform, "joules": joules, "count": count,
		},
	})
}

// fakeLibrary compiles the fake libnvidia-ml.so.
func fakeLibrary(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	out, err := exec.Command("cc", "-shared", "-fPIC", "-o", filepath.Join(dir, "libnvidia-ml.so.1"), "../../lib/sensor/nvml/testdata/fake/nvml.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// read reads a power stream and hands over its records.
func read(ts *testscript.TestScript, file string, each func(*power.Record)) error {
	problems := &stream.Problems{Strict: true}
	r := power.NewReader(problems, stream.NewInput(file, strings.NewReader(ts.ReadFile(file))))
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return problems.Err()
		}
		if err != nil {
			return err
		}
		each(rec)
	}
}

// conform checks a stream's laws: conform FILE STATUS…, a status per segment.
func conform(ts *testscript.TestScript, neg bool, args []string) {
	var last []int64
	var lastT int64
	var ends []string
	samples := 0
	err := read(ts, args[0], func(rec *power.Record) {
		switch {
		case rec.Header != nil:
			last, lastT, samples = make([]int64, len(rec.Header.Domains)), rec.Header.TUs, 0
			for i := range last {
				last[i] = -1
			}
			if rec.Header.Host == "" || rec.Header.IntervalUs <= 0 || rec.Header.Tool == "" || rec.Header.System.OS == "" || rec.Header.System.CPUs < 1 {
				ts.Fatalf("header: %s", rec.Raw)
			}
		case rec.Sample != nil:
			s := rec.Sample
			if samples++; s.TUs < lastT || !s.HasM || len(s.J) != len(last) || len(s.W) != len(last) {
				ts.Fatalf("sample: %s", rec.Raw)
			}
			for i, j := range s.J {
				if j != power.Null && j < last[i] {
					ts.Fatalf("joules fall: %s", rec.Raw)
				}
				last[i] = max(j, last[i])
			}
			lastT = s.TUs
		case rec.Note != nil:
			if rec.Note.TUs < lastT || rec.Note.MUs == nil {
				ts.Fatalf("note: %s", rec.Raw)
			}
		case rec.End != "":
			if ends = append(ends, rec.End); samples == 0 {
				ts.Fatalf("a segment without samples")
			}
		}
	})
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if strings.Join(ends, " ") != strings.Join(args[1:], " ") {
		ts.Fatalf("segments end %q", ends)
	}
}

// joules checks what a domain used from a segment's first sample to its last:
// joules FILE DOMAIN AT-LEAST [AT-MOST].
func joules(ts *testscript.TestScript, neg bool, args []string) {
	var first, last int64 = power.Null, power.Null
	index := -1
	err := read(ts, args[0], func(rec *power.Record) {
		if rec.Header != nil {
			index, first = -1, power.Null
			for i, d := range rec.Header.Domains {
				if d.ID == args[1] {
					index = i
				}
			}
		}
		if rec.Sample != nil && index >= 0 && rec.Sample.J[index] != power.Null {
			if last = rec.Sample.J[index]; first == power.Null {
				first = last
			}
		}
	})
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if first == power.Null {
		ts.Fatalf("no joules of %s", args[1])
	}
	got := float64(last-first) / 1e6
	least, _ := strconv.ParseFloat(args[2], 64)
	most, _ := strconv.ParseFloat(args[len(args)-1], 64)
	if got < least || got > most {
		ts.Fatalf("%s used %g J, want %s", args[1], got, strings.Join(args[2:], " to "))
	}
}

// count counts the lines of a file that hold every one of some texts:
// count N FILE TEXT…, or N+ for at least.
func count(ts *testscript.TestScript, neg bool, args []string) {
	n := 0
lines:
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		for _, text := range args[2:] {
			if !strings.Contains(line, text) {
				continue lines
			}
		}
		n++
	}
	want, err := strconv.Atoi(strings.TrimSuffix(args[0], "+"))
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if n < want || n > want && !strings.HasSuffix(args[0], "+") {
		ts.Fatalf("%d lines with %q, want %s", n, args[2:], args[0])
	}
}

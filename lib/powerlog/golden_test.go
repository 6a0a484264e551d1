package powerlog

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipw/lib/stream"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

// convert runs a job over a text and returns the stream, what was said, and the
// error that a command would end with.
func convert(name, text string, change func(*Job)) (out string, said []string, err error) {
	var b bytes.Buffer
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	j := Job{
		Options: Options{Problems: p, Zone: berlin}, Name: name, Log: strings.NewReader(text), Tool: "ipw-sample",
		Open: func() (*stream.Writer, error) { return stream.NewWriter(&b), nil },
	}
	if change != nil {
		change(&j)
	}
	if err = j.Run(); err == nil {
		err = p.Err()
	}
	return b.String(), said, err
}

// timeless are the logs of testdata that tell no times.
var timeless = map[string]bool{"dcgmi.log": true, "dcgmi-names.log": true}

// job is how the logs of testdata are converted.
func job(name string) func(*Job) {
	return func(j *Job) {
		if timeless[name] {
			j.StartUs, j.StepUs = 1763888400_000000, 1_000000
		}
	}
}

// TestGolden converts every log in testdata and compares with what stands
// beside it: the stream, then what was said.
func TestGolden(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) < 15 {
		t.Fatal(logs, err)
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		out, said, err := convert(name, string(text), job(name))
		got := out + "\n" + strings.Join(said, "\n") + "\n"
		if err != nil {
			got += "error: " + err.Error() + "\n"
		}
		golden := strings.TrimSuffix(path, ".log") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
		check(t, name, out)
	}
}

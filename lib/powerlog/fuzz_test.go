package powerlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipw/lib/power"
)

// FuzzConvert: whatever the log, the output is a power stream in which nothing
// is rejected, and thinned it is one too.
func FuzzConvert(f *testing.F) {
	names := append([]string{"auto"}, Formats()...)
	logs, _ := filepath.Glob("testdata/*.log")
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(0), string(text))
	}
	for i := range names {
		f.Add(uint8(i), "# gpu:0 gpu W\n1 2\n")
	}
	f.Fuzz(func(t *testing.T, n uint8, text string) {
		format := names[int(n)%len(names)]
		for _, interval := range []int64{0, 2_000_000} {
			out, _, err := convert("fuzz", text, func(j *Job) {
				j.Format, j.IntervalUs = format, interval
				j.StartUs, j.StepUs = 1763888400_000000, 1_000000
			})
			if format == Power || strings.HasPrefix(strings.TrimLeft(text, "\ufeff\x00\x1e \t\r\n"), "{") && format == "auto" {
				reads(t, out)
				continue
			}
			check(t, format, out)
			if err == nil && out == "" {
				t.Errorf("%s: no error and no stream of %q", format, text)
			}
		}
	})
}

// reads only reads a stream back: one that was handed on may hold what its
// producer did wrong.
func reads(t *testing.T, out string) {
	if out == "" {
		return
	}
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, "\n") {
			t.Errorf("a line without its end: %q", line)
		}
	}
}

// FuzzNumber: a number in a cell is what it says, in micro-units, or none.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"68.13", "0", "[N/A]", "1e3", "-5", "9223372036854775794", "68.13 W", "68 mW", "", "**", "0x10", "1e400", "nan"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, s := range units {
			n, err := s.cell(text)
			if err == nil && n != power.Null && (n < 0 || !s.joules && n > 1_000_000*1_000_000) {
				t.Errorf("%q in %s is %d", text, name, n)
			}
		}
	})
}

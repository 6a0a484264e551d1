package powerlog

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// check holds what was converted to the laws of every stream, and to what a
// header must say.
func check(t testing.TB, name, out string) (samples int) {
	t.Helper()
	for line := range strings.Lines(out) {
		if h := new(power.Header); strings.HasPrefix(line, `{"type":"header"`) && json.Unmarshal([]byte(line), h) == nil {
			header(t, name, h)
		}
	}
	return laws(t, name, out)
}

// laws reads a stream back and holds it to the laws of every output: nothing
// in it is rejected, every segment has its end, and in a segment time does not
// run backwards and no joule is taken back.
func laws(t testing.TB, name, out string) (samples int) {
	t.Helper()
	if out == "" {
		return 0
	}
	p := &stream.Problems{Strict: true, Print: func(s string) { t.Errorf("%s: %s\n%s", name, s, out) }}
	r := power.NewReader(p, stream.NewInput(name, strings.NewReader(out)))
	var h *power.Header
	var last []int64
	var lastT int64
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return samples
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		switch {
		case rec.Header != nil:
			h, lastT = rec.Header, rec.Header.TUs
			last = make([]int64, len(h.Domains))
		case rec.Sample != nil:
			samples++
			if rec.Sample.TUs < lastT {
				t.Fatalf("%s: time runs backwards: %s", name, rec.Raw)
			}
			lastT = rec.Sample.TUs
			for i, j := range rec.Sample.J {
				if j != power.Null && j < last[i] {
					t.Fatalf("%s: joules fall: %s", name, rec.Raw)
				}
				last[i] = max(last[i], j)
			}
			for _, w := range rec.Sample.W {
				if w != power.Null && w < 0 {
					t.Fatalf("%s: watts below 0: %s", name, rec.Raw)
				}
			}
		case rec.Note != nil && rec.Note.TUs < lastT:
			t.Fatalf("%s: time runs backwards: %s", name, rec.Raw)
		}
	}
}

// header checks what a header says of its domains.
func header(t testing.TB, name string, h *power.Header) {
	t.Helper()
	if len(h.Domains) == 0 {
		t.Errorf("%s: no domains", name)
	}
	for _, d := range h.Domains {
		if d.ID == "" || d.Kind == "" || d.Source == "" || d.Silent() || d.Energy == "" || d.Power == "" {
			t.Errorf("%s: domain %+v", name, d)
		}
		if d.Power != power.Averaged && d.PowerWindowUs != 0 {
			t.Errorf("%s: window of %+v", name, d)
		}
	}
}

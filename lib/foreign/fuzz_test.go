package foreign

import (
	"strings"
	"testing"

	"ipw/lib/stream"
)

// FuzzReader reads any bytes as each format. Whatever they hold, what comes out
// keeps the laws, however the window is cut.
func FuzzReader(f *testing.F) {
	for _, c := range otlpCases {
		f.Add([]byte(c.text), false)
		f.Add([]byte(indented(strings.SplitN(c.text, "\n", 2)[0])), true)
	}
	for _, c := range recorderCases {
		f.Add([]byte(lines(c.events...)), false)
		f.Add([]byte("["+strings.Join(c.events, ",")+"]"), true)
	}
	for _, c := range claudeCases {
		f.Add([]byte(c.text), false)
	}
	for _, c := range codexCases {
		f.Add([]byte(c.text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, small bool) {
		opts := Options{TypeFrom: "level"}
		if small {
			opts.Window = 2000
		}
		o := &outcome{}
		o.drain(NewReader(new(stream.Problems), opts, stream.NewInput("x", strings.NewReader(string(text)))))
		if o.err != nil {
			return
		}
		for _, bad := range o.laws() {
			t.Error(bad)
		}
	})
}

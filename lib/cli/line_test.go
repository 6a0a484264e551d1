package cli

import (
	"bytes"
	"testing"
	"time"
)

// TestLine: what is said stands above the bottom line, which is drawn again, and
// goes in the end.
func TestLine(t *testing.T) {
	var screen bytes.Buffer
	c := &Context{Name: "ipw-x", Stderr: &screen, Stdout: &screen}
	l := &Line{c: c, w: &screen, width: 11, text: "1/2 queries done", stop: make(chan struct{}), done: make(chan struct{})}
	close(l.done)
	c.line = l
	l.draw()
	c.Say("odd")
	l.Clear()
	l.Clear()
	c.Say("end")
	if got, want := screen.String(), "\r1/2 querie\x1b[K\r\x1b[Kipw-x: odd\n\r1/2 querie\x1b[K\r\x1b[Kipw-x: end\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNoTerminal: elsewhere nothing is drawn.
func TestNoTerminal(t *testing.T) {
	var out bytes.Buffer
	c := &Context{Name: "ipw-x", Stderr: &out, Stdout: &out}
	l := c.Progress(false, func() string { t.Error("asked"); return "" })
	l.draw()
	l.Clear()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}

func TestLeft(t *testing.T) {
	for _, c := range []struct {
		done, total float64
		elapsed     time.Duration
		want        string
	}{
		{1, 4, 10 * time.Second, ", 30s left"},
		{0, 4, 10 * time.Second, ""},
		{4, 4, 10 * time.Second, ""},
		{1, 4, time.Millisecond, ""},
	} {
		if got := Left(c.done, c.total, c.elapsed); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

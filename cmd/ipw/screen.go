package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"ipw/lib/cli"
	"ipw/lib/run"
)

// screen is stderr: lines of words, and on a terminal the progress below them.
type screen struct {
	w     io.Writer
	width int // 0: no terminal, no progress

	mu   sync.Mutex
	line string
}

func newScreen(c *cli.Context) *screen {
	s := &screen{w: c.Stderr}
	if width, ok := cli.Terminal(c.Stderr); ok {
		s.width = width
	}
	return s
}

// say prints a line: a stage's own words, which begin with its name, or ours.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	fmt.Fprintln(s.w, cli.Clean(line))
	s.draw()
}

func (s *screen) progress(st run.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width == 0 {
		return
	}
	s.line = render(st, time.Now())
	s.draw()
}

func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.line = ""
}

func (s *screen) draw() {
	if s.width > 0 && s.line != "" {
		fmt.Fprintf(s.w, "\r%.*s\x1b[K", s.width-1, s.line)
	}
}

func (s *screen) erase() {
	if s.width > 0 && s.line != "" {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

// render says how far a run is.
func render(st run.State, now time.Time) string {
	joules := fmt.Sprintf("%.3g J", st.Joules)
	if st.Estimated {
		joules = "est. " + joules
	}
	switch {
	case st.Phase != "" && st.Joules == 0:
		return st.Phase
	case st.Phase != "":
		return st.Phase + ", " + joules + " so far"
	}
	line := fmt.Sprintf("%d/%d queries, %d open", st.Done, st.Total, st.Open)
	if elapsed := now.Sub(st.Since); st.Done > 0 && elapsed > 0 {
		each := elapsed / time.Duration(st.Done)
		line += fmt.Sprintf(", %.3g a minute", time.Minute.Seconds()/each.Seconds())
		if left := st.Total - st.Done; left > 0 {
			line += fmt.Sprintf(", %s left", (each * time.Duration(left)).Round(time.Second))
		}
	}
	return line + ", " + joules + " so far"
}

package cli

import (
	"fmt"
	"io"
	"time"
)

// Line is the bottom line of the terminal on stderr, where long work says how
// far it is. On anything but a terminal it says nothing. What Say prints stands
// above it.
type Line struct {
	c     *Context
	w     io.Writer // nil: not shown
	width int
	text  string
	stop  chan struct{}
	done  chan struct{}
}

// redrawn is how often a line is drawn.
const redrawn = 200 * time.Millisecond

// Progress shows what text returns, again and again, until the line is cleared.
// It is not shown if records go to stdout and that is a terminal too: they are on
// the screen already.
func (c *Context) Progress(recordsOnStdout bool, text func() string) *Line {
	l := &Line{c: c, stop: make(chan struct{}), done: make(chan struct{})}
	width, shown := Terminal(c.Stderr)
	if _, ok := Terminal(c.Stdout); ok && recordsOnStdout || !shown {
		close(l.done)
		return l
	}
	l.w, l.width = c.Stderr, width
	c.mu.Lock()
	c.line = l
	c.mu.Unlock()
	go l.run(text)
	return l
}

func (l *Line) run(text func() string) {
	defer close(l.done)
	tick := time.NewTicker(redrawn)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		s := Clean(text())
		l.c.mu.Lock()
		l.text = s
		l.draw()
		l.c.mu.Unlock()
	}
}

// Clear ends the line and removes it from the screen. It may be called again.
func (l *Line) Clear() {
	if l.w == nil {
		return
	}
	close(l.stop)
	<-l.done
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.erase()
	l.w, l.c.line = nil, nil
}

func (l *Line) draw() {
	if l != nil && l.w != nil && l.text != "" {
		fmt.Fprintf(l.w, "\r%.*s\x1b[K", l.width-1, l.text)
	}
}

func (l *Line) erase() {
	if l != nil && l.w != nil && l.text != "" {
		fmt.Fprint(l.w, "\r\x1b[K")
	}
}

// Left is how long work will go on that has come so far in some time, as a
// phrase to put behind another: "" where that cannot be told.
func Left(done, total float64, elapsed time.Duration) string {
	if done <= 0 || done >= total || elapsed < time.Second {
		return ""
	}
	left := time.Duration(float64(elapsed) * (total - done) / done)
	return ", " + left.Round(time.Second).String() + " left"
}

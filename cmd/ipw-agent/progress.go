package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/event"
)

// progress is the line at the bottom of a terminal. On anything else it says
// nothing.
type progress struct {
	c     *cli.Context
	w     io.Writer // nil: not shown
	width int
	total int // -1: not known
	begun time.Time

	mu   sync.Mutex
	line string
}

func newProgress(c *cli.Context, total int, toStdout bool) *progress {
	p := &progress{c: c, total: total, begun: time.Now()}
	if width, ok := cli.Terminal(c.Stderr); ok {
		p.w, p.width = c.Stderr, width
	}
	if _, ok := cli.Terminal(c.Stdout); ok && toStdout { // the records are on the screen already
		p.w = nil
	}
	return p
}

func (p *progress) update(t agent.Totals) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = render(t, p.total, time.Since(p.begun))
	p.draw()
}

// render says how far a run is. The rate and the rest of the time come from
// the queries that ended in it.
func render(t agent.Totals, total int, elapsed time.Duration) string {
	ended := t.Ended()
	line := fmt.Sprintf("%d", t.Kept+ended)
	if total >= 0 {
		line = fmt.Sprintf("%s/%d", line, total)
	}
	line += fmt.Sprintf(" queries, %d running", t.Open)
	if n := t.Reasons[event.Failed]; n > 0 {
		line += fmt.Sprintf(", %d in error", n)
	}
	if ended == 0 || elapsed <= 0 {
		return line
	}
	each := elapsed / time.Duration(ended)
	line += fmt.Sprintf(", %.3g a minute", time.Minute.Seconds()/each.Seconds())
	if left := total - t.Kept - ended; left > 0 {
		line += fmt.Sprintf(", %s left", (each * time.Duration(left)).Round(time.Second))
	}
	return line
}

// say prints a line of words above the progress.
func (p *progress) say(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.c.Say("%s", s)
	p.draw()
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.line = ""
}

func (p *progress) draw() {
	if p.w != nil && p.line != "" {
		fmt.Fprintf(p.w, "\r%.*s\x1b[K", p.width-1, p.line)
	}
}

func (p *progress) erase() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

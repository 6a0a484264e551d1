package main

import (
	"fmt"
	"io"
	"time"

	"ipw/lib/cli"
	"ipw/lib/trace"
)

// progress is the line at the bottom of a terminal while a judge is at work.
// How many traces will come is not known: they may still be made.
type progress struct {
	w                      io.Writer // nil: not shown
	width                  int
	begun                  time.Time
	right, wrong, unscored int
}

func newProgress(c *cli.Context, toFile bool) *progress {
	p := &progress{begun: time.Now()}
	if width, ok := cli.Terminal(c.Stderr); ok {
		p.w, p.width = c.Stderr, width
	}
	if _, ok := cli.Terminal(c.Stdout); ok && !toFile { // traces go there already
		p.w = nil
	}
	return p
}

func (p *progress) add(q *trace.QueryTrace) {
	switch {
	case q.IsResolved == nil:
		p.unscored++
	case *q.IsResolved:
		p.right++
	default:
		p.wrong++
	}
	if p.w != nil {
		line := p.render(time.Since(p.begun))
		fmt.Fprintf(p.w, "\r%s\x1b[K", line[:min(len(line), p.width-1)])
	}
}

func (p *progress) render(elapsed time.Duration) string {
	n := p.right + p.wrong + p.unscored
	return fmt.Sprintf("%d traces: %d right, %d wrong, %d unscored, %.3g a minute",
		n, p.right, p.wrong, p.unscored, float64(n)/max(elapsed.Minutes(), 1e-9))
}

func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

package main

import (
	"fmt"
	"sync"
	"time"

	"ipw/lib/cli"
	"ipw/lib/trace"
)

// progress is the line at the bottom of a terminal while a judge is at work.
// How many traces will come is not known: they may still be made.
type progress struct {
	line  *cli.Line
	begun time.Time

	mu                     sync.Mutex
	right, wrong, unscored int
}

func newProgress(c *cli.Context, toFile bool) *progress {
	p := &progress{begun: time.Now()}
	p.line = c.Progress(!toFile, func() string { return p.render(time.Since(p.begun)) })
	return p
}

func (p *progress) add(q *trace.QueryTrace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case q.IsResolved == nil:
		p.unscored++
	case *q.IsResolved:
		p.right++
	default:
		p.wrong++
	}
}

func (p *progress) render(elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.right + p.wrong + p.unscored
	return fmt.Sprintf("%d traces: %d right, %d wrong, %d unscored, %.3g a minute",
		n, p.right, p.wrong, p.unscored, float64(n)/max(elapsed.Minutes(), 1e-9))
}

func (p *progress) clear() { p.line.Clear() }

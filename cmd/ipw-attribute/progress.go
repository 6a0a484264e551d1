package main

import (
	"fmt"
	"sync"
	"time"

	"ipw/lib/cli"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// progress is what the bottom line of a terminal says: how much of the inputs
// has been read, how fast, how long the rest takes, and the joules of the traces
// written so far.
type progress struct {
	inputs []*stream.Input
	begun  time.Time

	mu     sync.Mutex
	traces int
	joules float64 // of the queries, less setup and scoring
}

func (p *progress) add(q *trace.QueryTrace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traces++
	if q.QueryEnergyJoules != nil {
		p.joules += q.QueryEnergyJoules.Float()
	}
}

func (p *progress) text() string {
	var read, size int64
	known := true
	for _, in := range p.inputs {
		r, s := in.Progress()
		read, size, known = read+r, size+s, known && s > 0
	}
	return p.render(read, size, known, time.Since(p.begun))
}

// render says what it can: of a pipe nobody knows how long it is.
func (p *progress) render(read, size int64, known bool, elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%d queries, %.4g J", p.traces, p.joules)
	if !known || size == 0 {
		return line + fmt.Sprintf(", %.3g queries/s", float64(p.traces)/elapsed.Seconds())
	}
	const mega = 1e6
	return fmt.Sprintf("%.1f/%.1f MB, %.3g MB/s", float64(read)/mega, float64(size)/mega, float64(read)/mega/elapsed.Seconds()) +
		cli.Left(float64(read), float64(size), elapsed) + "; " + line
}

package main

import (
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"ipw/lib/cli"
	"ipw/lib/column"
	"ipw/lib/export"
)

// progress is what the bottom line of a terminal says: queries written, how
// fast, how long the rest takes, and their joules.
type progress struct {
	total int
	begun time.Time

	mu     sync.Mutex
	done   int
	joules float64
}

var energyColumn = slices.IndexFunc(export.Columns(), func(c column.Column) bool { return c.Name == "query_energy_joules" })

// count passes rows on and counts them.
func (p *progress) count(rows iter.Seq2[export.Row, error]) iter.Seq2[export.Row, error] {
	return func(yield func(export.Row, error) bool) {
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
			if err == nil {
				p.add(row)
			}
		}
	}
}

func (p *progress) add(row export.Row) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if j, ok := row.Values[energyColumn].(float64); ok {
		p.joules += j
	}
}

func (p *progress) text() string { return p.render(time.Since(p.begun)) }

func (p *progress) render(elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d/%d queries, %.3g a second", p.done, p.total, float64(p.done)/elapsed.Seconds()) +
		cli.Left(float64(p.done), float64(p.total), elapsed) + fmt.Sprintf("; %.4g J", p.joules)
}

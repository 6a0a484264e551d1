package main

import (
	"testing"
	"time"

	"ipw/lib/export"
)

func TestProgressCountsWhatIsWritten(t *testing.T) {
	row := export.Row{Values: make([]any, len(export.Columns()))}
	row.Values[energyColumn] = 250.5
	p := &progress{total: 10}
	rows := func(yield func(export.Row, error) bool) {
		for range 2 {
			yield(row, nil)
		}
	}
	for range p.count(rows) {
	}
	if got, want := p.render(4*time.Second), "2/10 queries, 0.5 a second, 16s left; 501 J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

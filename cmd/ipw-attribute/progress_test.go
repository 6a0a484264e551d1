package main

import (
	"testing"
	"time"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

func TestProgressSaysWhatIsKnown(t *testing.T) {
	p := &progress{}
	j := 1500 * unit.Joule
	p.add(&trace.QueryTrace{QueryEnergyJoules: &j})
	p.add(&trace.QueryTrace{})
	if got, want := p.render(50e6, 200e6, true, 10*time.Second), "50.0/200.0 MB, 5 MB/s, 30s left; 2 queries, 1500 J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.render(0, 0, false, 4*time.Second), "2 queries, 1500 J, 0.5 queries/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

package attribute_test

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/trace"
)

var many = flag.Int("many", 60_000, "queries of the memory test")

// TestMemory: what an engine holds is bounded by what is open, not by how long
// the streams are.
func TestMemory(t *testing.T) {
	update := int64(1000)
	t.Run("counter", func(t *testing.T) {
		flat(t, *many, power.Domain{ID: "gpu:0", Kind: "gpu", Energy: power.Counter, Power: power.Instant, UpdateUs: &update})
	})
	t.Run("averaged watts", func(t *testing.T) { // whose past is kept
		flat(t, *many/10, power.Domain{ID: "cpu:0", Kind: "cpu", Energy: power.None, Power: power.Averaged, PowerWindowUs: 60_000})
	})
}

// flat attributes many queries to one domain.
func flat(t *testing.T, queries int, d power.Domain) {
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // a heap this small is collected all the time
	const every = 20_000                               // µs from one sample to the next
	const apart = 50_000                               // µs from one query to the next; each lasts longer
	traces := 0
	e := attribute.New(attribute.Options{MinCoverage: 0.9, Emit: func(*trace.QueryTrace) error { traces++; return nil }})
	e.Expect("power")
	e.EventHeader(&event.Header{Run: "r", Host: "h"})
	must(t, e.PowerHeader("power", &power.Header{Host: "h", IntervalUs: every, Domains: []power.Domain{d}}))
	j, w := []int64{0}, []int64{300_000_000}
	sampled, early := int64(epoch), int64(0)
	for i := range queries {
		start := epoch + 1 + int64(i)*apart
		tellQuery(e, i, start, apart)
		must(t, e.Known(start))
		for ; sampled < start; sampled += every {
			j[0] += 6_000_000
			must(t, e.PowerSample("power", &power.Sample{TUs: sampled, J: j, W: w}))
		}
		if i == queries/4 {
			early = heap()
		}
	}
	late := heap()
	must(t, e.Finish())
	if x := e.Totals(); traces != queries || !x.Balanced || x.Domains[0].Turns.Float() < 300*0.9*float64(queries)*apart/1e6 {
		t.Errorf("%d traces, totals %+v", traces, x)
	}
	t.Logf("%d MB after a quarter, %d MB at the end", early>>20, late>>20)
	const mayGrow = 4 << 20
	if late > early+mayGrow {
		t.Errorf("%d MB after %d queries, %d MB after %d", early>>20, queries/4, late>>20, queries)
	}
}

// tellQuery pushes the start of a query and the end of the one before, in the
// order of time.
func tellQuery(e *attribute.Engine, i int, start, length int64) {
	turn := 0
	tell := func(at int64, typ, query, span string) {
		e.Event(&event.Event{Type: typ, TUs: at, Query: query, Attempt: 1, Span: span, Turn: &turn})
	}
	this, before := fmt.Sprintf("q%07d", i), fmt.Sprintf("q%07d", i-1)
	tell(start, event.QueryStart, this, "")
	tell(start, event.LMStart, this, this+"l")
	if i > 0 {
		tell(start+length/4, event.LMEnd, before, before+"l")
		tell(start+length/4, event.QueryEnd, before, "")
	}
}

// heap is the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

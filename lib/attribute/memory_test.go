package attribute_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"

	"ipw/lib/attribute"
	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/trace"
)

var many = flag.Int("many", 200_000, "queries of the memory test")

// TestMemory: what an engine holds is bounded by what is open, not by how long
// the streams are.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const every = 20_000  // µs from one sample to the next
	const lasts = 100_000 // µs of a query, of which two are open
	traces := 0
	e := attribute.New(attribute.Options{MinCoverage: 0.9, Emit: func(*trace.QueryTrace) error { traces++; return nil }})
	e.Expect("power")
	update := int64(1000)
	e.EventHeader(&event.Header{Run: "r", Host: "h"})
	must(t, e.PowerHeader("power", &power.Header{Host: "h", IntervalUs: every, Domains: []power.Domain{
		{ID: "gpu:0", Kind: "gpu", Energy: power.Counter, Power: power.Instant, UpdateUs: &update},
		{ID: "cpu:0", Kind: "cpu", Energy: power.None, Power: power.Averaged, PowerWindowUs: 3 * every},
	}}))
	j, w := []int64{0, power.Null}, []int64{300_000_000, 50_000_000}
	sampled := int64(epoch)
	early := int64(0)
	for i := range *many {
		start := epoch + 1 + int64(i)*lasts/2
		tellQuery(e, fmt.Sprintf("q%07d", i), start, lasts)
		must(t, e.Known(start-1))
		for ; sampled < start; sampled += every {
			j[0] += 6_000_000
			must(t, e.PowerSample("power", &power.Sample{TUs: sampled, J: j, W: w}))
		}
		if i == *many/4 {
			early = heap()
		}
	}
	late := heap()
	must(t, e.Finish())
	if traces != *many || !e.Totals().Balanced {
		t.Errorf("%d traces, totals %+v", traces, e.Totals())
	}
	t.Logf("%d MB after a quarter, %d MB at the end", early>>20, late>>20)
	const mayGrow = 16 << 20
	if late > early+mayGrow {
		t.Errorf("%d MB after %d queries, %d MB after %d", early>>20, *many/4, late>>20, *many)
	}
}

// tellQuery pushes a query of one call and one tool. It begins before the one
// told last has ended; what both do is told in time order.
func tellQuery(e *attribute.Engine, id string, start, length int64) {
	span := func(s string) string { return id + s }
	tell := func(at int64, typ, query, span string) {
		turn := 0
		e.Event(&event.Event{Type: typ, TUs: at, Query: query, Attempt: 1, Span: span, Turn: &turn})
	}
	var before string
	var n int
	if fmt.Sscanf(id, "q%d", &n); n > 0 {
		before = fmt.Sprintf("q%07d", n-1)
	}
	tell(start, event.QueryStart, id, "")
	tell(start+1, event.LMStart, id, span("l"))
	if before != "" {
		tell(start+length/8, event.LMEnd, before, before+"l")
		tell(start+length/8, event.ToolStart, before, before+"t")
		tell(start+length/4, event.ToolEnd, before, before+"t")
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

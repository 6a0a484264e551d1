package perf

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A real event, of the kind that every kernel has: the processor's clock.
func TestRealEvent(t *testing.T) {
	ev, err := openEvent("/sys", unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_CPU_CLOCK, 0)
	if err != nil {
		t.Skipf("events of the whole machine are not allowed here: %v", err)
	}
	first, err := ev.Count()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Millisecond)
	if second, err := ev.Count(); err != nil || second <= first {
		t.Errorf("%d, then %d, %v", first, second, err)
	}
	if n := testing.AllocsPerRun(100, func() { ev.Count() }); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
	if err := ev.Close(); err != nil {
		t.Error(err)
	}
}

func TestCounted(t *testing.T) {
	if n, err := counted([]byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil || n != 1 && n != 1<<56 {
		t.Error(n, err)
	}
	for _, b := range [][]byte{nil, {1, 2, 3}} {
		if _, err := counted(b); err != errShort {
			t.Errorf("%v: %v", b, err)
		}
	}
}

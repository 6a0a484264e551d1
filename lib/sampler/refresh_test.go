package sampler

import (
	"testing"

	"ipw/lib/power"
)

// A value that is renewed every 100 ms and read every 30 ms is seen to stand for
// 90 or 120 ms; one that is new at every look says nothing.
func TestRefresh(t *testing.T) {
	var slow, fast, torn refresh
	for at := int64(0); at < 10_000_000; at += 30_000 {
		slow.see(at, at/100_000)
		fast.see(at, at)
		if v := at / 100_000; at%210_000 == 0 {
			torn.see(at, power.Null)
		} else {
			torn.see(at, v)
		}
	}
	if p := slow.seen(); p == nil || p.P50 < 90_000 || p.Max != 120_000 {
		t.Errorf("%+v", p)
	}
	if p := fast.seen(); p != nil {
		t.Errorf("%+v", p)
	}
	if p := torn.seen(); p == nil || p.Max > 120_000 {
		t.Errorf("%+v", p)
	}
}

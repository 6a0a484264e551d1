package clock

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Of several readings the one counts that was interrupted least.
func TestQuickest(t *testing.T) {
	at := func(ns int64) unix.PtpClockTime { return unix.PtpClockTime{Sec: ns / 1e9, Nsec: uint32(ns % 1e9)} }
	o := quickest([][3]unix.PtpClockTime{
		{at(5e9), at(42e9), at(5e9 + 90_000)},
		{at(6e9), at(43e9 + 700), at(6e9 + 1000)},
		{at(7e9), at(44e9), at(7e9 + 5000)},
	})
	if o != (phcOffset{ns: 37e9 + 200, within: 501}) {
		t.Errorf("%+v", o)
	}
	if b := o.bound(37); b != 701 {
		t.Errorf("%d", b)
	}
	if _, err := readPHC("no-such-card"); err == nil {
		t.Error("a card that is not there was read")
	}
}

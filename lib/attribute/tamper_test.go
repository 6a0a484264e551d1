package attribute

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/unit"
)

// TestBalanceSeesWrongCharges breaks the account of a query on purpose, after
// it was worked out and before it is added up. The balance must fail by exactly
// what was done, and must close where nothing was.
func TestBalanceSeesWrongCharges(t *testing.T) {
	const dir = "testdata/examples/a-tool-outlives-the-next-model-call/"
	at := func(a *account, num int) *int64 { return &a.numbers[num].doms[0].nj }
	for _, c := range []struct {
		name   string
		tamper func(*account)
		off    unit.Joules // what the parts then have too much
	}{
		{"nothing", func(*account) {}, 0},
		{"a nanojoule more in a turn", func(a *account) { *at(a, a.turns[1].number)++ }, 1},
		{"a nanojoule less in a turn", func(a *account) { *at(a, a.turns[0].number)-- }, -1},
		{"a turn is lost", func(a *account) { a.turns = a.turns[:1] }, -1050 * unit.Joule},
		{"a turn counts twice", func(a *account) { a.turns = append(a.turns, a.turns[0]) }, 1350 * unit.Joule},
		{"a turn gets all of the query", func(a *account) { *at(a, a.turns[0].number) = *at(a, numQuery) }, 1650 * unit.Joule},
		{"overhead is cut at zero", func(a *account) { *at(a, numOverhead) = 0 }, -600 * unit.Joule},
		{"setup that was none", func(a *account) { *at(a, numSetup) = 5 }, 5},
		{"from one turn to another, which no balance sees", func(a *account) { *at(a, a.turns[0].number) -= 7; *at(a, a.turns[1].number) += 7 }, 0},
	} {
		e, q := attributed(t, dir)
		if x := e.Totals(); !x.Balanced || x.Domains[1].Turns.String() != "2400" {
			t.Fatalf("%s: before: %+v", c.name, x)
		}
		for _, d := range e.domains { // once more, from what the devices used
			sums := e.totals.of(d)
			*sums = domTotals{measuredUs: sums.measuredUs, device: sums.device, idle: sums.idle}
		}
		a := &account{e: e, q: q, domains: e.domains}
		a.build()
		c.tamper(a)
		a.addTotals()
		got := e.Totals()
		var want unit.Sum
		want.Add(-c.off)
		if got.Balanced != (c.off == 0) {
			t.Errorf("%s: balanced is %v", c.name, got.Balanced)
		}
		for _, d := range got.Domains {
			if d.ID == "gpu:0" && d.BalanceError != want {
				t.Errorf("%s: balance_error_joules of %s is %s, want %s", c.name, d.ID, d.BalanceError, want)
			}
		}
	}
}

// attributed runs an engine over a worked history and returns its query too.
func attributed(t *testing.T, dir string) (*Engine, *query) {
	t.Helper()
	e := New(Options{MinCoverage: 0.9})
	var q *query
	eachEvent(t, dir+"events.jsonl", func(r *event.Record) {
		switch {
		case r.Header != nil:
			e.LearnEvents(r.Header, false)
			e.EventHeader(r.Header)
		case r.Event != nil:
			ev := *r.Event
			e.Event(&ev)
		default:
			e.EventEnd(r.End)
		}
	})
	eachPower(t, dir+"power.jsonl", func(r *power.Record) error {
		for _, o := range e.open {
			q = o
		}
		switch {
		case r.Header != nil:
			e.LearnPower(r.Header, false)
			return e.PowerHeader("power", r.Header)
		case r.Sample != nil:
			if err := e.PowerSample("power", r.Sample); err != nil {
				return err
			}
			return e.Known(r.Sample.TUs)
		}
		return e.PowerEnd("power")
	})
	if err := e.Finish(); err != nil || q == nil {
		t.Fatal(q, err)
	}
	return e, q
}

func input(t *testing.T, path string) *stream.Input {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return stream.NewInput(path, bytes.NewReader(b))
}

func eachEvent(t *testing.T, path string, do func(*event.Record)) {
	t.Helper()
	r := event.NewReader(&stream.Problems{}, input(t, path))
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		do(rec)
	}
}

func eachPower(t *testing.T, path string, do func(*power.Record) error) {
	t.Helper()
	r := power.NewReader(&stream.Problems{}, input(t, path))
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = do(rec)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"

	"ipw/lib/clock"
	"ipw/lib/stream"
)

func TestReader(t *testing.T) {
	var said []string
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	text := head
	for _, c := range events {
		text += c.line + "\n"
	}
	n := strings.Count(text, "\n") - 2 // one line of the table is blank
	text += fmt.Sprintf(`{"type":"end","records":%d,"status":"interrupted"}`+"\n", n)
	r := NewReader(p, stream.NewInput("e", strings.NewReader(text)))
	defer r.Close()
	kept := make(map[*Event]string)
	lines := strings.Split(text, "\n")
	good := 0
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.File != "e" || lines[rec.Line-1] != string(rec.Raw) {
			t.Errorf("%s is not at %s:%d", rec.Raw, rec.File, rec.Line)
		}
		switch {
		case rec.Header != nil && rec.Header.Run != "r", rec.End != "" && rec.End != "interrupted":
			t.Errorf("%s", rec.Raw)
		case rec.Event != nil:
			good++
			kept[rec.Event] = string(rec.Raw)
		}
	}
	for e, line := range kept { // an event may be kept
		var again Event
		err := Parse([]byte(line), &again)
		if again.room = e.room; err != nil || !reflect.DeepEqual(e, &again) {
			t.Errorf("%+v is not %s any more", e, line)
		}
	}
	if good+len(said) != n || p.Err() == nil || said[0] != "e:18: record without t_us" {
		t.Errorf("%d of %d, said %q, %v", good, n, said, p.Err())
	}
}

func TestReaderHeader(t *testing.T) {
	for line, want := range map[string]string{
		`{"type":"header","schema":"ipw.events/1","run":5}`:              `e:1: header: field "run" is a number, not a string`,
		`{"type":"header","schema":"ipw.events/1","clock_error_us":"x"}`: `e:1: header: field "clock_error_us" is a string, not an integer`,
		`{"type":"header","schema":"ipw.power/1"}`:                       `e:1: schema "ipw.power/1", want "ipw.events/1"`,
	} {
		if _, err := NewReader(new(stream.Problems), stream.NewInput("e", strings.NewReader(line+"\n"))).Next(); message(err) != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	text := `{"type":"header","schema":"ipw.events/1","run":"r@1","host":"h","boot_id":"b","clock_error_us":0,"t_us":5,"tool":"x 1","agent":"a","model":"m","dataset":"d","config":{"max_turns":20,"x":[null]}}`
	rec, err := NewReader(new(stream.Problems), stream.NewInput("e", strings.NewReader(text+"\n"))).Next()
	if err != nil {
		t.Fatal(err)
	}
	if again := must(stream.AppendJSON(nil, rec.Header)); string(again) != text {
		t.Errorf("got  %s\nwant %s", again, text)
	}
}

// Stamps never fall, whoever writes.
func TestWriter(t *testing.T) {
	var b bytes.Buffer
	now := int64(1000)
	tick := func() clock.Stamp { now++; return clock.Stamp{TUs: now, MUs: now - 900} } // guarded by the writer's lock
	w := NewWriter(stream.NewWriter(&b), tick)
	if err := w.Header(Header{Run: "r", Type: "x", Schema: "y"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 100 {
				if err := w.Emit(Event{Type: Retry, Query: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	text := "\x9b\x7f\x1b[2J<&>"
	if err := errors.Join(w.Emit(Event{Type: QueryEnd, Query: "0", ResponseText: &text}), w.End("ok")); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.HasPrefix(s, `{"type":"header","schema":"ipw.events/1","run":"r","t_us":1001}`) || !strings.Contains(s, `"\ufffd\u007f\u001b[2J<&>"`) {
		t.Errorf("%s", s)
	}
	p := new(stream.Problems)
	r := NewReader(p, stream.NewInput("e", &b))
	n, last := 0, int64(0)
	for rec, err := r.Next(); err == nil; rec, err = r.Next() {
		if rec.Event == nil {
			continue
		}
		if n++; rec.Event.TUs <= last || *rec.Event.MUs != rec.Event.TUs-900 {
			t.Fatalf("%d behind %d", rec.Event.TUs, last)
		}
		last = rec.Event.TUs
	}
	if n != 401 || p.Err() != nil {
		t.Errorf("%d events, %v", n, p.Err())
	}
}

// BenchmarkReader reads what an agent writes in a turn, again and again.
func BenchmarkReader(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(head)
	const n = 20000
	for i := range n {
		text.WriteString(events[i%8].line + "\n")
	}
	fmt.Fprintf(&text, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(new(stream.Problems), stream.NewInput("e", bytes.NewReader(text.Bytes())))
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkWriter(b *testing.B) {
	s := stream.NewWriter(io.Discard)
	s.Lazy()
	w := NewWriter(s, clock.System)
	if err := w.Header(Header{}); err != nil {
		b.Fatal(err)
	}
	var e Event
	if err := Parse([]byte(events[3].line), &e); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Emit(e); err != nil {
			b.Fatal(err)
		}
	}
}

// What is released is filled again, and what is not stays.
func TestRelease(t *testing.T) {
	var lines strings.Builder
	lines.WriteString(`{"type":"header","schema":"ipw.events/1","t_us":1}` + "\n")
	const n = 200
	for i := range n {
		fmt.Fprintf(&lines, `{"type":"retry","t_us":%d,"span":"s%d"}`+"\n", i, i)
	}
	fmt.Fprintf(&lines, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	r := NewReader(new(stream.Problems), stream.NewInput("e", strings.NewReader(lines.String())))
	places, kept := make(map[*Event]bool), make(map[string]*Event)
	for i := 0; i < n; {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		e := rec.Event
		if e == nil {
			continue
		}
		if want := fmt.Sprintf("s%d", i); e.Span != want || e.TUs != int64(i) || e.Type != Retry || e.Query != "" {
			t.Fatalf("%+v, want %s", e, want)
		}
		places[e] = true
		if i%10 == 0 {
			kept[e.Span] = e
		} else {
			e.Query = "used"
			Release([]*Event{e, {}})
		}
		i++
	}
	for span, e := range kept {
		if e.Span != span {
			t.Errorf("%s is %+v now", span, e)
		}
	}
	if len(places) > n/2 {
		t.Errorf("%d places for %d events", len(places), n)
	}
}

package stream

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := errors.Join(w.Header(header{"header", "s/1"}), w.Record(map[string]int{"t_us": 1}),
		w.Append(func(b []byte) ([]byte, error) { return append(b, rec(2)...), nil })); err != nil {
		t.Fatal(err)
	}
	if b.String() != lines(head, rec(1), rec(2)) {
		t.Errorf("not written at once: %q", b.String())
	}
	if w.Header(nil) == nil {
		t.Error("header within a segment")
	}
	// What cannot be written is not counted.
	if w.Record(math.NaN()) == nil || w.Record(map[string]float64{"w": math.Inf(1)}) == nil || w.Append(func([]byte) ([]byte, error) { return nil, errors.New("x") }) == nil {
		t.Error("NaN was written")
	}
	if err := w.End("ok", map[string]any{"missed_ticks": 3}); err != nil || w.Records() != 2 {
		t.Errorf("%v, %d records", err, w.Records())
	}
	if err := w.End("ok", nil); err != nil {
		t.Error(err)
	}
	if want := lines(head, rec(1), rec(2), `{"type":"end","records":2,"status":"ok","missed_ticks":3}`); b.String() != want {
		t.Errorf("%q", b.String())
	}
	if got := read(new(Problems), NewInput("a", &b)); got.at != nil || got.err != nil {
		t.Errorf("%+v", got)
	}
}

func TestWriterLazy(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Lazy()
	if err := errors.Join(w.Header(header{"header", "s/1"}), w.Record(map[string]int{"t_us": 1})); err != nil || b.Len() != 0 {
		t.Errorf("%v, %q", err, b.String())
	}
	if err := w.Flush(); err != nil || b.String() != lines(head, rec(1)) {
		t.Errorf("%v, %q", err, b.String())
	}
}

// A header that cannot be written begins no segment.
func TestWriterBadHeader(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if w.Header(math.NaN()) == nil {
		t.Error("NaN was written")
	}
	if err := w.Header(header{"header", "s/1"}); err != nil || b.String() != head+"\n" {
		t.Errorf("%v, %q", err, b.String())
	}
}

type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

// Once a write has failed, everything fails: the file ends there.
func TestWriterError(t *testing.T) {
	w := NewWriter(&broken{after: 2})
	errs := []error{w.Header(header{}), w.Record(1), w.Record(2), w.Record(3), w.End("ok", nil), w.Close()}
	for i, err := range errs {
		if (err == nil) != (i < 2) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// Stamp and place in the stream are taken under one lock, so stamps never fall.
func TestWriterConcurrent(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := w.Header(header{"header", "s/1"}); err != nil {
		t.Fatal(err)
	}
	clock := 0 // guarded by the writer's lock, as its callers rely on
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_ = w.Append(func(b []byte) ([]byte, error) {
					clock++
					return fmt.Appendf(b, `{"t_us":%d}`, clock), nil
				})
				_ = w.Records()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(w.End("ok", nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	got := read(new(Problems), NewInput("a", &b))
	if got.at != nil || len(got.lines) != 1602 {
		t.Fatalf("%d lines, %v", len(got.lines), got.at)
	}
	for i, line := range got.lines[1:1601] {
		if line != rec(i+1) {
			t.Fatalf("line %d is %s", i, line)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	for want, v := range map[string]any{
		`"a\u007fb\u0080\u009f` + "\u00a0" + `\u001b<>&"`: "a\x7fb\u0080\u009f\u00a0\x1b<>&",
		`"\ufffd"`:       "\xff",
		`{"ü":"\u2028"}`: map[string]string{"ü": "\u2028"},
	} {
		if got, err := AppendJSON(nil, v); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(-1), []float64{math.NaN()}} {
		if b, err := AppendJSON([]byte("x"), v); err == nil || string(b) != "x" {
			t.Errorf("%v: %q, %v", v, b, err)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"", 0, ""}, {"abcdef", 4, "ab…[2 bytes cut]…ef"}, {"abcdefg", 5, "ab…[2 bytes cut]…efg"},
		{"ääää", 5, "ä…[4 bytes cut]…ä"},
	} {
		if got := Clip(c.s, c.n); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
	}
	for n := range 40 {
		s := strings.Repeat("aß→😀", 5)
		got := Clip(s, n)
		head, rest, cut := strings.Cut(got, "…[")
		_, tail, _ := strings.Cut(rest, " bytes cut]…")
		var dropped int
		_, _ = fmt.Sscan(rest, &dropped)
		if !utf8.ValidString(got) || cut && (len(head)+len(tail) > n || len(head)+dropped+len(tail) != len(s) || !strings.HasPrefix(s, head) || !strings.HasSuffix(s, tail)) {
			t.Errorf("Clip(s, %d) = %q", n, got)
		}
	}
	if s := Clip(strings.Repeat("\x80", 100), 10); len(s) > 60 {
		t.Errorf("foreign bytes: %q", s)
	}
}

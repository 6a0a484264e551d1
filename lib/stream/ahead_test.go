package stream

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"testing/iotest"
)

// knowing passes as many of the records that it can tell as counts says, in turn.
func knowing(counts []byte) func(*Reader) []string {
	turn := 0
	return func(r *Reader) (passed []string) {
		if len(counts) == 0 {
			return nil
		}
		want := int(counts[turn%len(counts)] % 4)
		turn++
		n := 0
		for b := r.Ahead(); len(passed) < want; {
			line, _, whole := bytes.Cut(b[n:], []byte("\n"))
			if !whole || !known(line) {
				break
			}
			passed = append(passed, string(line))
			n += len(line) + 1
		}
		if n > 0 {
			r.Pass(n, len(passed))
		}
		return passed
	}
}

func decode(line []byte) error {
	var v struct {
		T *int64 `json:"t_us"`
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return WrongType(err)
	}
	return nil
}

// known reports a line that can be nothing but a record.
func known(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"t_us"`)) && bytes.HasSuffix(line, []byte(`}`)) && decode(line) == nil && Type(line) == ""
}

// Whatever the bytes, however they come and wherever they are cut into inputs:
// whoever passes records that he knows reads the rest as if he had not.
func FuzzAhead(f *testing.F) {
	for _, s := range []string{
		lines(head, rec(1), rec(2), rec(3), rec(4), end(4)),
		lines(head, rec(1), rec(2), "x", rec(3), rec(4)) + rec(5) + lines(head, rec(6), end(1)),
		"\xef\xbb\xbf" + head + "\r\n" + rec(1) + "\n\n" + lines(rec(2), end(2), rec(3), head, rec(4)) + `{"t_us`,
		lines(rec(1), head, end(0), other),
	} {
		f.Add([]byte(s), uint16(0), []byte{2})
		f.Add([]byte(s), uint16(len(s)/2), []byte{3, 0, 1})
	}
	f.Fuzz(func(t *testing.T, text []byte, cut uint16, counts []byte) {
		at := min(int(cut), len(text))
		a, b := text[:at], text[at:]
		want := read(new(Problems), NewInput("a", bytes.NewReader(a)), NewInput("b", bytes.NewReader(b)))
		for i, got := range []result{
			passing(new(Problems), knowing(counts), NewInput("a", bytes.NewReader(a)), NewInput("b", bytes.NewReader(b))),
			passing(new(Problems), knowing(counts), NewInput("a", iotest.OneByteReader(bytes.NewReader(a))), NewInput("b", iotest.HalfReader(bytes.NewReader(b)))),
		} {
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q, way %d\ngot  %+v\nwant %+v", text, i, got, want)
			}
		}
	})
}

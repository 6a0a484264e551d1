package stream

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// What is read with shared memory is what is read without, and stays so while
// other lines are read.
func TestMemory(t *testing.T) {
	type record struct {
		text  string
		n     *int64
		f     *float64
		b     *bool
		long  *string
		extra string
	}
	read := func(s Scanner) (r record) {
		for s.Next() {
			switch string(s.Key()) {
			case "text":
				s.Text(&r.text)
			case "n":
				s.OptInt(&r.n)
			case "f":
				s.OptFloat(&r.f)
			case "b":
				s.OptBool(&r.b)
			case "long":
				s.OptText(&r.long)
			default:
				s.Text(&r.extra)
			}
		}
		return r
	}
	var m Memory
	var got, want []record
	for i := range 2000 {
		line := fmt.Appendf(nil, `{"text":"q%03d","n":%d,"f":%d.5,"b":%t,"long":%q,"other":"ü\n%d"}`,
			i%300, i, i, i%3 == 0, strings.Repeat("x", i%100), i%7)
		got = append(got, read(m.Scan(line)))
		want = append(want, read(Scan(line)))
		clear(line) // the line's memory is the reader's
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("records differ")
	}
}

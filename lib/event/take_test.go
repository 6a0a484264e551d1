package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ipw/lib/stream"
)

// told is all that a Reader tells of its inputs: records, problems, the error.
func told(inputs ...io.Reader) (words []string) {
	p, in := listening(&words, inputs)
	r := NewReader(p, in...)
	for {
		rec, err := r.Next()
		if err != nil {
			return append(words, fmt.Sprint(err, p.Err()))
		}
		words = append(words, fmt.Sprintf("%s:%d: %q", rec.File, rec.Line, rec.Raw))
		if rec.Event != nil {
			words = append(words, text(rec.Event))
		}
	}
}

// toldLineByLine is told without a Reader: each line is looked at as one of any
// stream, and parsed by itself.
func toldLineByLine(inputs ...io.Reader) (words []string) {
	p, in := listening(&words, inputs)
	r := stream.NewReader(Schema, p, in...)
	for {
		line, err := r.Next()
		if err != nil {
			return append(words, fmt.Sprint(err, p.Err()))
		}
		var e Event
		switch line.Kind {
		case stream.Header:
			if err := json.Unmarshal(line.Bytes, new(Header)); err != nil {
				return append(words, fmt.Sprint(line.Errorf("header: %v", stream.WrongType(err)), p.Err()))
			}
		case stream.Record:
			if err := Parse(line.Bytes, &e); err != nil {
				r.Reject(err)
				continue
			}
		}
		words = append(words, fmt.Sprintf("%s:%d: %q", line.File, line.Num, line.Bytes))
		if line.Kind == stream.Record {
			words = append(words, text(&e))
		}
	}
}

func listening(words *[]string, inputs []io.Reader) (*stream.Problems, []*stream.Input) {
	var in []*stream.Input
	for i, r := range inputs {
		in = append(in, stream.NewInput(fmt.Sprint("e", i), r))
	}
	return &stream.Problems{Print: func(s string) { *words = append(*words, s) }}, in
}

func text(e *Event) string {
	b, err := stream.AppendJSON(nil, e)
	return fmt.Sprint(string(b), err)
}

// However a stream comes and wherever it is cut into files: what Reader takes in
// passing is told as if it were looked at line by line.
func FuzzTake(f *testing.F) {
	var all strings.Builder
	for _, c := range events {
		all.WriteString(c.line + "\n")
	}
	start, stop := events[0].line, `{"type":"query_end","t_us":5}`
	for _, s := range []string{
		head + all.String() + `{"type":"end","records":5,"status":"ok"}` + "\n",
		head + start + "\r\n" + stop + "\r\r\n" + start + " \n\n" + start + head + stop,
		head + `{"type":"query_end","t_us":5,"type":"end"}` + "\n" + `{"type":"end","t_us":5,"type":"query_end"}` + "\n" + stop + "\n" + `{"type":"\u0065nd"}` + "\n",
		head + `{"type":"query_end","t_us":5` + head + stop + "\n" + `{"type":"query_end","t_us":7}` + "\x00\x00",
		head + `{"type":"query_end","t_us":5,"what":"` + strings.ReplaceAll(strings.TrimSpace(head), `"`, `\"`) + `"}` + "\n" + `{"type":"retry"}` + "\n" + `{"type":"header","x":1}` + "\n",
		stop + "\n" + head + `{"type":"marker","t_us":5}` + "\n" + `{"t_us":5,"type":"retry"}` + "\n",
	} {
		f.Add([]byte(s), uint16(0))
		f.Add([]byte(s), uint16(len(head)))
		f.Add([]byte(s), uint16(len(s)*2/3))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		at := min(int(cut), len(b))
		want := toldLineByLine(bytes.NewReader(b[:at]), bytes.NewReader(b[at:]))
		for _, got := range [][]string{
			told(bytes.NewReader(b[:at]), bytes.NewReader(b[at:])),
			told(iotest.OneByteReader(bytes.NewReader(b[:at])), iotest.HalfReader(bytes.NewReader(b[at:]))),
		} {
			if !slices.Equal(got, want) {
				t.Fatalf("%q\ngot\n%s\nwant\n%s", b, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

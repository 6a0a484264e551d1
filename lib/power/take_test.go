package power

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"ipw/lib/stream"
)

// pieces gives text piece by piece, cut as sizes say.
type pieces struct {
	text  []byte
	sizes []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := len(p.text)
	if len(p.sizes) > 0 {
		n, p.sizes = min(n, 1+int(p.sizes[0])), p.sizes[1:]
	}
	n = copy(b, p.text[:n])
	p.text = p.text[n:]
	return n, nil
}

// told is all that a reader tells of its inputs: records, problems, the error.
func told(take bool, inputs ...io.Reader) (words []string) {
	problems := &stream.Problems{Print: func(s string) { words = append(words, s) }}
	var in []*stream.Input
	for i, r := range inputs {
		in = append(in, stream.NewInput(fmt.Sprint("p", i), r))
	}
	r := NewReader(problems, in...)
	var s Sample
	for {
		if take && r.Take(&s) {
			words = append(words, fmt.Sprint(s))
			continue
		}
		rec, err := r.NextInto(&s)
		switch {
		case err != nil:
			return append(words, fmt.Sprint(err, problems.Err()))
		case rec.Sample == nil:
			words = append(words, fmt.Sprintf("%s:%d: %s", rec.File, rec.Line, rec.Raw))
		default:
			s.Util, s.MemBytes, s.TempC = nil, nil, nil
			words = append(words, fmt.Sprint(s))
		}
	}
}

// However a stream comes and wherever it is cut into files, taking what can be
// taken tells what Next alone tells.
func FuzzTake(f *testing.F) {
	end := func(n int) string { return fmt.Sprintf(`{"type":"end","records":%d,"status":"ok"}`+"\n", n) }
	some := strings.Join(shapes, "\n") + "\n"
	for _, s := range []string{
		header + "\n" + some + end(len(shapes)-1),
		header + "\n" + some + end(5) + header + "\n" + some + `{"t_us":17` + header + "\n" + shapes[0] + "\n\n" + shapes[1] + header + "\n",
		"\xef\xbb\xbf" + header + "\r\n" + shapes[0] + "\r\n" + ` {"t_us": 5}` + "\n" + shapes[1] + "\n\x00\x00",
		header + "\n" + shapes[0] + "\nx\n" + shapes[0] + "\n" + `{"type":"note","t_us":1}` + "\n" + shapes[1] + "\n" + shapes[3],
		shapes[0] + "\n" + header + "\n" + end(0) + shapes[0] + "\n",
		header + "\n" + strings.Repeat(shapes[0]+"\n", 50) + end(50),
	} {
		for _, cut := range []uint16{0, 1, 700, 1000} {
			f.Add([]byte(s), cut, []byte{5, 200, 0, 100, 90, 80, 255, 255, 255, 255, 3})
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, cut uint16, sizes []byte) {
		at := min(int(cut), len(text))
		want := told(false, bytes.NewReader(text[:at]), bytes.NewReader(text[at:]))
		got := told(true, &pieces{text[:at], sizes}, &pieces{text[at:], sizes})
		if !slices.Equal(got, want) {
			t.Fatalf("%q\ngot\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Of a file nearly all samples are taken.
func TestTake(t *testing.T) {
	text := header + "\n" + strings.Repeat(shapes[0]+"\n", 10000)
	r := NewReader(new(stream.Problems), stream.NewInput("p", strings.NewReader(text)))
	var s Sample
	taken, read := 0, 0
	for {
		if r.Take(&s) {
			taken++
			continue
		}
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if read++; rec.End != "" && rec.Line != 10001 {
			t.Errorf("the segment ends in line %d", rec.Line)
		}
	}
	if taken < 9990 || taken+read != 10002 {
		t.Errorf("%d taken, %d read", taken, read)
	}
}

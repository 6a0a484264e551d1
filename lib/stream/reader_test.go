package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	head  = `{"type":"header","schema":"s/1"}`
	other = `{"type":"header","schema":"s/2"}`
)

// rec and end are lines of a segment.
func rec(n int) string { return fmt.Sprintf(`{"t_us":%d}`, n) }

func end(n int) string { return fmt.Sprintf(`{"type":"end","records":%d,"status":"ok"}`, n) }

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

// result is what reading gave, in words.
type result struct {
	lines []string // "header", the text of a record, "end STATUS"
	said  []string
	err   error // of Next
	at    error // of Problems
}

// read reads inputs as a decoder would: a line that is not JSON, or whose t_us
// is no number, is rejected.
func read(p *Problems, inputs ...*Input) result {
	return passing(p, func(*Reader) []string { return nil }, inputs...)
}

// passing is read that passes records before each line.
func passing(p *Problems, pass func(*Reader) []string, inputs ...*Input) result {
	var r result
	p.Print = func(s string) { r.said = append(r.said, s) }
	in := NewReader("s/1", p, inputs...)
	defer in.Close()
	for {
		r.lines = append(r.lines, pass(in)...)
		line, err := in.Next()
		if err != nil {
			if err != io.EOF {
				r.err = err
			}
			r.at = p.Err()
			return r
		}
		switch {
		case line.Kind == Header:
			r.lines = append(r.lines, "header")
		case line.Kind == End:
			r.lines = append(r.lines, "end "+line.Status)
		default:
			if err := decode(line.Bytes); err != nil {
				in.Reject(err)
				continue
			}
			r.lines = append(r.lines, string(line.Bytes))
		}
	}
}

func texted(text ...string) []*Input {
	var in []*Input
	for i, s := range text {
		in = append(in, NewInput(string(rune('a'+i)), strings.NewReader(s)))
	}
	return in
}

func TestReader(t *testing.T) {
	whole := lines(head, rec(1), rec(2), end(2))
	for _, c := range []struct {
		name   string
		inputs []string
		lines  string // joined by a blank
		said   string // joined by |
		err    string
		at     string
	}{
		{"one segment", []string{whole}, `header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"no newline at the end", []string{strings.TrimSuffix(whole, "\n")}, `header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"no records", []string{lines(head, end(0))}, "header end ok", "", "", ""},
		{"cat a b", []string{whole + whole}, `header {"t_us":1} {"t_us":2} end ok header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"cat a b without newline between", []string{strings.TrimSuffix(whole, "\n") + whole}, `header {"t_us":1} {"t_us":2} end ok header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"two inputs", []string{whole, whole}, `header {"t_us":1} {"t_us":2} end ok header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"a segment over two inputs", []string{lines(head, rec(1)), lines(rec(2), end(2))}, `header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"blank lines, CR, byte order mark", []string{"\xef\xbb\xbf" + head + "\r\n\r\n \t\n" + rec(1) + "\r\n" + end(1) + "\r\n\n"}, `header {"t_us":1} end ok`, "", "", ""},
		{"byte order mark of the second file", []string{whole + "\xef\xbb\xbf" + whole}, `header {"t_us":1} {"t_us":2} end ok header {"t_us":1} {"t_us":2} end ok`, "", "", ""},
		{"white space in a line", []string{lines(` { "schema" : "s/1" , "type" : "header" } `, rec(1), `{"status":"ok", "records":1, "type":"end"}`)}, `header {"t_us":1} end ok`, "", "", ""},
		{"other statuses", []string{lines(head, `{"type":"end","records":0,"status":"interrupted"}`, head, `{"type":"end","records":0,"status":"failed"}`)}, "header end interrupted header end failed", "", "", ""},
		{"unknown status", []string{lines(head, `{"type":"end","records":0,"status":"x\u001by"}`)}, "header end failed", `a:2: end with unknown status "x\x1by", taken as failed`, "", ""},
		{"unknown types and fields", []string{lines(head, `{"type":"new","t_us":1,"x":{}}`, `{"type":"end","records":1,"status":"ok","more":1}`)}, `header {"type":"new","t_us":1,"x":{}} end ok`, "", "", ""},

		{"no end", []string{lines(head, rec(1))}, `header {"t_us":1} end incomplete`, "a:2: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"header only", []string{lines(head)}, `header end incomplete`, "a:1: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"no end before a header", []string{lines(head, rec(1)) + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"no end before the next input", []string{lines(head, rec(1)), whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"wrong number", []string{lines(head, rec(1), end(2)) + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: incomplete: the end line says 2 records, 1 are there", "", "input incomplete: 1 segment without a proper end"},
		{"no number", []string{lines(head, `{"type":"end","status":"ok"}`)}, `header end incomplete`, "a:2: incomplete: the end line does not say how many records there are", "", "input incomplete: 1 segment without a proper end"},
		{"two incomplete ones", []string{lines(head, head)}, `header end incomplete header end incomplete`, "a:1: incomplete: no end line before the next header|a:2: incomplete: no end line, the producer died", "", "input incomplete: 2 segments without a proper end"},

		{"torn", []string{lines(head, rec(1)) + `{"t_us":2`}, `header {"t_us":1} end incomplete`, "a:3: torn last line dropped|a:2: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"torn, with newline", []string{lines(head, rec(1), `{"t_us":2`)}, `header {"t_us":1} end incomplete`, "a:3: torn last line dropped|a:3: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"torn before a header", []string{lines(head, rec(1), `{"t_us":2,"j":[`) + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: torn last line dropped|a:3: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"torn, glued to a header", []string{lines(head, rec(1)) + `{"t_us":2,"j":[` + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: torn last line dropped|a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"torn twice, glued to a header", []string{lines(head, rec(1)) + `{"t_us":2,"j":[` + `{"type":"header","sch` + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: torn last line dropped|a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"glued to a header with white space", []string{lines(head) + `{"t_us` + `{ "type": "header", "schema":"s/1"}` + "\n" + end(0)}, `header end incomplete header end ok`, "a:2: torn last line dropped|a:1: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"whole record glued to a header", []string{lines(head) + rec(1) + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"torn in the first input", []string{lines(head, rec(1)) + `{"t_u`, whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: torn last line dropped|a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"torn end", []string{lines(head, rec(1)) + `{"type":"end","rec`}, `header {"t_us":1} end incomplete`, "a:3: torn last line dropped|a:2: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"torn end before a header", []string{lines(head, `{"type":"end","rec`) + whole}, `header end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:2: torn last line dropped|a:2: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"zero bytes of a crash", []string{lines(head, rec(1)) + `{"t_us":2` + "\x00\x00\x00\n" + whole}, `header {"t_us":1} end incomplete header {"t_us":1} {"t_us":2} end ok`, "a:3: torn last line dropped|a:3: incomplete: no end line before the next header", "", "input incomplete: 1 segment without a proper end"},
		{"torn behind an end", []string{whole + `{"type":"head`}, `header {"t_us":1} {"t_us":2} end ok`, "a:5: torn last line dropped", "", ""},
		{"torn behind an end before a header", []string{whole + lines(`{"type":"head`) + whole}, `header {"t_us":1} {"t_us":2} end ok header {"t_us":1} {"t_us":2} end ok`, "a:5: torn last line dropped", "", ""},
		{"torn before the first header", []string{lines(`{"type":"header","sch`) + whole}, `header {"t_us":1} {"t_us":2} end ok`, "a:1: torn last line dropped", "", ""},
		{"wrong type before a header is not torn", []string{lines(head, `{"t_us":"x"}`) + whole}, `header end incomplete header {"t_us":1} {"t_us":2} end ok`, `a:2: field "t_us" is a string, not an integer|a:2: incomplete: no end line before the next header`, "", "1 record rejected"},
		{"garbage before a header is not torn", []string{lines(head, `hello`) + whole}, `header end incomplete header {"t_us":1} {"t_us":2} end ok`, `a:2: not JSON: invalid character 'h' looking for beginning of value|a:2: incomplete: no end line before the next header`, "", "1 record rejected"},
		{"a wrong last line is not torn", []string{lines(head, `{"t_us":"x"}`)}, `header end incomplete`, `a:2: field "t_us" is a string, not an integer|a:2: incomplete: no end line, the producer died`, "", "1 record rejected"},

		{"rejected", []string{lines(head, "{", rec(1), `{"t_us":1.5}`, end(3))}, `header {"t_us":1} end ok`, `a:2: not JSON: unexpected end of JSON input|a:4: field "t_us" is number 1.5, not an integer`, "", "2 records rejected"},
		{"end of the wrong type", []string{lines(head, `{"type":"end","records":"1","status":"ok"}`, end(1))}, `header end ok`, `a:2: field "records" is a string, not an integer`, "", "1 record rejected"},
		{"record behind the end", []string{whole + lines(rec(3))}, `header {"t_us":1} {"t_us":2} end ok`, `a:5: record behind the segment's end, before a header`, "", "1 record rejected"},
		{"two ends", []string{whole + lines(end(2))}, `header {"t_us":1} {"t_us":2} end ok`, `a:5: record behind the segment's end, before a header`, "", "1 record rejected"},

		{"record before any header", []string{lines(rec(1)) + whole}, "", "", `a:1: record before any header: a stream begins with {"type":"header","schema":"s/1",…}`, ""},
		{"some other text", []string{"hello\n"}, "", "", `a:1: record before any header: a stream begins with {"type":"header","schema":"s/1",…}`, ""},
		{"other schema", []string{lines(other, end(0))}, "", "", `a:1: schema "s/2", want "s/1"`, ""},
		{"other schema in the second segment", []string{lines(head, end(0), other, end(0))}, "header end ok", "", `a:3: schema "s/2", want "s/1"`, ""},
		{"schema of the wrong type", []string{lines(`{"type":"header","schema":1}`)}, "", "", `a:1: schema "", want "s/1"`, ""},
		{"empty", []string{""}, "", "", "a: empty: a stream begins with a header line", ""},
		{"blank", []string{"\n \r\n"}, "", "", "a: empty: a stream begins with a header line", ""},
		{"second input empty", []string{whole, ""}, `header {"t_us":1} {"t_us":2} end ok`, "", "b: empty: a stream begins with a header line", ""},
		{"nothing but a torn header", []string{`{"type":"header","sch`}, "", "a:1: torn last line dropped", "a: no header: nothing in it can be read", ""},
		{"first input a torn header", []string{`{"type":"header","sch`, whole}, "", "a:1: torn last line dropped", "a: no header: nothing in it can be read", ""},
		{"first input a torn header and a newline", []string{lines(`{"type":"header","sch`), whole}, "", "a:1: torn last line dropped", "a: no header: nothing in it can be read", ""},
		{"second input a torn header", []string{whole, `{"type":"header","sch`}, `header {"t_us":1} {"t_us":2} end ok`, "b:1: torn last line dropped", "b: no header: nothing in it can be read", ""},
		{"second input the open segment's torn line", []string{lines(head, rec(1)), `{"t_us":2`}, `header {"t_us":1} end incomplete`, "b:1: torn last line dropped|a:2: incomplete: no end line, the producer died", "", "input incomplete: 1 segment without a proper end"},
		{"UTF-16", []string{"\xff\xfe{\x00"}, "", "", "a:0: this is UTF-16, a stream is UTF-8", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(new(Problems), texted(c.inputs...)...)
			if s := strings.Join(got.lines, " "); s != c.lines {
				t.Errorf("lines %s\nwant  %s", s, c.lines)
			}
			if s := strings.Join(got.said, "|"); s != c.said {
				t.Errorf("said %s\nwant %s", s, c.said)
			}
			if s := message(got.err); s != strings.Replace(c.err, ":0: ", ": ", 1) {
				t.Errorf("error %s\nwant  %s", s, c.err)
			}
			if s := message(got.at); c.err == "" && s != c.at {
				t.Errorf("problems %s\nwant     %s", s, c.at)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestStrict(t *testing.T) {
	got := read(&Problems{Strict: true}, texted(lines(head, rec(1), "x", rec(2), end(3)))...)
	if message(got.err) != "a:3: not JSON: invalid character 'x' looking for beginning of value" || len(got.lines) != 2 || len(got.said) != 0 {
		t.Errorf("%+v", got)
	}
	// A torn line is no rejected one.
	if got := read(&Problems{Strict: true, Partial: true}, texted(lines(head, rec(1))+`{"t`)...); got.err != nil || got.at != nil {
		t.Errorf("%+v", got)
	}
}

func TestPartial(t *testing.T) {
	if got := read(&Problems{Partial: true}, texted(lines(head, rec(1)))...); got.err != nil || got.at != nil || len(got.said) != 1 {
		t.Errorf("%+v", got)
	}
	if got := read(&Problems{Partial: true}, texted(lines(head, "x", rec(1)))...); message(got.at) != "1 record rejected" {
		t.Errorf("%+v", got)
	}
}

// Whoever reads on after an error gets an end, not a loop.
func TestReadOnAfterError(t *testing.T) {
	r := NewReader("s/1", new(Problems), texted(lines(rec(1), rec(2)))...)
	for range 100 {
		if _, err := r.Next(); err == io.EOF {
			return
		}
	}
	t.Error("no end")
}

// Wherever a stream is torn, the records before are there and nothing panics.
func TestEveryTruncation(t *testing.T) {
	text := lines(head, rec(1), rec(22), end(2), head, rec(333), end(1))
	all := read(new(Problems), texted(text)...)
	for n := range len(text) {
		if n == 0 {
			continue
		}
		cut := text[:n]
		got := read(new(Problems), texted(cut)...)
		if !strings.Contains(cut, head) {
			if got.err == nil {
				t.Errorf("%q: no error", cut)
			}
			continue
		}
		var want []string // the whole lines
		for i, line := range strings.Split(cut, "\n") {
			if json.Valid([]byte(line)) {
				want = append(want, all.lines[i])
			}
		}
		if n := len(want); !strings.HasPrefix(want[n-1], "end") {
			want = append(want, "end incomplete")
			if got.at == nil {
				t.Errorf("%q: not incomplete", cut)
			}
		}
		if strings.Join(got.lines, " ") != strings.Join(want, " ") || got.err != nil {
			t.Errorf("%q: %+v, want %v", cut, got, want)
		}
	}
}

// Splitting a stream into inputs, or into segments, changes no record.
func TestSplit(t *testing.T) {
	records := []string{rec(1), rec(2), rec(3), rec(4)}
	text := lines(head, records[0], records[1], records[2], records[3], end(4))
	want := strings.Join(records, " ")
	for i := range len(text) {
		if i > 0 && text[i-1] != '\n' {
			continue
		}
		inputs := texted(text[:i], text[i:])
		if i == 0 {
			inputs = inputs[1:]
		}
		if got := read(new(Problems), inputs...); strings.Join(got.lines, " ") != "header "+want+" end ok" || got.at != nil {
			t.Errorf("split at %d: %+v", i, got)
		}
	}
	for i := range records {
		cut := lines(append(append([]string{head}, records[:i]...), end(i), head)...) + lines(append(records[i:len(records):len(records)], end(len(records)-i))...)
		got := read(new(Problems), texted(cut)...)
		kept := strings.NewReplacer("header ", "", " header", "", "end ok ", "", " end ok", "").Replace(strings.Join(got.lines, " "))
		if kept != want || got.at != nil {
			t.Errorf("segment ends behind %d: %q, %+v", i, kept, got)
		}
	}
}

// blanks gives a line of n blanks between quotes, without having it in memory.
type blanks struct{ n int }

func (b *blanks) Read(p []byte) (int, error) {
	if b.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.n)
	for i := range p[:n] {
		p[i] = 'x'
	}
	b.n -= n
	return n, nil
}

func TestLongLines(t *testing.T) {
	frame := len(`{"t_us":1,"x":""}`)
	long := func(n int, newline string) io.Reader {
		return io.MultiReader(strings.NewReader(`{"t_us":1,"x":"`), &blanks{n - frame}, strings.NewReader(`"}`+newline))
	}
	for _, c := range []struct {
		n       int
		newline string
		ok      bool
	}{{MaxLine, "\r\n", true}, {MaxLine + 1, "\n", false}} {
		in := NewInput("a", io.MultiReader(strings.NewReader(lines(head, rec(0))), long(c.n, c.newline), strings.NewReader(lines(rec(2), end(3)))))
		got := read(new(Problems), in)
		if n := len(got.lines); (n == 5) != c.ok || got.lines[n-2] != rec(2) || got.lines[n-1] != "end ok" || got.err != nil {
			t.Errorf("%d bytes: %d lines, %v", c.n, n, got.err)
		}
		if said := strings.Join(got.said, "|"); !c.ok && (said != "a:3: line longer than 64 MiB" || message(got.at) != "1 record rejected") {
			t.Errorf("%d bytes: %q, %v", c.n, said, got.at)
		}
		if cap(in.long) > 2*MaxLine {
			t.Errorf("%d bytes: %d bytes held", c.n, cap(in.long))
		}
	}
	// As the only line, without end, and much longer.
	in := NewInput("a", long(2*MaxLine, ""))
	got := read(new(Problems), in)
	if len(got.said) == 0 || got.said[0] != "a:1: line longer than 64 MiB" || message(got.err) != "a: no header: nothing in it can be read" || cap(in.long) > 2*MaxLine {
		t.Errorf("%+v", got)
	}
}

// failing gives an error that is no end.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("disk on fire")
	}
	return n, err
}

func TestReadError(t *testing.T) {
	got := read(new(Problems), NewInput("a", failing{strings.NewReader(lines(head, rec(1)))}))
	if len(got.lines) != 2 || message(got.err) != "a:2: disk on fire" {
		t.Errorf("%+v", got)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): filepath.Join(dir, "none") + ": no such file or directory",
		dir:                        dir + ": is a directory",
	} {
		if _, err := Open(t.Context(), path, nil, false); message(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if in, err := Open(t.Context(), "-", strings.NewReader(lines(head, end(0))), false); err != nil || in.Name != "stdin" {
		t.Errorf("%v, %v", in, err)
	}
}

func TestPeek(t *testing.T) {
	long := `{"type":"header","schema":"s/1","config":"` + strings.Repeat("x", 1<<20) + `"}`
	for text, want := range map[string]string{
		"": "", "\n\n": "", head: "s/1", "\r\n\xef\xbb\xbf " + head + "\r\n" + other: "s/1", lines(rec(1), head): "", lines(long): "s/1",
		"hello": "", `{"type":"header","schema":"s/1"`: "s/1",
	} {
		in := NewInput("a", strings.NewReader(text))
		if got, err := in.Schema(); got != want || err != nil {
			t.Errorf("%.60q: schema %q, %v", text, got, err)
		}
		if b, err := in.Peek(3); err != nil || string(b) != text[:min(3, len(text))] {
			t.Errorf("%.60q: Peek %q, %v", text, b, err)
		}
		if b, err := io.ReadAll(in.br); err != nil || string(b) != text {
			t.Errorf("%.60q: was consumed (%v)", text, err)
		}
	}
}

func TestLines(t *testing.T) {
	p := &Problems{}
	var said []string
	p.Print = func(s string) { said = append(said, s) }
	l := NewLines(p, texted("\xef\xbb\xbf{\"a\":1}\r\n\nbad\n{\"b\"", "{\"c\":1}\n  [2]", "3\n{\"d")...)
	var got []string
	for {
		line, err := l.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(line.Bytes) || line.Bytes[0] != '{' {
			l.Reject(errors.New("no object"))
			continue
		}
		got = append(got, fmt.Sprintf("%s:%d:%s", line.File, line.Num, line.Bytes))
	}
	if s := strings.Join(got, " "); s != `a:1:{"a":1} b:1:{"c":1}` {
		t.Errorf("lines %s", s)
	}
	if s := strings.Join(said, "|"); s != "a:3: no object|a:4: torn last line dropped|b:2: no object|c:1: no object|c:2: torn last line dropped" {
		t.Errorf("said %s", s)
	}
	verbatim := NewLines(p, texted("\xef\xbb\xbf a\t\r\n\t\n\tb\t")...)
	verbatim.Verbatim()
	var raw [][]byte
	for line, err := verbatim.Next(); err == nil; line, err = verbatim.Next() {
		raw = append(raw, bytes.Clone(line.Bytes))
	}
	if string(bytes.Join(raw, []byte("|"))) != " a\t|\tb\t" {
		t.Errorf("verbatim %q", raw)
	}
}

func TestProblems(t *testing.T) {
	var said []string
	p := &Problems{Print: func(s string) { said = append(said, s) }}
	p.WarnOnce("k", "once %d", 1)
	p.WarnOnce("k", "once %d", 2)
	if len(said) != 1 || said[0] != "once 1" || p.Err() != nil {
		t.Errorf("%q, %v", said, p.Err())
	}
	p.Incomplete("a", 1, "x")
	var hinted interface{ Hint() string }
	if err := p.Err(); !errors.As(err, &hinted) || hinted.Hint() != "--partial accepts what is there" {
		t.Errorf("%v", err)
	}
	var zero Problems
	zero.Warn("nothing is printed")
	if err := zero.Reject("a", 1, os.ErrInvalid); err != nil || zero.Err() == nil {
		t.Errorf("%v, %v", err, zero.Err())
	}
}

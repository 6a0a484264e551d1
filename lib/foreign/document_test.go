package foreign

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"ipw/lib/stream"
)

// items tells what a document gives, going into lists and into objects at "in".
func items(text string) string {
	d := newDocument(stream.NewInput("x", strings.NewReader(text)), func(parent, key string, open byte) bool {
		return open == '[' || key == "in"
	})
	var out []string
	for {
		it, err := d.next()
		var b *broken
		switch {
		case err == io.EOF:
			return strings.Join(out, " ")
		case err != nil:
			b, _ = err.(*broken)
			if b == nil {
				return strings.Join(append(out, err.Error()), " ")
			}
			out = append(out, fmt.Sprintf("!%d:%v", b.line, b.end))
		case it.enter:
			out = append(out, it.key+"(")
		case it.exit:
			out = append(out, ")")
		default:
			out = append(out, fmt.Sprintf("%s=%s@%d", it.key, it.raw, it.line))
		}
	}
}

func TestDocument(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"white space", " \n\t\r\n", ""},
		{"values", "{\"b\":[1,2]}{}\n\n {\"b\":null}", `={"b":[1,2]}@1 ={}@1 ={"b":null}@3`},
		{"scalars", "1 \"a\"\nnull\n{}\n", `!1:false ={}@3`},
		{"a list", `[1,"a",{"b":[]},[]]`, `( =1@1 ="a"@1 ={"b":[]}@1 ( ) )`},
		{"a list over lines", "[\n{\"a\":1},\n{\"a\":2}\n]", `( ={"a":1}@2 ={"a":2}@3 )`},
		{"escapes", `["\"]","\\","}"]`, `( ="\"]"@1 ="\\"@1 ="}"@1 )`},
		{"a torn line", "{\"a\":[1,2\n{\"a\":3}\n", `!1:false ={"a":3}@2`},
		{"a line torn in a string", "{\"a\":\"x\n{\"a\":3}\n", `!1:false ={"a":3}@2`},
		{"a torn last line", "{\"a\":3}\n{\"a\":", `={"a":3}@1 !2:true`},
		{"a list cut short", "[1,2", "( =1@1 =2@1 !1:true"},
		{"garbage", "hello\n{\"a\":1}\n", `!1:false ={"a":1}@2`},
		{"garbage in a list", "[1 2]\n{\"a\":1}\n", `( =1@1 !1:false ={"a":1}@2`},
		{"a comma too many", "[1,,2]\n[3]", "( =1@1 !1:false ( =3@2 )"},
		{"no comma", "[1\n2]\n", "( =1@1 !2:false"},
		{"closed by the other bracket", "[1}\n[2]", "( =1@1 !1:false ( =2@2 )"},
	} {
		if got := items(c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	into := func(_, key string, open byte) bool { return true }
	d := newDocument(stream.NewInput("x", strings.NewReader(`{"a":{"b":1,"c":[2,{"d":3}]}}`)), into)
	var got []string
	for {
		it, err := d.next()
		if err != nil {
			break
		}
		got = append(got, fmt.Sprintf("%s%v%v%s", it.key, it.enter, it.exit, it.raw))
	}
	if s := strings.Join(got, " "); s != "truefalse atruefalse bfalsefalse1 ctruefalse cfalsefalse2 ctruefalse dfalsefalse3 cfalsetrue cfalsetrue afalsetrue falsetrue" {
		t.Error(s)
	}
}

// A value is found wherever the buffer ends.
func TestDocumentChunks(t *testing.T) {
	text := `[{"a":"` + strings.Repeat(`x\"`, 400) + `"},2,{"b":[[{}]]}]`
	want := items(text)
	for n := 1; n < 40; n++ {
		d := newDocument(stream.NewInput("x", &slow{[]byte(text), n}), func(_, _ string, open byte) bool { return open == '[' })
		d.chunk = make([]byte, 0, 7+n)
		var out []string
		for {
			it, err := d.next()
			if err != nil {
				break
			}
			switch {
			case it.enter:
				out = append(out, "(")
			case it.exit:
				out = append(out, ")")
			default:
				out = append(out, fmt.Sprintf("=%s@%d", it.raw, it.line))
			}
		}
		if got := strings.Join(out, " "); got != want {
			t.Fatalf("%d: %s", n, got)
		}
	}
}

// slow gives n bytes at a time.
type slow struct {
	b []byte
	n int
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b[:min(s.n, len(s.b))])
	s.b = s.b[n:]
	return n, nil
}

func TestDamage(t *testing.T) {
	good := data(sp("a", "", "chat", 100, 200, op(chat)...))
	other := data(spanIn("2", "b", "", "chat", 300, 400, "", op(chat)...))
	for _, c := range []struct {
		name, text string
		queries    int
		said, err  string
	}{
		{"torn last line", good + "\n" + other[:len(other)-4], 2, "spans.jsonl:2: torn last line: what stands before the cut is used", ""},
		{"torn last line, in a span", good + "\n" + other[:len(other)-40], 1, "spans.jsonl:2: torn last line: what stands before the cut is used", ""},
		{"torn in the middle", good[:200] + "\n" + other + "\n", 1, "spans.jsonl:1: cut short: another value begins in the next line", "1 record rejected"},
		{"torn behind a brace", good[:len(good)-4] + "\n" + other + "\n", 2, "spans.jsonl:1: cut short: another value begins in the next line", "1 record rejected"},
		{"a document cut short", indented(good)[:len(indented(good))-6], 1, "spans.jsonl:46: incomplete: cut short", "input incomplete: 1 segment without a proper end"},
		{"a list cut short", "[" + good + "," + other, 2, "spans.jsonl:1: incomplete: cut short", "input incomplete: 1 segment without a proper end"},
		{"garbage in between", good + "\nnot json at all\n" + other + "\n", 2, "spans.jsonl:2: neither an object nor a list", "1 record rejected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(Options{}, file{"spans.jsonl", c.text})
			if n := len(o.metadata()); n != c.queries {
				t.Errorf("%d queries:\n%s", n, o.text())
			}
			if got := strings.Join(o.said, "\n"); got != c.said {
				t.Errorf("said %s\nwant %s", got, c.said)
			}
			if got := errorText(o.err); got != c.err {
				t.Errorf("error %s, want %s", got, c.err)
			}
		})
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, lines(good, other))
	z.Close()
	whole := read(Options{}, file{"spans.jsonl", packed.String()})
	if len(whole.metadata()) != 2 || whole.err != nil {
		t.Error(whole.text(), whole.err)
	}
	cut := read(Options{}, file{"spans.jsonl", packed.String()[:packed.Len()-20]})
	if got := errorText(cut.err); !strings.HasPrefix(got, "input incomplete") {
		t.Error(got, cut.said)
	}
}

// One value larger than may be held is left out, what is behind it is read.
func TestHugeValue(t *testing.T) {
	if testing.Short() {
		t.Skip("64 MiB")
	}
	big := sp("b", "", "chat", 100, 200, op(chat, "x", strings.Repeat("x", maxValue))...)
	o := read(Options{}, file{"spans.jsonl", lines(data(big), data(sp("a", "", "chat", 100, 200, op(chat)...)))})
	if len(o.metadata()) != 1 || len(o.said) != 1 || !strings.Contains(o.said[0], "a value of more than 64 MiB") {
		t.Error(o.text(), o.said)
	}
	// A document of any size may hold values that are small.
	var many []string
	for i := range 3000 {
		many = append(many, spanIn("1", fmt.Sprint("n", i), "", "GET", 1, 2, "", "x", strings.Repeat("y", 1<<10)))
	}
	many = append(many, sp("a", "", "chat", 100, 200, op(chat)...))
	o = read(Options{}, file{"spans.jsonl", indented(data(many...))})
	if len(o.metadata()) != 1 || o.err != nil {
		t.Error(len(o.words), o.err)
	}
}

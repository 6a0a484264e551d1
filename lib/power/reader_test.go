package power

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/stream"
)

const header = `{"type":"header","schema":"ipw.power/1","host":"n1","boot_id":"b","t_us":1763884800000000,"interval_us":50000,"clock_source":"chrony","clock_error_us":800,"tool":"ipw-sample 0.1.0","system":{"os":"linux","kernel":"6.8","cpu":"x","cpus":16},"domains":[` +
	`{"id":"gpu:0","kind":"gpu","source":"nvml","name":"NVIDIA H100 80GB HBM3","uuid":"GPU-1","energy":"counter","power":"instant","update_us":100000},` +
	`{"id":"cpu:0","kind":"cpu","source":"rapl","name":"package-0","energy":"counter","power":"derived","update_us":1000,"wrap_joules":262143.32885}]}`

// words tells what a stream holds.
func words(t *testing.T, text string) (words, said []string, err error) {
	t.Helper()
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	r := NewReader(p, stream.NewInput("p", strings.NewReader(text)))
	defer r.Close()
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return words, said, p.Err()
		case err != nil:
			return words, said, err
		case rec.Header != nil:
			words = append(words, fmt.Sprintf("header %s %d", rec.Header.Host, len(rec.Header.Domains)))
		case rec.Sample != nil:
			words = append(words, fmt.Sprintf("sample %d %v", rec.Sample.TUs, rec.Sample.J))
		case rec.Note != nil:
			words = append(words, "note "+rec.Note.What)
		default:
			words = append(words, "end "+rec.End)
		}
		if rec.File != "p" || rec.Line == 0 {
			t.Errorf("%q: at %s:%d", words, rec.File, rec.Line)
		}
	}
}

func TestReader(t *testing.T) {
	end := func(n int) string { return fmt.Sprintf(`{"type":"end","records":%d,"status":"ok"}`, n) }
	for _, c := range []struct {
		name  string
		lines []string
		want  string
		said  string
		err   string
	}{
		{"the design's example", []string{header, `{"t_us":1,"m_us":2,"j":[0,0],"w":[311.9,null]}`, `{"t_us":3,"j":[15.62,2.75]}`, `{"type":"note","t_us":4,"domain":"gpu:0","what":"lost","detail":"…"}`, end(3)},
			"header n1 2, sample 1 [0 0], sample 3 [15620000 2750000], note lost, end ok", "", ""},
		{"unknown type", []string{header, `{"type":"marker","x":1}`, end(1)}, "header n1 2, end ok", "", ""},
		{"wrong length", []string{header, `{"t_us":1,"j":[1]}`, `{"t_us":2,"w":[1,2,3]}`, `{"t_us":3,"util":[]}`, end(3)}, "header n1 2, end ok",
			`p:2: field "j" has 1 values, the header has 2 domains|p:3: field "w" has 3 values, the header has 2 domains|p:4: field "util" has 0 values, the header has 2 domains`, "3 records rejected"},
		{"wrong types", []string{header, `{"t_us":"1"}`, `{"type":7,"t_us":1}`, `{"type":"note","t_us":"x"}`, `{"type":"marker",}`, end(4)}, "header n1 2, end ok",
			`p:2: field "t_us" is a string, not an integer|p:3: field "type" is a number, not a string|p:4: field "t_us" is a string, not an integer|p:5: not JSON: invalid character '}' looking for beginning of object key string`, "4 records rejected"},
		{"header of the wrong type", []string{`{"type":"header","schema":"ipw.power/1","t_us":"x"}`}, "", "", `p:1: header: field "t_us" is a string, not an integer`},
		{"domain of the wrong type", []string{strings.Replace(header, `"gpu:0"`, "0", 1)}, "", "", `p:1: header: field "domains.id" is a number, not a string`},
		{"domain without id", []string{strings.Replace(header, `"gpu:0"`, `""`, 1)}, "", "", `p:1: header: domain without id`},
		{"domain without kind", []string{strings.Replace(header, `"kind":"gpu",`, "", 1)}, "", "", `p:1: header: domain "gpu:0" without kind`},
		{"domain twice", []string{strings.Replace(header, `"cpu:0"`, `"gpu:0"`, 1)}, "", "", `p:1: header: domain "gpu:0" twice`},
		{"events", []string{`{"type":"header","schema":"ipw.events/1"}`}, "", "", `p:1: schema "ipw.events/1", want "ipw.power/1"`},
		{"each segment has its own domains", []string{header, end(0), `{"type":"header","schema":"ipw.power/1","t_us":1,"domains":[]}`, `{"t_us":1,"j":[]}`, end(1)},
			"header n1 2, end ok, header  0, sample 1 [], end ok", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, said, err := words(t, strings.Join(c.lines, "\n")+"\n")
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			if s := strings.Join(said, "|"); s != c.said {
				t.Errorf("said %s\nwant %s", s, c.said)
			}
			if message(err) != c.err {
				t.Errorf("error %v, want %s", err, c.err)
			}
		})
	}
}

// A header says the same after reading and writing, whatever it left out.
func TestHeaderRoundTrip(t *testing.T) {
	var h, again Header
	if err := parseHeader([]byte(header), &h); err != nil {
		t.Fatal(err)
	}
	line, err := stream.AppendJSON(nil, &h)
	if err != nil || parseHeader(line, &again) != nil || !reflect.DeepEqual(h, again) {
		t.Errorf("%s, %v", line, err)
	}
	if string(line) != header {
		t.Errorf("got  %s\nwant %s", line, header)
	}
	none, err := stream.AppendJSON(nil, &Header{Type: "header", Schema: Schema, Domains: []Domain{{ID: "x", Kind: "gpu", Energy: None, Power: None}}})
	if want := `{"type":"header","schema":"ipw.power/1","t_us":0,"domains":[{"id":"x","kind":"gpu","energy":"none","power":"none"}]}`; err != nil || string(none) != want {
		t.Errorf("what is not known is written: %s", none)
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		d    Domain
		want bool
	}{
		{Domain{Kind: GPU, Energy: Counter, Power: Instant}, true}, {Domain{Kind: CPU, Energy: Counter}, true}, {Domain{Kind: SOC, Energy: Integrated}, true},
		{Domain{Kind: CPU, Energy: Counter, PartOf: "cpu:0"}, false}, {Domain{Kind: Board, Energy: Counter}, false}, {Domain{Kind: Core, Energy: Counter}, false},
		{Domain{Kind: GPU, Energy: None, Power: None}, false}, {Domain{Kind: GPU, Energy: None, Power: Instant}, true}, {Domain{Kind: "new", Energy: Counter}, false},
	} {
		if c.d.Counts() != c.want {
			t.Errorf("%+v counts: %v", c.d, !c.want)
		}
	}
}

// A filter gets each line as it was.
func TestRaw(t *testing.T) {
	text := header + "\n" + `{"t_us":1,"new":[1, 2]}` + "\n" + `{"type":"end","records":1,"status":"ok","more":true}` + "\n"
	r := NewReader(new(stream.Problems), stream.NewInput("p", strings.NewReader(text)))
	var got bytes.Buffer
	for rec, err := r.Next(); err == nil; rec, err = r.Next() {
		got.Write(append(rec.Raw, '\n'))
	}
	if got.String() != text {
		t.Errorf("%s", got.String())
	}
}

// BenchmarkReader reads streams as they are attributed; records/s is the figure
// to watch: a year at 20 Hz has 630 million.
func BenchmarkReader(b *testing.B) {
	for _, domains := range []int{2, 8} {
		b.Run(fmt.Sprint("domains=", domains), func(b *testing.B) { benchmarkReader(b, domains) })
	}
}

func benchmarkReader(b *testing.B, domains int) {
	h := Header{Type: "header", Schema: Schema}
	s := Sample{TUs: 1763884800000000, MUs: 83920000000, HasM: true}
	for i := range domains {
		h.Domains = append(h.Domains, Domain{ID: fmt.Sprint("gpu:", i), Kind: GPU})
		s.J, s.W = append(s.J, int64(i)*1e9), append(s.W, int64(i)*50_003_000)
	}
	text, err := stream.AppendJSON(nil, &h)
	if err != nil {
		b.Fatal(err)
	}
	const n = 100000
	for range n {
		s.TUs, s.MUs = s.TUs+50000, s.MUs+50000
		for i := range s.J {
			s.J[i] += int64(15_620_000 + 1003*i)
		}
		text = AppendSample(append(text, '\n'), &s)
	}
	text = fmt.Appendf(text, "\n"+`{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(new(stream.Problems), stream.NewInput("p", bytes.NewReader(text)))
		for {
			if r.Take(&s) {
				continue
			}
			if _, err := r.NextInto(&s); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
}

// A header is read or refused, never a panic; one that is read is written and
// read the same.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(header))
	f.Add([]byte(`{"domains":[{"id":"a","kind":"b","accuracy":{"x":[1]},"estimated":true,"model":"m"}],"clock_error_us":0}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var h, again Header
		if parseHeader(line, &h) != nil {
			return
		}
		text, err := stream.AppendJSON(nil, &h)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := parseHeader(text, &again); err != nil {
			t.Fatalf("%q written as %s: %v", line, text, err)
		}
		second, _ := stream.AppendJSON(nil, &again)
		if !bytes.Equal(text, second) || !json.Valid(text) {
			t.Fatalf("%q\nwritten as %s\nthen      %s", line, text, second)
		}
	})
}

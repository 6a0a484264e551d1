package power

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// shapes seed FuzzShape: samples of two domains, those that have the usual form
// first.
var shapes = []string{
	`{"t_us":1763884800000000,"m_us":83920000000,"j":[0,0],"w":[311.9,null]}`,
	`{"t_us":1,"j":[15.62,2.75]}`,
	`{"t_us":1763884800050000,"read_us":12,"j":[123456789012.123456,-0.5],"w":[-1,0.000001]}`,
	`{"t_us":0,"w":[null,null],"util":[0.5,1],"mem_bytes":[1,null],"temp_c":[30,-40]}`,
	`{"t_us":1234567890123456,"j":[9,99999999.9],"w":[100,100]}` + "\r",
	`{"t_us":12345678,"m_us":87654321,"j":[12345678.123456,-12345678],"temp_c":[1,2]}`,

	`{"t_us":1,"j":[1.2345678,2]}`, `{"t_us":1,"j":[1e3,2]}`, `{"t_us":1,"j":[01,2]}`, `{"t_us":1,"j":[1.,2]}`, `{"t_us":1,"j":[00000001,2]}`,
	`{"t_us":1,"j":[1]}`, `{"t_us":1,"j":[1,2,3]}`, `{"t_us":1,"j":[1,2],"j":[3,4]}`, `{"t_us":1,"j":[-,2]}`, `{"t_us":1,"j":[--1,2]}`,
	`{"t_us":1.0}`, `{"t_us":01}`, `{"t_us":-1}`, `{"t_us":12345678901234567}`, `{"t_us":}`, `{"t_us":1`, `{"t_us":1e5}`,
	`{"t_us":1,"j":[1234567890123,1]}`, `{"t_us":1,"j":[-null,1]}`, `{"t_us":1,"j":[nulL,1]}`, `{"t_us":1,"j":[]}`, `{"t_us":1,"j":[1,2]]}`,
	`{"t_us":1,"util":[x,1]}`, `{"t_us":1,"w":[1 ,2]}`, `{"t_us":1,"type":"note"}`, `{"t_us":1}}`, `{"t_us":1} `, `{}`, ``,
}

// behind is enough for a line before it to be not too close to the end.
var behind = []byte(`{"t_us":1763884800000000,"m_us":83`)

func TestShape(t *testing.T) {
	for i, line := range shapes {
		text := append([]byte(line+"\n"), behind...)
		want := 0
		if i < 6 {
			want = len(line) + 1
		}
		if got := shape(text, 2, new(Sample)); got != want {
			t.Errorf("shape(%q) = %d, not %d", text, got, want)
		}
	}
	none := append([]byte(`{"t_us":1,"j":[],"w":[]}`+"\n"), behind...)
	if got := shape(none, 0, new(Sample)); got != 0 { // no list of the usual form is empty
		t.Errorf("shape(%q) = %d", none, got)
	}
	many := append([]byte(`{"t_us":1,"util":[`+strings.Repeat("1,", 99)+"1]}\n"), behind...)
	if got := shape(many, 100, new(Sample)); got != 0 {
		t.Errorf("shape(%q) = %d", many, got)
	}
}

// What has the usual form is a line, JSON, a sample that its header allows, and
// read as ParseSample reads it, whatever the sample held before; what stands
// behind the line is not read.
func FuzzShape(f *testing.F) {
	for _, s := range shapes {
		f.Add([]byte(s+"\n"), behind)
	}
	f.Fuzz(func(t *testing.T, text, more []byte) {
		var fast, slow Sample
		n := shape(text, 2, &fast)
		if n == 0 {
			return
		}
		used := Sample{TUs: 7, MUs: 7, HasM: true, ReadUs: 7, J: []int64{7, 7, 7}, W: []int64{7}, Util: []*float64{nil}}
		if got := shape(append(append(bytes.Clone(text[:n]), behind...), more...), 2, &used); got != n || !reflect.DeepEqual(fast, used) {
			t.Fatalf("%q: %d %+v, before %q %d %+v", text, n, fast, more, got, used)
		}
		line, whole := bytes.CutSuffix(text[:n], []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); !whole || bytes.IndexByte(line, '\n') >= 0 {
			t.Fatalf("%q is no line", text[:n])
		}
		if !json.Valid(line) {
			t.Fatalf("%q is not JSON", line)
		}
		if err := ParseSample(line, &slow); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := slow.check(&Header{Domains: make([]Domain, 2)}); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		slow.Util, slow.MemBytes, slow.TempC = nil, nil, nil
		if !reflect.DeepEqual(fast, slow) {
			t.Fatalf("%q: %+v, not %+v", line, fast, slow)
		}
	})
}

func BenchmarkShape(b *testing.B) {
	for name, line := range map[string]string{
		"2": `{"t_us":1763884800350316,"m_us":84800350316,"j":[108734.734,2636.498757],"w":[356.011,84.69]}`,
		"8": `{"t_us":1763884800350316,"m_us":84800350316,"j":[8734.734,2636.498,8734.734,2636.498,8734.734,2636.498,108734.734,2636.498],"w":[356.011,84.69,356.011,84.69,356.011,84.69,356.011,84.69]}`,
	} {
		b.Run("domains="+name, func(b *testing.B) {
			text := append([]byte(line+"\n"), behind...)
			var s Sample
			b.SetBytes(int64(len(line) + 1))
			b.ReportAllocs()
			for b.Loop() {
				if shape(text, int(name[0]-'0'), &s) == 0 {
					b.Fatal("not taken")
				}
			}
		})
	}
}

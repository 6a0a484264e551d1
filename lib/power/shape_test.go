package power

import (
	"encoding/json"
	"reflect"
	"testing"
)

// shapes seed FuzzShape: samples of two domains, those that have the usual form
// first.
var shapes = []string{
	`{"t_us":1763884800000000,"m_us":83920000000,"j":[0,0],"w":[311.9,null]}`,
	`{"t_us":1,"j":[15.62,2.75]}`,
	`{"t_us":1763884800050000,"read_us":12,"j":[123456789012.123456,-0.5],"w":[-1,0.000001]}`,
	`{"t_us":0,"w":[null,null],"util":[0.5,1],"mem_bytes":[1,null],"temp_c":[30,-40]}`,
	`{"t_us":123456789012345678,"j":[9,99999999.9]}`,

	`{"t_us":1,"j":[1.2345678,2]}`, `{"t_us":1,"j":[1e3,2]}`, `{"t_us":1,"j":[01,2]}`, `{"t_us":1,"j":[1.,2]}`,
	`{"t_us":1,"j":[1]}`, `{"t_us":1,"j":[1,2,3]}`, `{"t_us":1,"j":[1,2],"j":[3,4]}`, `{"t_us":1,"j":[-,2]}`,
	`{"t_us":1.0}`, `{"t_us":01}`, `{"t_us":-1}`, `{"t_us":1234567890123456789012}`, `{"t_us":}`, `{"t_us":1`,
	`{"t_us":1,"util":[x,1]}`, `{"t_us":1,"w":[1 ,2]}`, `{"t_us":1,"type":"note"}`, `{"t_us":1}}`, `{}`, ``,
}

func TestShape(t *testing.T) {
	for i, line := range shapes {
		if got := shape([]byte(line), 2, new(Sample)); got != (i < 5) {
			t.Errorf("shape(%q) = %v", line, got)
		}
	}
}

// What has the usual form is JSON, a sample that its header allows, and read as
// ParseSample reads it; what stands behind the line in memory is not read.
func FuzzShape(f *testing.F) {
	for _, s := range shapes {
		f.Add([]byte(s), []byte(`1,2]}0.5`))
	}
	f.Fuzz(func(t *testing.T, line, behind []byte) {
		var fast, slow, alone Sample
		ok := shape(line[:len(line):len(line)], 2, &alone)
		both := append(line[:len(line):len(line)], behind...)
		if got := shape(both[:len(line)], 2, &fast); got != ok || ok && !reflect.DeepEqual(fast, alone) {
			t.Fatalf("%q: %v %+v, before %q %v %+v", line, ok, alone, behind, got, fast)
		}
		if !ok {
			return
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
	line := []byte(`{"t_us":1763884800350316,"m_us":84800350316,"j":[108734.734,2636.498757],"w":[356.011,84.69]}`)
	var s Sample
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if !shape(line, 2, &s) {
			b.Fatal("not taken")
		}
	}
}

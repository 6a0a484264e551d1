package power

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ipw/lib/unit"
)

// samples is the table the fuzz target is seeded from: a line, and what is
// wrong with it.
var samples = []struct{ line, err string }{
	{`{"t_us":1763884800000000,"m_us":83920000000,"j":[0,0,0,0],"w":[311.9,null,null,null]}`, ""},
	{`{"t_us":1763884800050000,"m_us":83920050000,"j":[15.62,2.75,1.9,0.4],"w":[312.4,55.0,null,null]}`, ""},
	{`{"t_us":1,"read_us":12,"j":[1e3,-0.5],"util":[0.5,null],"mem_bytes":[80000000000,null],"temp_c":[61,null]}`, ""},
	{`{"t_us":1,"new":{"x":[1]},"j":[0.0000015]}`, ""}, {` { "t_us" : 1 , "j" : [ 1 , null ] } `, ""}, {`{"t_us":1,"j":[]}`, ""}, {`{"t_us":-1}`, ""},
	{`{"t_us":1,"m_us":null,"j":null,"w":null,"util":null,"type":null}`, ""}, {`{"t_us":1,"T_US":2,"J":[1]}`, ""}, {`{"t_us":0}`, ""},
	{`{"t_us":9223372036854775807,"w":[9223372036854.775807]}`, ""},
	{`{}`, `sample without t_us`}, {`{"t_us":null}`, `sample without t_us`}, {`{"j":[1]}`, `sample without t_us`},
	{`{"t_us":1.5}`, `field "t_us" is 1.5, not an integer`}, {`{"t_us":"1"}`, `field "t_us" is a string, not an integer`},
	{`{"t_us":1,"m_us":[]}`, `field "m_us" is an array, not an integer`}, {`{"t_us":1,"read_us":true}`, `field "read_us" is true, not an integer`},
	{`{"t_us":1,"j":5}`, `field "j" is a number, not an array`}, {`{"t_us":1,"j":["5"]}`, `field "j" is a string, not an array of numbers and nulls`},
	{`{"t_us":1,"w":[1,[2]]}`, `field "w" is an array, not an array of numbers and nulls`}, {`{"t_us":1,"w":[1e300]}`, `field "w" has 1e300: number out of range`},
	{`{"t_us":1,"w":[-9223372036854.775808]}`, `field "w" has -9223372036854.775808: number out of range`},
	{`{"t_us":1,"util":[true]}`, `field "util" is true, not a number`}, {`{"t_us":1,"temp_c":{}}`, `field "temp_c" is an object, not an array`},
	{`{"t_us":1,"type":5}`, `field "type" is a number, not a string`}, {`{"t_us":1,"j":[NaN]}`, `not JSON: invalid character 'N' looking for beginning of value`},
	{`{"t_us":1,"j":[1,]}`, `not JSON: invalid character ']' looking for beginning of value`}, {`{"t_us":1`, `not JSON: unexpected end of JSON input`},
	{`[1]`, `an array, not an object`}, {``, `not JSON: unexpected end of JSON input`}, {`{"t_us":01}`, `not JSON: invalid character '1' after object key:value pair`},
}

func TestParseSample(t *testing.T) {
	for _, c := range samples {
		var s Sample
		err := ParseSample([]byte(c.line), &s)
		if message(err) != c.err {
			t.Errorf("%s: %v, want %s", c.line, err, c.err)
		}
	}
	var s Sample
	if err := ParseSample([]byte(samples[1].line), &s); err != nil || s.TUs != 1763884800050000 || s.MUs != 83920050000 || !s.HasM ||
		!reflect.DeepEqual(s.J, []int64{15620000, 2750000, 1900000, 400000}) || !reflect.DeepEqual(s.W, []int64{312400000, 55000000, Null, Null}) {
		t.Errorf("%+v, %v", s, err)
	}
	// What the last sample had is gone.
	if err := ParseSample([]byte(`{"t_us":5,"w":[null,1]}`), &s); err != nil || s.HasM || s.MUs != 0 || s.J != nil || !reflect.DeepEqual(s.W, []int64{Null, 1000000}) {
		t.Errorf("%+v, %v", s, err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// slow is ParseSample by encoding/json and big numbers, for comparison.
func slow(line []byte) (*Sample, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return nil, errors.Join(err, errors.New("not an object"))
	}
	s := new(Sample)
	read := func(key string, p any) error {
		if raw, ok := keys[key]; ok {
			return json.Unmarshal(raw, p)
		}
		return nil
	}
	var t, m *int64
	var kind *string
	var j, w []json.RawMessage
	err := errors.Join(read("t_us", &t), read("m_us", &m), read("read_us", &s.ReadUs), read("util", &s.Util), read("mem_bytes", &s.MemBytes),
		read("temp_c", &s.TempC), read("type", &kind), read("j", &j), read("w", &w))
	if err != nil || t == nil {
		return nil, errors.Join(err, errors.New("no t_us"))
	}
	s.TUs = *t
	if m != nil {
		s.MUs, s.HasM = *m, true
	}
	var errJ, errW error
	s.J, errJ = slowMicros(j)
	s.W, errW = slowMicros(w)
	return s, errors.Join(errJ, errW)
}

func slowMicros(raw []json.RawMessage) ([]int64, error) {
	if raw == nil {
		return nil, nil
	}
	v := make([]int64, len(raw))
	for i, r := range raw {
		if v[i] = Null; string(r) == "null" {
			continue
		}
		var n json.Number
		if r[0] == '"' || json.Unmarshal(r, &n) != nil {
			return nil, fmt.Errorf("%s is no number", r)
		}
		micro, err := unit.ParseMicro([]byte(n))
		if err != nil || micro == Null {
			return nil, fmt.Errorf("%s is out of range", r)
		}
		v[i] = micro
	}
	return v, nil
}

// ParseSample reads what encoding/json reads, whatever the sample held before;
// and what it read is the same after it was written and read again.
func FuzzParseSample(f *testing.F) {
	for _, c := range samples {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.Count(line, []byte(`"t_us"`))+bytes.Count(line, []byte(`\`)) > 1 || twice(line) {
			return // two equal keys: an error in the first is one here only
		}
		used := Sample{TUs: 7, MUs: 7, HasM: true, J: []int64{7, 7}, W: []int64{7}, Util: []*float64{new(float64), nil}}
		var fresh Sample
		err := ParseSample(line, &fresh)
		want, wantErr := slow(line)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, by encoding/json %v", line, err, wantErr)
		}
		if err2 := ParseSample(line, &used); message(err2) != message(err) {
			t.Fatalf("%q: %v, reused %v", line, err, err2)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(&fresh, want) || !reflect.DeepEqual(&used, want) {
			t.Fatalf("%q:\n%+v\n%+v, by encoding/json\n%+v", line, fresh, used, want)
		}
		text := AppendSample(nil, &fresh)
		var again Sample
		if err := ParseSample(text, &again); err != nil || !reflect.DeepEqual(fresh, again) {
			t.Fatalf("%q\nwritten as %s\nread as %+v, %v", line, text, again, err)
		}
	})
}

func twice(line []byte) bool {
	for _, key := range []string{"m_us", "read_us", "j", "w", "util", "mem_bytes", "temp_c", "type"} {
		if bytes.Count(line, []byte(`"`+key+`"`)) > 1 {
			return true
		}
	}
	return false
}

// Any sample is the same after writing and reading.
func TestSampleRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		want := randomSample(r)
		line := AppendSample(nil, &want)
		if !json.Valid(line) {
			t.Fatalf("not JSON: %s", line)
		}
		var got Sample
		if err := ParseSample(line, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", line, got, err, want)
		}
	}
}

func randomSample(r *rand.Rand) Sample {
	n := r.IntN(5)
	s := Sample{TUs: int64(r.Uint64()) >> r.IntN(64), ReadUs: int64(r.IntN(3))}
	if s.HasM = r.IntN(2) == 0; s.HasM {
		s.MUs = int64(r.Uint64()) >> r.IntN(64)
	}
	micros := func() []int64 {
		if r.IntN(4) == 0 {
			return nil
		}
		v := make([]int64, n)
		for i := range v {
			if v[i] = int64(r.Uint64()) >> r.IntN(64); r.IntN(4) == 0 {
				v[i] = Null
			}
		}
		return v
	}
	floats := func() []*float64 {
		if r.IntN(2) == 0 {
			return nil
		}
		v := make([]*float64, n)
		for i := range v {
			if r.IntN(3) > 0 {
				f := math.Float64frombits(r.Uint64())
				if math.IsNaN(f) || math.IsInf(f, 0) {
					f = 0.25
				}
				v[i] = &f
			}
		}
		return v
	}
	s.J, s.W, s.Util, s.MemBytes, s.TempC = micros(), micros(), floats(), floats(), floats()
	return s
}

// What is no number is no reading.
func TestNaNIsNull(t *testing.T) {
	nan, inf, half := math.NaN(), math.Inf(1), 0.5
	line := AppendSample(nil, &Sample{TUs: 1, Util: []*float64{&nan, &inf, &half}})
	if string(line) != `{"t_us":1,"util":[null,null,0.5]}` {
		t.Errorf("%s", line)
	}
}

func TestParseSampleDoesNotAllocate(t *testing.T) {
	for _, c := range samples[:3] {
		line := []byte(c.line)
		var s Sample
		parse := func() {
			if err := ParseSample(line, &s); err != nil {
				t.Fatal(err)
			}
		}
		parse()
		if n := testing.AllocsPerRun(100, parse); n > 0 && !strings.Contains(c.line, "util") {
			t.Errorf("%s: %v allocations", c.line, n)
		}
	}
}

func BenchmarkParseSample(b *testing.B) {
	line := []byte(samples[1].line)
	var s Sample
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseSample(line, &s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSampleEncodingJSON(b *testing.B) {
	line := []byte(samples[1].line)
	for b.Loop() {
		if _, err := slow(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSample(b *testing.B) {
	var s Sample
	if err := ParseSample([]byte(samples[1].line), &s); err != nil {
		b.Fatal(err)
	}
	var buf []byte
	for b.Loop() {
		buf = AppendSample(buf[:0], &s)
	}
}

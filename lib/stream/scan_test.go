package stream

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// texts is the table of lines that the fuzz targets of this package start from.
var texts = []string{
	`{}`, ` { } `, `{"type":"header","schema":"ipw.power/1"}`, `{"a":{"type":"x"},"type":"y"}`, `{"type":5}`, `{"type":null}`,
	`{"type":"a\"b"}`, `{"type":"\u0041"}`, `{"ty\u0070e":"escaped"}`, `{"a":"\"type\":","type":"z"}`, `{"a":["type",{"type":1}]}`,
	`{"i":1,"f":1.5e3,"b":true,"s":"ü","o":{"x":[1,{}]},"l":[1,null,-2.5]}`, `{"i":null,"f":null,"b":null,"s":null,"o":null,"l":null}`,
	`{"s":"a quote \" and a slash \\ / \/","os":"\n\t\r","x":"123456\"","y":"1234567\\"}`, `{"s":"1234567ü","os":"12345678` + "\x7f" + `","oc":-5}`,
	`{"s":"12345678` + "\x1f" + `"}`, `{"s":"1234567\b\f\u00fc\""}`, `{"s":"12345678` + "\xff" + `\n"}`, `{"s":"12345678`, `{"s":"1234567\`, `{"s":"a\"`,
	`{"i":123456789012345678,"f":1}`, `{"i":1234567890123456789}`, `{"i":-1}`, `{"i":0}`, `{"i":1e5}`, `{"i":1E5}`, `{"i": 1 ,"f": 2}`, `{"i":1, "f":2}`, `{"i":,"s":"x"}`,
	`{"i":1.0}`, `{"i":"1"}`, `{"i":12345678901234567890}`, `{"i":-9223372036854775808}`, `{"f":1e999}`, `{"b":"true"}`, `{"s":1}`, `{"o":[]}`,
	`{"l":{}}`, `{"l":[1,"x"]}`, `{"l":[]}`, `{"l":[1,]}`, `{"l":[,1]}`, `{"l":[[1]]}`, `{"i":01}`, `{"i":-}`, `{"i":1`, `{"i"`, `{`, ``, `[]`, `5`, `null`,
	`{"i":1}x`, `{"i":1}}`, `{"i":1,}`, `{,}`, `{"i":1 "f":2}`, `{"s":"a` + "\x01" + `b"}`, `{"s":"a` + "\xff" + `b"}`, `{"s":"\ud800"}`, `{"s":"\x"}`,
	`{"` + "\xff" + `":1}`, `{"s":"\u007f\u009b"}`, "{\"i\"\t:\r\n1}", `{"x":nul}`, `{"x":truefalse}`, `{"x":"\q"}`, `{"x":[1}`, `{"x":{"y":1]}`, `{"i":1,"i":2}`,
	strings.Repeat(`{"x":`, 20) + `1` + strings.Repeat(`}`, 20), `{"x":` + strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000) + `}`,
}

// all has a place for each type that a Scanner reads.
type all struct {
	I  int64           `json:"i"`
	F  float64         `json:"f"`
	B  bool            `json:"b"`
	S  string          `json:"s"`
	OI *int64          `json:"oi"`
	OC *int            `json:"oc"`
	OF *float64        `json:"of"`
	OB *bool           `json:"ob"`
	OS *string         `json:"os"`
	O  json.RawMessage `json:"o"`
	L  []*float64      `json:"l"`
}

func scanAll(line []byte) (all, error) { return scan(Scan(line), (*Scanner).Next) }

// guessing steps by At where it can.
func guessing(s *Scanner) bool {
	return s.At(`{"i":`) || s.At(`,"i":`) || s.At(`,"f":`) || s.At(`{"s":`) || s.At(`,"s":`) || s.At(`,"os":`) || s.At(`{"x":`) || s.Next()
}

func scan(s Scanner, next func(*Scanner) bool) (all, error) {
	var v all
	for next(&s) {
		switch string(s.Key()) {
		case "i":
			s.Int(&v.I)
		case "f":
			s.Float(&v.F)
		case "b":
			s.Bool(&v.B)
		case "s":
			s.Text(&v.S)
		case "oi":
			s.OptInt(&v.OI)
		case "oc":
			s.OptCount(&v.OC)
		case "of":
			s.OptFloat(&v.OF)
		case "ob":
			s.OptBool(&v.OB)
		case "os":
			s.OptText(&v.OS)
		case "o":
			s.Object(&v.O)
		case "l":
			scanList(&s, &v.L)
		default:
			s.Skip()
		}
	}
	return v, s.Err()
}

func scanList(s *Scanner, p *[]*float64) {
	if *p = nil; s.Null() || !s.Array() {
		return
	}
	for *p = []*float64{}; s.More(); {
		var f *float64
		s.OptFloat(&f)
		*p = append(*p, f)
	}
}

// decodeAll is scanAll by encoding/json. A map first: keys are exact then, and
// the last of two equal ones counts.
func decodeAll(line []byte) (all, error) {
	var v all
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return v, errorsOr(err)
	}
	rv := reflect.ValueOf(&v).Elem()
	for i := range rv.NumField() {
		raw, ok := keys[rv.Type().Field(i).Tag.Get("json")]
		if !ok || string(raw) == "null" {
			continue
		}
		if i == 9 && raw[0] != '{' { // an object
			return v, errorsOr(nil)
		}
		if err := json.Unmarshal(raw, rv.Field(i).Addr().Interface()); err != nil {
			return v, err
		}
	}
	return v, nil
}

func errorsOr(err error) error {
	if err == nil {
		err = &Error{Text: "not an object"}
	}
	return err
}

// What a Scanner accepts and reads is what encoding/json accepts and reads, with
// memory and without, however it steps from member to member.
func FuzzScan(f *testing.F) {
	var mem Memory
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if repeated(line) {
			return // an error in the first of two equal keys is one for a Scanner only
		}
		got, err := scanAll(line)
		want, wantErr := decodeAll(line)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: scanner %v, encoding/json %v", line, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: scanner %+v, encoding/json %+v", line, got, want)
		}
		for i, next := range []func(*Scanner) bool{guessing, (*Scanner).Next, guessing} {
			again, err2 := scan(mem.Scan(line), next)
			if message(err) != message(err2) || err == nil && !reflect.DeepEqual(again, want) {
				t.Fatalf("%q: way %d %+v, %v, encoding/json %+v, %v", line, i, again, err2, want, err)
			}
		}
	})
}

// repeated reports whether an object has a key twice.
func repeated(line []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(line))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return false
	}
	seen := make(map[string]bool)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return false
		}
		if k, ok := key.(string); !ok || seen[k] {
			return ok
		} else {
			seen[k] = true
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return false
		}
	}
	return false
}

// Type is what encoding/json finds under "type", for every object.
func FuzzType(f *testing.F) {
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got := Type(line) // never panics, whatever the line
		if !json.Valid(line) || repeated(line) {
			return
		}
		var keys map[string]any
		_ = json.Unmarshal(line, &keys) // no object has no type
		if want, _ := keys["type"].(string); got != want {
			t.Fatalf("Type(%q) = %q, want %q", line, got, want)
		}
	})
}

func TestTypeOfTornLine(t *testing.T) {
	for line, want := range map[string]string{`{"type":"header","sche`: "header", `{"type":"hea`: "", `{"t_us":1,"type":"note"`: "note", `{"a":"type`: ""} {
		if got := Type([]byte(line)); got != want {
			t.Errorf("Type(%s) = %q, want %q", line, got, want)
		}
	}
}

// An error names the field, what is there and what should be.
func TestScanErrors(t *testing.T) {
	for line, want := range map[string]string{
		`{"i":"1"}`:                  `field "i" is a string, not an integer`,
		`{"i":1.5}`:                  `field "i" is 1.5, not an integer`,
		`{"oi":[1]}`:                 `field "oi" is an array, not an integer`,
		`{"f":true}`:                 `field "f" is true, not a number`,
		`{"of":1e999}`:               `field "of" is 1e999, out of range`,
		`{"b":0}`:                    `field "b" is a number, not true or false`,
		`{"os":{}}`:                  `field "os" is an object, not a string`,
		`{"o":"x"}`:                  `field "o" is a string, not an object`,
		`{"l":7}`:                    `field "l" is a number, not an array`,
		`{"l":["x"]}`:                `field "l" is a string, not a number`,
		`{"i":12345678901234567890}`: `field "i" is 12345678901234567890, not an integer`,
		`[1]`:                        `an array, not an object`,
		`{"i":`:                      `not JSON: unexpected end of JSON input`,
		`{"i":NaN}`:                  `not JSON: invalid character 'N' looking for beginning of value`,
	} {
		if _, err := scanAll([]byte(line)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

func TestWrongType(t *testing.T) {
	var v struct {
		A int64 `json:"a"`
		B struct {
			C string `json:"c"`
		} `json:"b"`
		D []int    `json:"d"`
		E float64  `json:"e"`
		F bool     `json:"f"`
		G struct{} `json:"g"`
	}
	for line, want := range map[string]string{
		`{"a":1.5}`:      `field "a" is number 1.5, not an integer`,
		`{"a":"x"}`:      `field "a" is a string, not an integer`,
		`{"b":{"c":[]}}`: `field "b.c" is an array, not a string`,
		`{"d":{}}`:       `field "d" is an object, not an array`,
		`{"e":true}`:     `field "e" is true or false, not a number`,
		`{"f":1}`:        `field "f" is a number, not true or false`,
		`{"g":1}`:        `field "g" is a number, not an object`,
		`[]`:             `an array, not an object`,
		`{"a":1`:         `not JSON: unexpected end of JSON input`,
	} {
		if got := WrongType(json.Unmarshal([]byte(line), &v)); got == nil || got.Error() != want {
			t.Errorf("%s: %v, want %s", line, got, want)
		}
	}
}

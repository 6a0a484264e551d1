package foreign

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// value is an attribute's value: the JSON of what its AnyValue holds.
type value struct {
	kind string // stringValue, intValue, …; "" for none
	raw  []byte
}

// readAttributes reads a list of {key, value}.
func readAttributes(s *stream.Scanner, f func(key string, v value)) {
	readObjects(s, func(s *stream.Scanner) {
		var key string
		var v value
		for s.Next() {
			switch string(s.Key()) {
			case "key":
				s.Text(&key)
			case "value":
				v = readValue(s.Value())
			default:
				s.Skip()
			}
		}
		if s.Err() == nil && v.kind != "" {
			f(key, v)
		}
	})
}

// readObjects reads a list of objects.
func readObjects(s *stream.Scanner, f func(*stream.Scanner)) {
	if s.Null() || !s.Array() {
		return
	}
	for s.More() {
		readObject(s, f)
	}
}

// readObject hands the object that is next to f, and passes its error on.
func readObject(s *stream.Scanner, f func(*stream.Scanner)) {
	raw := s.Value()
	if raw == nil || string(raw) == "null" {
		return
	}
	inner := stream.Scan(raw)
	f(&inner)
	if err := inner.Err(); err != nil {
		s.Fail("holds something wrong: %v", err)
	}
}

// readValue reads an AnyValue.
func readValue(raw []byte) value {
	var v value
	s := stream.Scan(raw)
	for s.Next() {
		kind := string(s.Key())
		if inner := s.Value(); inner != nil && string(inner) != "null" {
			v = value{camel(kind), inner}
		}
	}
	if s.Err() != nil {
		return value{}
	}
	return v
}

func camel(kind string) string {
	switch kind {
	case "string_value":
		return "stringValue"
	case "int_value":
		return "intValue"
	case "double_value":
		return "doubleValue"
	case "bool_value":
		return "boolValue"
	case "array_value":
		return "arrayValue"
	case "kvlist_value":
		return "kvlistValue"
	}
	return kind
}

// text is a value as text: a string as it is, anything else as JSON.
func (v value) text() string {
	switch raw := v.raw; {
	case len(raw) == 0:
		return ""
	case raw[0] != '"':
		return string(v.json())
	case bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw):
		return string(raw[1 : len(raw)-1])
	}
	var text string
	json.Unmarshal(v.raw, &text)
	return text
}

// words are texts that many spans have, kept once.
type words map[string]string

// maxWords bounds them: what has more values than this is no word.
const maxWords = 1 << 14

func (w words) keep(text string) string {
	if kept, ok := w[text]; ok {
		return kept
	}
	if len(w) < maxWords && len(text) <= 64 {
		w[text] = text
	}
	return text
}

// count is a whole number that is no count if negative: nil.
func (v value) count() *int64 {
	n, err := unit.ParseDecimal(bytes.Trim(v.raw, `"`), 0)
	if err != nil || n < 0 {
		return nil
	}
	if f := v.number(); f == nil || *f != math.Trunc(*f) {
		return nil
	}
	return &n
}

// number is a finite number, or nil.
func (v value) number() *float64 {
	f, err := strconv.ParseFloat(string(bytes.Trim(v.raw, `"`)), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return &f
}

// seconds is a length of time as microseconds, nil if there is none.
func (v value) seconds() *int64 {
	us, err := unit.ParseDecimal(bytes.Trim(v.raw, `"`), 6)
	if err != nil || us < 0 {
		return nil
	}
	return &us
}

// json is a value as plain JSON, nil if it is none of the kinds.
func (v value) json() []byte {
	switch v.kind {
	case "stringValue", "bytesValue", "boolValue":
		return v.raw
	case "intValue", "doubleValue":
		if n := bytes.Trim(v.raw, `"`); json.Valid(n) {
			return n
		}
		return v.raw // "NaN"
	case "arrayValue":
		return v.list('[', ']', func(b []byte, s *stream.Scanner) []byte { return appendPlain(b, s.Value()) })
	case "kvlistValue":
		return v.list('{', '}', appendMember)
	}
	return nil
}

// list joins the values of an ArrayValue or KeyValueList.
func (v value) list(begin, end byte, one func([]byte, *stream.Scanner) []byte) []byte {
	b := []byte{begin}
	s := stream.Scan(v.raw)
	for s.Next() {
		if string(s.Key()) != "values" || !s.Array() {
			s.Skip()
			continue
		}
		for s.More() {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = one(b, &s)
		}
	}
	if s.Err() != nil {
		return []byte("null")
	}
	return append(b, end)
}

func appendPlain(b, raw []byte) []byte {
	if inner := readValue(raw).json(); inner != nil {
		return append(b, inner...)
	}
	return append(b, "null"...)
}

func appendMember(b []byte, s *stream.Scanner) []byte {
	key, val := []byte(`""`), []byte("null")
	m := stream.Scan(s.Value())
	for m.Next() {
		switch string(m.Key()) {
		case "key":
			key = m.Value()
		case "value":
			val = m.Value()
		default:
			m.Skip()
		}
	}
	if len(key) == 0 || key[0] != '"' {
		key = []byte(`""`)
	}
	return appendPlain(append(append(b, key...), ':'), val)
}

// read takes a resource's JSON.
func (r *resource) read(raw []byte, typeFrom string) error {
	s := stream.Scan(raw)
	for s.Next() {
		if string(s.Key()) != "attributes" {
			s.Skip()
			continue
		}
		readAttributes(&s, func(key string, v value) {
			switch key {
			case "host.name":
				r.host = v.text()
			case "service.name":
				r.service = v.text()
			}
			if key == typeFrom {
				r.typed = v.text()
			}
		})
	}
	return s.Err()
}

func (s *scope) read(raw []byte) error {
	in := stream.Scan(raw)
	for in.Next() {
		switch string(in.Key()) {
		case "name":
			in.Text(&s.name)
		case "version":
			in.Text(&s.version)
		default:
			in.Skip()
		}
	}
	return in.Err()
}

func (s *scope) String() string {
	if s.name == "" {
		return "OTLP"
	}
	if s.version == "" {
		return s.name
	}
	return s.name + " " + s.version
}

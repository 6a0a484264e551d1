package power

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"ipw/lib/unit"
)

// AppendSample appends s as a line of JSON without newline.
func AppendSample(b []byte, s *Sample) []byte {
	b = strconv.AppendInt(append(b, `{"t_us":`...), s.TUs, 10)
	if s.HasM {
		b = strconv.AppendInt(append(b, `,"m_us":`...), s.MUs, 10)
	}
	if s.ReadUs != 0 {
		b = strconv.AppendInt(append(b, `,"read_us":`...), s.ReadUs, 10)
	}
	b = appendMicros(b, `,"j":[`, s.J)
	b = appendMicros(b, `,"w":[`, s.W)
	b = appendFloats(b, `,"util":[`, s.Util)
	b = appendFloats(b, `,"mem_bytes":[`, s.MemBytes)
	b = appendFloats(b, `,"temp_c":[`, s.TempC)
	return append(b, '}')
}

func appendMicros(b []byte, key string, v []int64) []byte {
	if v == nil {
		return b
	}
	b = append(b, key...)
	for i, n := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if n == Null {
			b = append(b, "null"...)
		} else {
			b = unit.AppendMicro(b, n)
		}
	}
	return append(b, ']')
}

func appendFloats(b []byte, key string, v []*float64) []byte {
	if v == nil {
		return b
	}
	b = append(b, key...)
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if f == nil {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, *f, 'f', -1, 64)
		}
	}
	return append(b, ']')
}

// ParseSample reads a sample into s, reusing its slices. Unknown fields are
// ignored.
func ParseSample(b []byte, s *Sample) error {
	*s = Sample{J: s.J[:0], W: s.W[:0]}
	if parseFast(b, s) {
		return nil
	}
	return parseSlow(b, s)
}

// parseFast reads what AppendSample and its like write: known keys of numbers
// and of arrays of numbers. Anything else is left to parseSlow.
func parseFast(b []byte, s *Sample) bool {
	p := scanner{b: b}
	j, w := s.J, s.W
	hasT, hasJ, hasW := false, false, false
	if !p.is('{') {
		return false
	}
	for {
		if !p.is('"') {
			return false
		}
		ok := false
		switch key := p.word('"'); string(key) {
		case "t_us":
			s.TUs, ok = p.colonInt()
			hasT = true
		case "m_us":
			s.MUs, ok = p.colonInt()
			s.HasM = true
		case "read_us":
			s.ReadUs, ok = p.colonInt()
		case "j":
			j, ok = p.colonMicros(j[:0])
			hasJ = true
		case "w":
			w, ok = p.colonMicros(w[:0])
			hasW = true
		}
		if !ok {
			return false
		}
		if p.is(',') {
			continue
		}
		if !p.is('}') || p.i != len(b) || !hasT {
			return false
		}
		s.J, s.W = nil, nil
		if hasJ {
			s.J = j
		}
		if hasW {
			s.W = w
		}
		return true
	}
}

// scanner steps over JSON without white space other than single spaces.
type scanner struct {
	b []byte
	i int
}

func (p *scanner) is(c byte) bool {
	for p.i < len(p.b) && p.b[p.i] == ' ' {
		p.i++
	}
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// word returns what stands before the next c and steps behind it.
func (p *scanner) word(c byte) []byte {
	start := p.i
	for p.i < len(p.b) {
		if p.b[p.i] == c {
			p.i++
			return p.b[start : p.i-1]
		}
		p.i++
	}
	return nil
}

// number returns the text of a plain decimal number.
func (p *scanner) number() []byte {
	p.is(' ')
	start := p.i
	for p.i < len(p.b) && (p.b[p.i] >= '0' && p.b[p.i] <= '9' || p.b[p.i] == '-' || p.b[p.i] == '.') {
		p.i++
	}
	n := p.b[start:p.i]
	digits := n
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' || digits[0] == '.' || digits[len(digits)-1] == '.' {
		return nil
	}
	return n
}

func (p *scanner) colonInt() (int64, bool) {
	if !p.is(':') {
		return 0, false
	}
	n, err := strconv.ParseInt(string(p.number()), 10, 64)
	return n, err == nil
}

func (p *scanner) colonMicros(v []int64) ([]int64, bool) {
	if !p.is(':') || !p.is('[') {
		return v, false
	}
	if p.is(']') {
		return v, true
	}
	for {
		if p.is('n') {
			if len(p.b)-p.i < 3 || string(p.b[p.i:p.i+3]) != "ull" {
				return v, false
			}
			p.i += 3
			v = append(v, Null)
		} else if n := p.number(); n == nil {
			return v, false
		} else if m, err := unit.ParseMicro(n); err != nil {
			return v, false
		} else {
			v = append(v, m)
		}
		if p.is(']') {
			return v, true
		}
		if !p.is(',') {
			return v, false
		}
	}
}

// micro is a JSON number of units or null.
type micro int64

func (m *micro) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = Null
		return nil
	}
	n, err := unit.ParseMicro(b)
	*m = micro(n)
	return err
}

func parseSlow(b []byte, s *Sample) error {
	var r struct {
		TUs      *int64     `json:"t_us"`
		MUs      *int64     `json:"m_us"`
		ReadUs   int64      `json:"read_us"`
		J        []micro    `json:"j"`
		W        []micro    `json:"w"`
		Util     []*float64 `json:"util"`
		MemBytes []*float64 `json:"mem_bytes"`
		TempC    []*float64 `json:"temp_c"`
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return wrongType(err)
	}
	if r.TUs == nil {
		return errors.New("sample without t_us")
	}
	*s = Sample{TUs: *r.TUs, ReadUs: r.ReadUs, J: micros(s.J, r.J), W: micros(s.W, r.W), Util: r.Util, MemBytes: r.MemBytes, TempC: r.TempC}
	if r.MUs != nil {
		s.MUs, s.HasM = *r.MUs, true
	}
	return nil
}

func micros(v []int64, m []micro) []int64 {
	if m == nil {
		return nil
	}
	v = v[:0]
	for _, n := range m {
		v = append(v, int64(n))
	}
	return v
}

// wrongType makes encoding/json's error name the field, not the Go type.
func wrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field != "" {
		return fmt.Errorf("field %q is a %s", t.Field, t.Value)
	}
	var syn *json.SyntaxError
	if errors.As(err, &syn) {
		return fmt.Errorf("not JSON: %w", err)
	}
	return err
}

// check tells what makes a sample impossible under its header.
func (s *Sample) check(h *Header) error {
	n := len(h.Domains)
	for _, v := range []struct {
		key string
		len int
		nil bool
	}{{"j", len(s.J), s.J == nil}, {"w", len(s.W), s.W == nil}, {"util", len(s.Util), s.Util == nil}, {"mem_bytes", len(s.MemBytes), s.MemBytes == nil}, {"temp_c", len(s.TempC), s.TempC == nil}} {
		if !v.nil && v.len != n {
			return fmt.Errorf("%s has %d values, the header has %d domains", v.key, v.len, n)
		}
	}
	return nil
}

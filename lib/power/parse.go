package power

import (
	"errors"
	"fmt"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// ParseSample reads a sample into s, reusing the memory of its J and W: samples
// come by the million, and the usual ones, which have nothing else, cost no
// allocation. Unknown fields are ignored.
func ParseSample(b []byte, s *Sample) error {
	old := *s
	*s = Sample{}
	hasT := false
	p := stream.Scan(b)
	for p.Next() {
		switch string(p.Key()) {
		case "t_us":
			hasT = integer(&p, &s.TUs)
		case "m_us":
			s.HasM = integer(&p, &s.MUs)
		case "read_us":
			integer(&p, &s.ReadUs)
		case "j":
			s.J = micros(&p, old.J)
		case "w":
			s.W = micros(&p, old.W)
		case "util":
			s.Util = floats(&p)
		case "mem_bytes":
			s.MemBytes = floats(&p)
		case "temp_c":
			s.TempC = floats(&p)
		case "type": // of a sample it is null or absent
			var kind string
			p.Text(&kind)
		default:
			p.Skip()
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	if !hasT {
		return errors.New("sample without t_us")
	}
	return nil
}

// integer reads an integer, and reports whether there was one. Null is 0.
func integer(p *stream.Scanner, n *int64) bool {
	*n = 0
	if p.Null() {
		return false
	}
	p.Int(n)
	return true
}

// micros reads an array of units or nulls into v's memory; null is nil.
func micros(p *stream.Scanner, v []int64) []int64 {
	if p.Null() {
		return nil
	}
	if v = v[:0]; v == nil {
		v = []int64{}
	}
	if !p.Array() {
		return v
	}
	for p.More() {
		if p.Null() {
			v = append(v, Null)
			continue
		}
		raw := p.Number()
		if raw == nil {
			p.Wrong("an array of numbers and nulls")
			continue
		}
		n, err := unit.ParseMicro(raw)
		if err == nil && n == Null {
			err = unit.ErrRange
		}
		if err != nil {
			p.Fail("has %.40s: %v", raw, err)
		}
		v = append(v, n)
	}
	return v
}

// floats reads an array of numbers or nulls; null is nil.
func floats(p *stream.Scanner) []*float64 {
	if p.Null() || !p.Array() {
		return nil
	}
	v := []*float64{}
	for p.More() {
		var f *float64
		p.OptFloat(&f)
		v = append(v, f)
	}
	return v
}

// check tells what makes a sample impossible under its header.
func (s *Sample) check(h *Header) error {
	for _, v := range []struct {
		key  string
		none bool
		n    int
	}{
		{"j", s.J == nil, len(s.J)}, {"w", s.W == nil, len(s.W)}, {"util", s.Util == nil, len(s.Util)},
		{"mem_bytes", s.MemBytes == nil, len(s.MemBytes)}, {"temp_c", s.TempC == nil, len(s.TempC)},
	} {
		if !v.none && v.n != len(h.Domains) {
			return fmt.Errorf("field %q has %d values, the header has %d domains", v.key, v.n, len(h.Domains))
		}
	}
	return nil
}

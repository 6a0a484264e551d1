package power

import (
	"encoding/binary"
	"math/bits"
)

// shape reads a sample in the form that nearly all have: written without white
// space and with its members in AppendSample's order. Anything else, an error
// too, is left to ParseSample, which takes several times as long. What shape
// takes is a sample to ParseSample too, and the same one.
//
// n is the number of domains; util and what follows is left out.
func shape(line []byte, n int, s *Sample) bool {
	b, end := line, len(line)
	if cap(line) >= end+8 { // numbers are read eight digits at a time
		b = line[:end+8]
	}
	i, ok := prefix(b, 0, `{"t_us":`)
	if !ok {
		return false
	}
	if s.TUs, i, ok = whole(b, i); !ok {
		return false
	}
	s.MUs, s.HasM, s.ReadUs = 0, false, 0
	if at, ok := prefix(b, i, `,"m_us":`); ok {
		if s.MUs, i, ok = whole(b, at); !ok {
			return false
		}
		s.HasM = true
	}
	if at, ok := prefix(b, i, `,"read_us":`); ok {
		if s.ReadUs, i, ok = whole(b, at); !ok {
			return false
		}
	}
	s.Util, s.MemBytes, s.TempC = nil, nil, nil
	j, w := s.J, s.W
	s.J, s.W = nil, nil
	if at, ok := prefix(b, i, `,"j":[`); ok {
		if s.J, i, ok = list(b, at, n, j); !ok {
			return false
		}
	}
	if at, ok := prefix(b, i, `,"w":[`); ok {
		if s.W, i, ok = list(b, at, n, w); !ok {
			return false
		}
	}
	for _, key := range [...]string{`,"util":[`, `,"mem_bytes":[`, `,"temp_c":[`} {
		if at, ok := prefix(b, i, key); ok {
			if i, ok = unread(b, at, n); !ok {
				return false
			}
		}
	}
	return i == end-1 && b[i] == '}'
}

// prefix steps over text.
func prefix(b []byte, i int, text string) (int, bool) {
	end := i + len(text)
	return end, end <= len(b) && string(b[i:end]) == text
}

// list reads n microunits or nulls and the bracket behind them.
func list(b []byte, i, n int, into []int64) (v []int64, end int, ok bool) {
	if cap(into) < n {
		into = make([]int64, n)
	}
	v = into[:n]
	for k := range v {
		if v[k], i, ok = micro(b, i); !ok || i >= len(b) {
			return nil, 0, false
		}
		if want := byte(','); b[i] != want && (k < n-1 || b[i] != ']') || k == n-1 && b[i] == want {
			return nil, 0, false
		}
		i++
	}
	return v, i, n > 0
}

// unread steps over n numbers or nulls and the bracket behind them.
func unread(b []byte, i, n int) (end int, ok bool) {
	for k := range n {
		if _, i, ok = micro(b, i); !ok || i >= len(b) {
			return 0, false
		}
		if c := b[i]; c != ',' && c != ']' || (c == ']') != (k == n-1) {
			return 0, false
		}
		i++
	}
	return i, n > 0
}

// whole reads a number of up to 18 digits, without sign.
func whole(b []byte, i int) (v int64, end int, ok bool) {
	from := i
	for {
		x, n := digits(b, i)
		v, i = v*pow10[n]+x, i+n
		if n < 8 {
			break
		}
	}
	return v, i, i > from && i-from <= 18 && (b[from] != '0' || i == from+1) && !fraction(b, i)
}

// fraction reports that a number goes on behind its whole part.
func fraction(b []byte, i int) bool { return i < len(b) && (b[i] == '.' || b[i]|0x20 == 'e') }

// micro reads a number of microunits with up to six decimals, or null.
func micro(b []byte, i int) (v int64, end int, ok bool) {
	if i < len(b) && b[i] == 'n' {
		end, ok = prefix(b, i, "null")
		return Null, end, ok
	}
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	from := i
	for {
		x, n := digits(b, i)
		v, i = v*pow10[n]+x, i+n
		if n < 8 || i-from > 12 {
			break
		}
	}
	if n := i - from; n == 0 || n > 12 || n > 1 && b[from] == '0' {
		return 0, 0, false
	}
	v *= 1e6
	if i < len(b) && b[i] == '.' {
		x, n := digits(b, i+1)
		if n == 0 || n > 6 {
			return 0, 0, false
		}
		v, i = v+x*pow10[6-n], i+1+n
	}
	if negative {
		v = -v
	}
	return v, i, i >= len(b) || b[i]|0x20 != 'e'
}

var pow10 = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// digits reads up to eight digits, all at once: a loop would guess wrong at the
// end of nearly every number, which costs more than the digits.
func digits(b []byte, i int) (v int64, n int) {
	if i+8 > len(b) {
		return fewDigits(b, i)
	}
	x := binary.LittleEndian.Uint64(b[i:]) ^ 0x3030303030303030 // a digit is 0 to 9 now
	other := (x | (x + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0
	n = bits.TrailingZeros64(other) / 8 // 8 if all are digits
	x <<= uint(64 - 8*n)                // leading zeros in the place of what follows
	x = x * 2561 >> 8 & 0x00ff00ff00ff00ff
	x = x * 6553601 >> 16 & 0x0000ffff0000ffff
	return int64(x * 42949672960001 >> 32), n
}

func fewDigits(b []byte, i int) (v int64, n int) {
	for ; i < len(b) && n < 8 && '0' <= b[i] && b[i] <= '9'; i, n = i+1, n+1 {
		v = v*10 + int64(b[i]-'0')
	}
	return v, n
}

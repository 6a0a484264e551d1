package unit

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
)

// Sum adds Joules without overflow: a rack's year does not fit a Joules.
// The zero value is 0 J; equal sums are ==.
type Sum struct {
	joules int64  // whole joules, rounded down
	nano   Joules // the rest, from 0 to below 1 J
}

// Add adds j to s.
func (s *Sum) Add(j Joules) {
	s.joules += int64(j / Joule)
	s.nano += j % Joule // from above -1 J to below 2 J
	switch {
	case s.nano < 0:
		s.nano += Joule
		s.joules--
	case s.nano >= Joule:
		s.nano -= Joule
		s.joules++
	}
}

// AddSum adds another sum to s.
func (s *Sum) AddSum(o Sum) {
	s.joules += o.joules
	s.Add(o.nano)
}

// Sub returns s − o.
func (s Sum) Sub(o Sum) Sum {
	s.joules -= o.joules
	s.Add(-o.nano)
	return s
}

// IsZero reports whether s is exactly 0 J.
func (s Sum) IsZero() bool { return s == Sum{} }

// Float returns s in joules.
func (s Sum) Float() float64 { return float64(s.joules) + s.nano.Float() }

// String prints s in joules with up to nine decimals.
func (s Sum) String() string {
	if s.joules < 0 { // rounded down, so the two parts point in different directions
		n := Sum{}.Sub(s)
		return "-" + n.String()
	}
	whole := strconv.AppendInt(nil, s.joules, 10)
	frac := s.nano.Append(nil) // "0" or "0.25"
	return string(append(whole, frac[1:]...))
}

// MarshalJSON writes s as a number of joules.
func (s Sum) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads a number of joules and rounds it to the nanojoule.
func (s *Sum) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var j Joules
	err := j.UnmarshalJSON(b)
	if err != ErrRange {
		*s = Sum{}
		s.Add(j)
		return err
	}
	var f json.Number
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if v, err := f.Float64(); err != nil || v > 9e18 || v < -9e18 {
		return ErrRange
	}
	r, ok := new(big.Rat).SetString(f.String())
	if !ok {
		return fmt.Errorf("not a number: %q", b)
	}
	nano := roundRat(r.Mul(r, new(big.Rat).SetInt64(int64(Joule))))
	whole, rest := new(big.Int).DivMod(nano, big.NewInt(int64(Joule)), new(big.Int))
	*s = Sum{whole.Int64(), Joules(rest.Int64())}
	return nil
}

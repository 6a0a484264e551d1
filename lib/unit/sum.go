package unit

import "strings"

// Sum adds Joules without overflow: a rack's year does not fit a Joules.
// The zero value is 0 J.
type Sum struct {
	joules int64  // whole joules
	nano   Joules // the rest, |nano| < 1 J
}

// Add adds j to s.
func (s *Sum) Add(j Joules) {
	s.joules += int64(j / Joule)
	s.nano += j % Joule
	s.joules += int64(s.nano / Joule)
	s.nano %= Joule
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
func (s Sum) IsZero() bool { return s.joules == 0 && s.nano == 0 }

// Float returns s in joules.
func (s Sum) Float() float64 { return float64(s.joules) + s.nano.Float() }

// String prints s in joules with up to nine decimals.
func (s Sum) String() string {
	if s.joules > 0 && s.nano < 0 {
		s.joules--
		s.nano += Joule
	} else if s.joules < 0 && s.nano > 0 {
		s.joules++
		s.nano -= Joule
	}
	whole := appendDecimal(nil, s.joules, 0)
	frac := s.nano.String() // "0", "0.25" or "-0.25"
	if s.joules == 0 {
		return frac
	}
	if _, tail, ok := strings.Cut(frac, "."); ok {
		return string(whole) + "." + tail
	}
	return string(whole)
}

// MarshalJSON writes s as a number of joules.
func (s Sum) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads a number of joules within the range of Joules.
func (s *Sum) UnmarshalJSON(b []byte) error {
	var j Joules
	if err := j.UnmarshalJSON(b); err != nil {
		return err
	}
	*s = Sum{}
	s.Add(j)
	return nil
}

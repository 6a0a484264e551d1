package sensor

import (
	"bytes"
	"errors"
)

// What a file that should hold a number can hold instead. They are made once:
// a sensor that fails at every tick must not allocate at every tick.
var (
	ErrEmpty   = errors.New("empty reading")
	ErrGarbage = errors.New("not a number")
	ErrRange   = errors.New("value out of range")
	ErrStale   = errors.New("no fresh value")
	ErrNoPower = errors.New("0 W, which nothing that answers draws")
)

// ParseCount reads the whole number that a kernel file holds.
func ParseCount(b []byte) (int64, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return 0, ErrEmpty
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, ErrGarbage
		}
		if n > (1<<63-1-9)/10 {
			return 0, ErrRange
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

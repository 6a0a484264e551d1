package sampler

import (
	"fmt"

	"ipw/lib/power"
)

// limiter lets a kind of note through once a second.
type limiter struct {
	what    string
	total   int64
	pending int64
	longest int64 // microseconds
	told    int64
	any     bool
}

func (l *limiter) add(n, us int64) {
	l.total += n
	l.pending += n
	l.longest = max(l.longest, us)
}

func (l *limiter) tell(notes []power.Note, now int64, last bool) []power.Note {
	if l.pending == 0 || l.any && !last && now-l.told < 1_000_000 {
		return notes
	}
	detail := fmt.Sprintf("%d", l.pending)
	if l.longest > 0 {
		detail = fmt.Sprintf("%d, the longest %.3f s", l.pending, float64(l.longest)/1e6)
	}
	l.pending, l.longest, l.told, l.any = 0, 0, now, true
	return append(notes, power.Note{What: l.what, Detail: detail})
}

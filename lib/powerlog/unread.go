package powerlog

import (
	"slices"
	"strings"
)

// unread collects the names of what a log has and its reader does not know, and
// says them once.
type unread struct {
	src  *source
	seen []string
}

// name says those names that were not said before.
func (u *unread) name(names []string) {
	var fresh []string
	for _, n := range names {
		if !slices.Contains(u.seen, n) && n != "" && len(u.seen) < 1000 {
			u.seen = append(u.seen, n)
			fresh = append(fresh, n)
		}
	}
	if len(fresh) > 0 {
		u.src.problems.Warn("%s:%d: not read: %s", u.src.name, max(u.src.line, 1), strings.Join(fresh, ", "))
	}
}

// hinted is an error with what would mend it.
type hinted struct {
	error
	hint string
}

// Hint is what a user may type next.
func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

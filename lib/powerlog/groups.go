package powerlog

// groups finds out by their times that rows come in groups.
type groups struct {
	any    bool
	last   int64
	close  int   // rows that came at once
	step   int64 // between two rows of a group
	size   int   // rows of the group so far
	usual  int   // of the group before
	repeat int   // groups of that size in a row
}

const (
	atOnce = 5_000   // µs; no tool that was asked to wait is as fast as this
	slow   = 500_000 // µs; no tool takes as long from one device to the next
	wider  = 3       // times: what lies between groups, against what lies between rows
	sure   = 3       // rows at once, or groups alike: so many are no accident
)

// of takes the time of the next row, and reports whether the rows are of groups.
func (g *groups) of(t int64) bool {
	dt, first := t-g.last, !g.any
	g.last, g.any = t, true
	switch {
	case first || dt < 0:
		g.size = 1
		return false
	case dt <= atOnce:
		g.close++
	}
	if g.step == 0 || dt < wider*g.step {
		g.step = max(dt, 1)
		g.size++
		return g.close >= sure
	}
	if g.size != g.usual {
		g.usual, g.repeat = g.size, 0
	}
	g.size, g.repeat = 1, g.repeat+1
	return g.close >= sure || g.usual > 1 && g.step < slow && g.repeat >= sure
}

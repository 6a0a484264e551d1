package powerlog

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/power"
)

// cores adds up what turbostat tells of a package's cores: AMD's processors have
// a counter in each, others one for all. An interval is known to be whole by its
// number of rows, which is that of the interval before, or when the next begins.
type cores struct {
	sums        []cell // of this interval, by package
	rows, usual int
}

func (c *cores) begin() { c.usual, c.rows = c.rows, 0 }

func (c *cores) pending() bool { return len(c.sums) > 0 }

func (c *cores) add(v cell) {
	i := slices.IndexFunc(c.sums, func(x cell) bool { return x.domain.ID == v.domain.ID })
	if i < 0 {
		c.sums = append(c.sums, v)
		return
	}
	sum := &c.sums[i]
	sum.J, sum.W = plus(sum.J, v.J), plus(sum.W, v.W)
}

// plus is null if a part is: what is left would be too little.
func plus(a, b int64) int64 {
	if a == power.Null || b == power.Null {
		return power.Null
	}
	return a + b
}

// last counts a row, and tells whether it is the last one of its interval.
func (c *cores) last() bool {
	c.rows++
	return c.rows == c.usual
}

func (c *cores) take(values []cell) []cell {
	values = append(values, c.sums...)
	c.sums = c.sums[:0]
	return values
}

// ofCores is a row of what is pending, of the interval before the next row.
func (r *turbostat) ofCores() *row {
	r.row.values, r.row.again = r.cores.take(r.row.values[:0]), false
	return &r.row
}

// systems tells rows of the system from those of CPUs where no column does, as
// in turbostat --show PkgWatt: they look alike, and each would be an interval.
type systems struct {
	now   func() int64 // of a live log
	began int64        // when the last interval of a live log came
	rows  int          // since the line of names
	all   bool         // rows of CPUs are there: only the first is the system's
}

// apart is longer than a live log's lines of one interval are apart: turbostat
// writes them at once.
const apart = 20_000 // µs

// next reports whether a row of the system, or a row in a bare log, begins an
// interval.
func (s *systems) next(bare bool) bool {
	s.rows++
	if !bare {
		return true
	}
	if s.now == nil {
		return s.rows == 1 || !s.all
	}
	now := s.now()
	if s.rows > 1 && now-s.began < apart {
		return false
	}
	s.began = now
	return true
}

// bare reports whether a log has no column that tells what a row is of.
func (r *turbostat) bare() bool {
	return !slices.ContainsFunc(r.columns, func(name string) bool { return slices.Contains(turbostatPlaces, name) })
}

// whose looks ahead, behind a line of names of an old log, for whose rows they
// are. Behind the last one it stays as before.
func (r *turbostat) whose() {
	r.systems.rows = 0
	if r.systems.now != nil || !r.bare() || slices.Contains(r.columns, "Time_Of_Day_Seconds") {
		return
	}
	head, _ := r.src.br.Peek(headSize)
	var rows [][]string
	short := 0
	for line := range strings.Lines(string(head)) {
		if isTurbostatHeader(strings.Fields(line)) {
			r.systems.all = len(rows) > 1 && r.summed(rows)
			break
		}
		if text, whole := strings.CutSuffix(line, "\n"); whole && strings.TrimSpace(text) != "" {
			cells := r.cells(strings.TrimRight(text, "\r"))
			rows = append(rows, cells)
			if len(cells) < len(r.columns) {
				short++
			}
		}
	}
	r.systems.all = r.systems.all || 2*short >= len(rows) && short > 0
}

// summed reports whether the first row is the sum of the others, by its first
// column of power.
func (r *turbostat) summed(rows [][]string) bool {
	column := slices.IndexFunc(r.columns, func(name string) bool { _, _, ok := turbostatColumn(name); return ok })
	value := func(row []string) float64 {
		if column >= len(row) {
			return 0
		}
		f, _ := strconv.ParseFloat(strings.TrimSpace(row[column]), 64)
		return f
	}
	rest := 0.0
	for _, row := range rows[1:] {
		rest += value(row)
	}
	const rounding = 0.01 // two decimals are printed
	return math.Abs(rest-value(rows[0])) <= rounding*float64(len(rows))
}

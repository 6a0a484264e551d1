package run

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ipw/lib/efficiency"
	"ipw/lib/stats"
	"ipw/lib/unit"
)

// Report writes a result for a person: first what was measured, how, and what
// was not; then what came out. It holds foreign texts; whoever prints it on a
// terminal cleans them.
func (res *Result) Report(w io.Writer) error {
	t := &table{}
	s := res.Summary
	t.row(baseName(res.Dir), fmt.Sprintf("%s, %s", s.Status, queries(s)))
	if s.Config.Endpoint == "builtin" {
		t.row("", "builtin is a scripted model, not a language model: its answers say nothing about any model")
	}
	t.measured(s, res.Traces)
	t.unmeasured(s, res.Traces)
	t.gap()
	t.accuracy(s)
	t.efficiency(s.Efficiency)
	t.gap()
	t.work(s)
	t.outcomes(s.Totals)
	t.gap()
	t.balance(s.Balance)
	t.overhead(s)
	t.row("Written", res.Dir)
	_, err := io.WriteString(w, t.String())
	return err
}

// table is rows of a name and a text.
type table struct{ rows [][2]string }

func (t *table) row(name, text string) { t.rows = append(t.rows, [2]string{name, text}) }
func (t *table) gap()                  { t.row("", "") }

// columns is how wide a report may be.
const columns = 100

// String sets the names in one column and wraps the texts. The first row is a
// headline.
func (t *table) String() string {
	width := 0
	for _, r := range t.rows[1:] {
		width = max(width, len(r[0]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", t.rows[0][0], t.rows[0][1])
	for _, r := range t.rows[1:] {
		name := r[0]
		for _, text := range wrap(r[1], columns-width-2) {
			b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %s", width, name, text), " ") + "\n")
			name = ""
		}
	}
	return b.String()
}

// wrap breaks a text between words. A longer word stays whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

func queries(s *Summary) string {
	n := fmt.Sprintf("%d of %d queries", s.Totals.Queries, max(s.asked, s.Totals.Queries))
	if sessions := len(s.Provenance.Sessions); sessions > 1 {
		n += fmt.Sprintf(", in %d sessions", sessions)
	} else if s.Totals.ElapsedS != nil {
		n += fmt.Sprintf(" in %s s", digits(*s.Totals.ElapsedS, 3))
	}
	return n
}

func (t *table) accuracy(s *Summary) {
	e, n := s.Efficiency, s.Totals
	if e == nil || e.Accuracy == nil {
		t.row("Accuracy", fmt.Sprintf("unknown: none of %d answers has a score", n.Queries))
		return
	}
	right := strconv.FormatFloat(math.Round(*e.Accuracy*float64(e.AccuracyN)*100)/100, 'f', -1, 64) // scores may be parts
	text := fmt.Sprintf("%s, %s of %d right", percent(*e.Accuracy), right, e.AccuracyN)
	if ci := e.AccuracyCI95; ci != nil {
		text = fmt.Sprintf("%s (95 %%: %s to %s), scorer %s", text, percent(ci[0]), percent(ci[1]), s.Config.Scorer)
	}
	t.row("Accuracy", text)
	if l := e.LeftOut; l.Unscored+l.Unmeasured+l.Errored > 0 {
		t.row("", fmt.Sprintf("left out: %d unscored, %d unmeasured, %d in error or interrupted", l.Unscored, l.Unmeasured, l.Errored))
	}
}

func (t *table) efficiency(e *efficiency.Efficiency) {
	if e == nil {
		return
	}
	if e.Reason != nil && e.IPJ == nil {
		t.row("Efficiency", "unknown: "+*e.Reason)
		if e.HarnessJoules != nil {
			t.row("", "harness energy, of this machine alone: "+Joules(*e.HarnessJoules, nil, e.Estimated != nil && *e.Estimated))
		}
		return
	}
	t.basis(e.Bases)
	if e.MeanOpen != nil {
		t.row("", fmt.Sprintf("%s queries open on average: a query's watts are its share", digits(*e.MeanOpen, 2)))
	}
}

// basis prints the efficiency by the first account of the joules, which leads,
// and what a right answer took by the others.
func (t *table) basis(bases []efficiency.Basis) {
	label, last := "Joules per success", ""
	for _, b := range bases {
		text := "none was right"
		if b.JoulesPerSuccess != nil {
			text = Joules(*b.JoulesPerSuccess, nil, b.Estimated)
		}
		if text == last {
			continue
		}
		last = text
		of := b.Basis
		if of == "total" {
			of = "all counted domains"
		}
		t.row(label, fmt.Sprintf("%s (%s)", text, of))
		label = ""
	}
	if len(bases) == 0 {
		return
	}
	est := ""
	if bases[0].Estimated {
		est = "est. "
	}
	t.per("IPJ", "right answers per joule", bases[0].IPJ, bases[0].IPJCI95, est)
	t.per("IPW", "accuracy per watt", bases[0].IPW, bases[0].IPWCI95, est)
}

func (t *table) per(name, what string, v *float64, ci *stats.Interval, est string) {
	switch {
	case v == nil:
		t.row(name, "unknown")
	case ci == nil:
		t.row(name, fmt.Sprintf("%s%s %s, no interval", est, digits(*v, 2), what))
	default:
		t.row(name, fmt.Sprintf("%s%s %s", est, between(*v, ci[0], ci[1]), what))
	}
}

// work is what the queries took.
func (t *table) work(s *Summary) {
	n := s.Totals
	t.energy(s)
	t.row("Tokens", tokens(n))
	if n.WallClockS != nil {
		t.row("Seconds", fmt.Sprintf("%s of queries, in %d turns with %d tool calls", digits(*n.WallClockS, 3), n.Turns, n.ToolCalls))
	}
	if n.CostUSD != nil {
		t.row("Dollars", fmt.Sprintf("%.4g", *n.CostUSD))
	} else {
		t.row("Dollars", "unknown: no price (--prices FILE)")
	}
}

// energy prints the joules of every kind, and their sum where there are several.
func (t *table) energy(s *Summary) {
	n := s.Totals
	label, kinds := "Energy", 0
	line := func(name, of string, sum *unit.Sum, u *float64, estimated bool) {
		if sum == nil {
			return
		}
		text := Joules(sum.Float(), u, estimated) + " " + of
		if u != nil && !estimated {
			text += fmt.Sprintf(" (uncertain by %s J at most)", digitsUp(*u, 1))
		}
		if slices.Contains(n.Partial, name) {
			text += ", of a part of the queries only"
		}
		t.row(label, text)
		label = ""
		kinds++
	}
	for _, k := range []struct {
		kind string
		sum  *unit.Sum
	}{{"gpu", n.GPUJoules}, {"cpu", n.CPUJoules}, {"dram", n.DRAMJoules}, {"soc", n.SOCJoules}, {"ane", n.ANEJoules}, {"board", n.BoardJoules}} {
		var u *float64
		if x, ok := n.Uncertainty[k.kind]; ok {
			u = &x
		}
		line(k.kind+"_energy_joules", k.kind, k.sum, u, s.estimated(k.kind))
	}
	if kinds != 1 {
		line("energy_joules", "all counted domains", n.Joules, nil, s.estimated("all counted domains"))
	}
	if n.AttemptJoules != nil {
		line("attempt_energy_joules", "more of earlier attempts", n.AttemptJoules, nil, s.estimated("all counted domains"))
	}
}

// estimated tells whether a kind, or any counted one, comes from a model.
func (s *Summary) estimated(kind string) bool {
	return slices.ContainsFunc(s.Provenance.Sensors, func(d Sensor) bool {
		return d.Estimated && (d.Kind == kind || d.Counted && kind == "all counted domains")
	})
}

func tokens(n *Totals) string {
	if n.InputTokens == nil && n.OutputTokens == nil {
		return "unknown"
	}
	count := func(v *int64) string {
		if v == nil {
			return "unknown"
		}
		return grouped(*v)
	}
	text := count(n.InputTokens) + " in, " + count(n.OutputTokens) + " out"
	if n.CachedTokens != nil && *n.CachedTokens > 0 {
		text += ", " + grouped(*n.CachedTokens) + " of the input from a cache"
	}
	return text
}

func (t *table) outcomes(n *Totals) {
	t.row("Ended", counts(n.Reasons))
	if n.ToolErrors+n.Retries+n.Reattempted > 0 {
		t.row("", fmt.Sprintf("%s, %s, %s run again", plural(n.ToolErrors, "failed tool call"), plural(n.Retries, "retry"), plural(n.Reattempted, "query")))
	}
	t.some("Errors", n.Errors)
	t.some("Unscored", n.Unscorable)
}

// some lists the commonest few of foreign texts.
func (t *table) some(label string, texts map[string]int) {
	keys := slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(texts[b]-texts[a], strings.Compare(a, b))
	})
	for i, k := range keys {
		if i == 3 {
			t.row("", fmt.Sprintf("and %d more kinds", len(keys)-3))
			return
		}
		t.row(label, fmt.Sprintf("%d × %s", texts[k], shorten(k, 120)))
		label = ""
	}
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%d %s", m[k], k))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if s, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, s)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

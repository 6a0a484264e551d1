package format

import (
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width" // characters two columns wide
)

// ahead is how many rows decide about the widths of a table's columns. Later
// rows are printed as they come; a longer cell moves its row.
const ahead = 1000

// table aligns columns with spaces, numbers to the right.
type table struct {
	w       io.Writer
	o       Options
	columns []Column
	rows    [][]string // the first ones, until widths are known
	widths  []int      // nil until then
}

func newTable(w io.Writer, o Options) Writer { return &table{w: w, o: o} }

func (t *table) Begin(columns []Column) error {
	t.columns = columns
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = t.cell(c.Name)
	}
	t.rows = append(t.rows, cells, nil)
	return nil
}

func (t *table) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = t.cell(textOf(v, "null"))
	}
	if t.widths != nil {
		return t.print(cells)
	}
	t.rows = append(t.rows, cells)
	if len(t.rows) < ahead {
		return nil
	}
	return t.flush()
}

func (t *table) End() error {
	if t.widths != nil {
		return nil
	}
	return t.flush()
}

// cell keeps a value on one line and within the width.
func (t *table) cell(s string) string {
	s = t.o.Clean(strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s))
	if t.o.Width == 0 || columnsOf(s) <= t.o.Width {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeColumns(r); n > t.o.Width-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// flush prints the rows that were kept.
func (t *table) flush() error {
	t.widths = make([]int, len(t.columns))
	for _, cells := range t.rows {
		for i, s := range cells {
			t.widths[i] = max(t.widths[i], columnsOf(s))
		}
	}
	t.rows[1] = make([]string, len(t.columns))
	for i, n := range t.widths {
		t.rows[1][i] = strings.Repeat("─", n)
	}
	for _, cells := range t.rows {
		if err := t.print(cells); err != nil {
			return err
		}
	}
	t.rows = nil
	return nil
}

func (t *table) print(cells []string) error {
	var b strings.Builder
	for i, s := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-columnsOf(s)))
		if t.columns[i].Number {
			s = pad + s
		} else {
			s += pad
		}
		b.WriteString(s)
	}
	_, err := io.WriteString(t.w, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

// columnsOf is how many columns of a terminal a text takes.
func columnsOf(s string) (n int) {
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

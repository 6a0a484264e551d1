package format

import (
	"io"
	"strings"
)

// markdown writes a table as GitHub and others read it.
type markdown struct {
	w io.Writer
	o Options
}

func newMarkdown(w io.Writer, o Options) Writer { return &markdown{w, o} }

func (m *markdown) Begin(columns []Column) error {
	names, rules := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], rules[i] = m.cell(c.Name), "---"
		if c.Number {
			rules[i] = "---:"
		}
	}
	if err := m.line(names); err != nil {
		return err
	}
	return m.line(rules)
}

func (m *markdown) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = m.cell(textOf(v, "null"))
	}
	return m.line(cells)
}

// cell keeps a value within its cell.
func (m *markdown) cell(s string) string {
	s = strings.NewReplacer("|", `\|`, "\r\n", "<br>", "\n", "<br>", "\r", "<br>", "\t", " ").Replace(s)
	return m.o.Clean(s)
}

func (m *markdown) line(cells []string) error {
	_, err := io.WriteString(m.w, "| "+strings.Join(cells, " | ")+" |\n")
	return err
}

func (m *markdown) End() error { return nil }

package event

import (
	"bytes"
	"fmt"
	"strings"

	"ipw/lib/stream"
)

// columns tells what stands where in a table.
type columns struct {
	sep   byte // 0 for JSON Lines, whose rows name their own columns
	names []string
	role  []role // of each column
}

// role is what a column is used for.
type role int

const (
	metadata role = iota
	unnamed
	startColumn
	endColumn
	idColumn
	typeColumn
	hostColumn
	roles
)

// roleNames lists the headers that give a column its role, any case, the
// preferred one first. Slurm's sacct writes JobID, JobName and NodeList.
var roleNames = [roles][]string{
	startColumn: {"start"},
	endColumn:   {"end"},
	idColumn:    {"id", "jobid", "name", "jobname"},
	typeColumn:  {"type"},
	hostColumn:  {"host", "nodelist"},
}

// columnsOf reads a table's first line; nil if it has no start and end.
func columnsOf(line []byte) *columns {
	if object := bytes.TrimSpace(line); bytes.HasPrefix(object, []byte{'{'}) {
		if c := name(0, keys(object)); c.has(startColumn) && c.has(endColumn) {
			return &columns{}
		}
		return nil
	}
	for _, sep := range []byte{'|', '\t', ','} {
		cells, _, err := split(line, sep, nil)
		if err != nil {
			continue
		}
		if c := name(sep, cells); c.has(startColumn) && c.has(endColumn) {
			return c
		}
	}
	return nil
}

// name gives each column its role, once.
func name(sep byte, names []string) *columns {
	c := &columns{sep: sep, role: make([]role, len(names))}
	for i, n := range names {
		n = strings.TrimSpace(n)
		c.names = append(c.names, n)
		if n == "" {
			c.role[i] = unnamed
		}
	}
	for r := startColumn; r < roles; r++ {
		c.assign(r)
	}
	c.rename()
	return c
}

func (c *columns) assign(r role) {
	for _, want := range roleNames[r] {
		for i, n := range c.names {
			if strings.EqualFold(n, want) {
				c.role[i] = r
				return
			}
		}
	}
}

// rename numbers the columns for metadata that have the same name.
func (c *columns) rename() {
	seen := make(map[string]bool)
	for i, n := range c.names {
		if c.role[i] != metadata {
			continue
		}
		for k := 2; seen[c.names[i]]; k++ {
			c.names[i] = fmt.Sprintf("%s#%d", n, k)
		}
		seen[c.names[i]] = true
	}
}

func (c *columns) has(r role) bool {
	for _, x := range c.role {
		if x == r {
			return true
		}
	}
	return false
}

// keys lists the names of an object's members.
func keys(line []byte) []string {
	var names []string
	s := stream.Scan(line)
	for s.Next() {
		names = append(names, string(s.Key()))
		s.Skip()
	}
	return names
}

// split cuts a line into cells. In CSV a cell may be quoted as RFC 4180 has it:
// open says that its quote does not close in this line. TSV cells may be quoted
// within their line; between | a quote is a character like any other.
func split(line []byte, sep byte, cells []string) (_ []string, open bool, err error) {
	if sep == '|' || bytes.IndexByte(line, '"') < 0 {
		return splitPlain(line, sep, cells), false, nil
	}
	n := len(cells)
	for rest := line; ; {
		var cell string
		if len(rest) > 0 && rest[0] == '"' {
			cell, rest, open, err = quoted(rest)
		} else {
			i := bytes.IndexByte(rest, sep)
			if i < 0 {
				i = len(rest)
			}
			cell, rest = string(rest[:i]), rest[i:]
		}
		cells = append(cells, cell)
		switch {
		case (open || err != nil) && sep == '\t':
			return splitPlain(line, sep, cells[:n]), false, nil
		case open || err != nil || len(rest) == 0:
			return cells, open, err
		case rest[0] != sep:
			if sep == '\t' {
				return splitPlain(line, sep, cells[:n]), false, nil
			}
			return cells, false, fmt.Errorf("column %d goes on behind its closing quote", len(cells)-n)
		}
		rest = rest[1:]
	}
}

func splitPlain(line []byte, sep byte, cells []string) []string {
	for {
		i := bytes.IndexByte(line, sep)
		if i < 0 {
			return append(cells, string(line))
		}
		cells, line = append(cells, string(line[:i])), line[i+1:]
	}
}

// quoted takes a quoted cell from the front of b; two quotes are one.
func quoted(b []byte) (cell string, rest []byte, open bool, err error) {
	var text []byte
	for b = b[1:]; ; {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			return "", nil, true, nil
		}
		text = append(text, b[:i]...)
		if b = b[i+1:]; len(b) == 0 || b[0] != '"' {
			return string(text), b, false, nil
		}
		text, b = append(text, '"'), b[1:]
	}
}

package event

import (
	"bytes"
	"container/heap"
	"fmt"
	"hash/maphash"
	"io"
	"path/filepath"
	"strings"
	"time"

	"ipw/lib/stream"
)

// Table reads a table of time windows as an event stream: CSV, TSV, cells
// between | as sacct -P prints them, or JSON Lines, with the columns start and
// end. Each row is one query without turns:
//
//	JobID|User|NodeList|Start|End
//	4711|ada|n1|2025-11-23T10:00:00|2025-11-23T10:20:00
//
// A time is RFC 3339, the same without offset in the table's zone, or Unix
// seconds, milliseconds, microseconds or nanoseconds. The columns id, jobid,
// name or jobname name the query (a repeated name gets #2, …), type is its
// workload type, host or nodelist where it ran, whose joules alone it is charged
// with; all others go to its metadata. Upper and lower case are the same.
//
// A row without start, as of a job that was cancelled, is left out; one without
// end stays open, as a query that was interrupted. Both are said once, with
// their number. Rows may stand in any order within sortWindow rows.
type Table struct {
	problems *stream.Problems
	lines    *stream.Lines
	name     string
	dataset  string
	loc      *time.Location
	window   int // rows held at most
	columns  *columns

	rows  rowHeap // read, not begun, by start
	ends  rowHeap // begun, not ended, by end
	now   int64   // time of the last event
	count int     // rows read
	ids   map[uint64]int
	seed  maphash.Seed

	cells  []cell
	texts  []string
	quoted []byte // a row of several lines

	segment, read, over bool   // a segment is open; all rows are read; all is said
	host                string // of the open segment
	never, open         tally
	rec                 Record
}

// tally counts rows of one kind and remembers where the first is.
type tally struct{ n, line int }

func (t *tally) add(line int) {
	if t.n++; t.n == 1 {
		t.line = line
	}
}

// sortWindow is how many rows are held to put them in order: 60 MB of usual
// ones. Beyond that a table costs 40 bytes a row, to know names that come again.
const sortWindow = 1 << 18

// maxRow is the largest row of several lines.
const maxRow = 1 << 20

// NewTable reads an input as a table. loc is the zone of local times, nil for
// this machine's.
func NewTable(problems *stream.Problems, in *stream.Input, loc *time.Location) *Table {
	if loc == nil {
		loc = time.Local
	}
	in.Unfollow() // nothing in a table says that it is complete
	t := &Table{problems: problems, lines: stream.NewLines(problems, in), name: in.Name, dataset: filepath.Base(in.Name), loc: loc, window: sortWindow,
		rows: rowHeap{byStart: true}, ids: make(map[uint64]int), seed: maphash.MakeSeed()}
	t.lines.Verbatim()
	return t
}

// Next returns the next record and io.EOF at the end: a header, a query_start
// and a query_end for each row in the order of time, an end. Where a row ran
// stands in the header, so there is a new segment of the same run wherever the
// next row to start ran on another host. Events may be kept. Rows that cannot be
// used are rejected and skipped.
func (t *Table) Next() (*Record, error) {
	if t.over {
		return nil, io.EOF
	}
	if err := t.fill(); err != nil {
		return nil, err
	}
	next := t.rows.first() // to start
	if ends := t.ends.first(); next != nil && ends != nil && ends.end < next.start {
		next = nil
	}
	t.rec = Record{File: t.name, Line: 1}
	switch {
	case !t.segment:
		t.begin()
	case next != nil && next.host != t.host:
		t.finish()
	case next != nil:
		t.start(heap.Pop(&t.rows).(*row))
	case t.ends.first() != nil:
		t.end(heap.Pop(&t.ends).(*row))
	default:
		t.over = true
		t.report()
		t.finish()
	}
	return &t.rec, nil
}

// begin opens a segment for the row that starts next.
func (t *Table) begin() {
	h := &Header{Type: "header", Schema: Schema, Run: t.name, Dataset: t.dataset, TUs: t.now, Windows: true}
	if w := t.rows.first(); w != nil {
		h.Host, h.TUs, t.rec.Line = w.host, w.start, w.line
	}
	t.segment, t.host, t.rec.Header = true, h.Host, h
}

func (t *Table) finish() { t.segment, t.rec.End = false, "ok" }

// Close closes the input.
func (t *Table) Close() error { return t.lines.Close() }

func (t *Table) start(w *row) {
	t.now = w.start
	t.rec.Line = w.line
	t.rec.Event = &Event{Type: QueryStart, TUs: w.start, Query: w.query, Attempt: 1,
		WorkloadType: w.workload, Metadata: w.metadata}
	if !w.open {
		heap.Push(&t.ends, &row{end: w.end, line: w.line, query: w.query})
	}
}

func (t *Table) end(w *row) {
	t.now = w.end
	t.rec.Line = w.line
	completed, timedOut := true, false
	t.rec.Event = &Event{Type: QueryEnd, TUs: w.end, Query: w.query, Attempt: 1,
		Completed: &completed, TimedOut: &timedOut, Reason: Finished}
}

func (t *Table) report() {
	if t.never.n > 0 {
		t.problems.Warn("%s:%d: rows without a start are left out: %d, this is the first", t.name, t.never.line, t.never.n)
	}
	if t.open.n > 0 {
		t.problems.Warn("%s:%d: rows without an end stay open: %d, this is the first", t.name, t.open.line, t.open.n)
	}
}

// fill reads rows until there are enough to tell which comes first.
func (t *Table) fill() error {
	for !t.read && len(t.rows.list) < t.window {
		line, err := t.lines.Next()
		if err == io.EOF {
			t.read = true
			break
		}
		if err != nil {
			return err
		}
		if t.columns == nil {
			if t.columns = columnsOf(bytes.TrimRight(line.Bytes, " ")); t.columns == nil {
				return line.Errorf("no table of time windows: it has no columns start and end")
			}
			if t.columns.sep != 0 {
				continue
			}
		}
		if err := t.take(line.Bytes, line.Num); err != nil {
			return err
		}
	}
	if t.columns == nil {
		return &stream.Error{File: t.name, Text: "empty: a table begins with the names of its columns"}
	}
	return nil
}

// take reads one row, which may go on in further lines.
func (t *Table) take(text []byte, line int) error {
	w, ok, err := t.parse(text)
	position := t.count
	t.count++
	switch {
	case err != nil:
		return t.problems.Reject(t.name, line, err)
	case !ok:
		t.never.add(line)
		return nil
	case w.start < t.now:
		return t.problems.Reject(t.name, line, fmt.Errorf("starts before rows that stand more than %d rows above it: sort the table by start", t.window))
	case w.open:
		t.open.add(line)
	}
	w.line = line
	if w.query == "" {
		w.query = fmt.Sprintf("q%04d", position)
	}
	w.query = t.unique(w.query)
	if w.workload == "" {
		w.workload = t.dataset
	}
	heap.Push(&t.rows, &w)
	return nil
}

func (t *Table) parse(text []byte) (row, bool, error) {
	t.cells = t.cells[:0]
	var err error
	if t.columns.sep == 0 {
		t.cells, err = cellsOfJSON(text, t.cells)
	} else {
		err = t.split(text)
	}
	if err != nil {
		return row{}, false, err
	}
	return rowOf(t.cells, t.loc)
}

func (t *Table) split(text []byte) error {
	c := t.columns
	texts, open, err := split(text, c.sep, t.texts[:0])
	for open && err == nil {
		if texts, open, err = t.more(text); err == nil {
			text = t.quoted
		}
	}
	if t.texts = texts; err != nil {
		return err
	}
	for i, text := range texts {
		switch {
		case i < len(c.names):
			t.cells = append(t.cells, cell{name: c.names[i], role: c.role[i], text: text})
		case strings.TrimSpace(text) != "":
			return fmt.Errorf("has %d columns, the table has %d", len(texts), len(c.names))
		}
	}
	if n := len(c.names); len(texts) < n && (len(texts) < n-1 || c.role[n-1] != unnamed) {
		return fmt.Errorf("has %d columns, the table has %d", len(texts), n)
	}
	return nil
}

// more adds the next line to a row whose quote is open.
func (t *Table) more(text []byte) ([]string, bool, error) {
	t.quoted = append(append(t.quoted[:0:0], text...), '\n')
	line, err := t.lines.Next()
	if err == io.EOF || err == nil && len(t.quoted)+len(line.Bytes) > maxRow {
		return nil, false, fmt.Errorf("a quote opens in this row and is not closed in the %d lines behind it", bytes.Count(t.quoted, []byte{'\n'}))
	}
	if err != nil {
		return nil, false, err
	}
	t.quoted = append(t.quoted, line.Bytes...)
	return split(t.quoted, t.columns.sep, t.texts[:0])
}

// unique numbers the second row of a name and those behind it. It remembers
// names by their hash: two that share one get a number too many, no harm.
func (t *Table) unique(id string) string {
	h := maphash.String(t.seed, id)
	t.ids[h]++
	for n := t.ids[h]; n > 1; n++ {
		numbered := fmt.Sprintf("%s#%d", id, n)
		if x := maphash.String(t.seed, numbered); t.ids[x] == 0 {
			t.ids[h], t.ids[x] = n, 1
			return numbered
		}
	}
	return id
}

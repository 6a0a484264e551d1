package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func print(t *testing.T, name string, o Options, columns []Column, rows ...[]any) string {
	t.Helper()
	var b bytes.Buffer
	w, err := New(name, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(columns); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var hard = []string{"", "plain", `quo"te`, "com,ma", "line\nline", "cr\r\nlf", " padded ", "\x1b[2J\x7f\u0085", "漢字 e\u0301 🙂", "|pipe|", `back\slash`, "null", "a\x00b"}

func TestCSVReadsBack(t *testing.T) {
	var rows [][]any
	for _, a := range hard {
		for _, b := range hard {
			rows = append(rows, []any{a, b})
		}
	}
	got, err := csv.NewReader(strings.NewReader(print(t, "csv", Options{}, []Column{{Name: "a"}, {Name: `b,"c`}}, rows...))).ReadAll()
	if err != nil || len(got) != len(rows)+1 || got[0][1] != `b,"c` {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range rows {
		for j := range r {
			if want := strings.ReplaceAll(r[j].(string), "\r\n", "\n"); got[i+1][j] != want { // the reader's own doing
				t.Errorf("%q reads back as %q", r[j], got[i+1][j])
			}
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	columns := []Column{{Name: "s"}, {Name: "n", Number: true}, {Name: "s"}, {Name: "s_1"}, {Name: "b"}}
	for _, s := range hard {
		row := []any{s, Number("9007199254740993"), nil, JSON(`{"k":[1,null]}`), true}
		line := print(t, "jsonl", Options{}, columns, row)
		if strings.Count(line, "\n") != 1 || strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("line %q", line)
		}
		var array []json.RawMessage
		if err := json.Unmarshal([]byte(print(t, "json", Options{}, columns, row, row)), &array); err != nil || len(array) != 2 || string(array[0])+"\n" != line {
			t.Errorf("%v: %q", err, array)
		}
		dec := json.NewDecoder(strings.NewReader(line))
		dec.UseNumber()
		var got map[string]any
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"s": s, "n": json.Number("9007199254740993"), "s_1": nil, "s_1_1": map[string]any{"k": []any{json.Number("1"), nil}}, "b": true}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestTableIsAlignedAndStreams(t *testing.T) {
	columns := []Column{{Name: "name"}, {Name: "j", Number: true}, {Name: "x"}}
	var rows [][]any
	for range 3 * ahead {
		rows = append(rows, []any{"漢字", Number("12.5"), "e\u0301"})
	}
	rows = append(rows, []any{"much longer than all before", Number("1"), "y"})
	lines := strings.Split(print(t, "table", Options{}, columns, rows...), "\n")
	if lines[0] != "name     j  x" || lines[1] != "────  ────  ─" || lines[2] != "漢字  12.5  e\u0301" || lines[len(rows)+1] != "much longer than all before     1  y" {
		t.Errorf("%q", append(lines[:3], lines[len(rows)+1]))
	}
	if len(lines) != len(rows)+3 {
		t.Errorf("%d lines", len(lines))
	}
	var b bytes.Buffer
	w, _ := New("table", &b, Options{})
	_ = w.Begin(columns)
	for _, r := range rows[:ahead] {
		_ = w.Row(r)
	}
	if b.Len() == 0 {
		t.Error("nothing was printed before the end")
	}
}

func TestTableOnATerminal(t *testing.T) {
	clean := func(s string) string { return strings.ReplaceAll(s, "\x1b", "␛") }
	got := print(t, "table", Options{Width: 6, Clean: clean}, []Column{{Name: "a"}}, []any{"123456"}, []any{"1234567"}, []any{"漢字漢字"}, []any{"\x1b[2J"}, []any{"a\nb"})
	if want := "a\n──────\n123456\n12345…\n漢字…\n␛[2J\na\\nb\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := print(t, "csv", Options{Width: 6, Clean: clean}, []Column{{Name: "a"}}, []any{"\x1b[2J 1234567"}); got != "a\n␛[2J 1234567\n" {
		t.Errorf("%q", got)
	}
}

func TestMarkdownCellsStayCells(t *testing.T) {
	for _, s := range hard {
		lines := strings.Split(print(t, "markdown", Options{}, []Column{{Name: "a"}, {Name: "b"}}, []any{s, s}), "\n")
		if len(lines) != 4 || strings.Count(strings.ReplaceAll(lines[2], `\|`, ""), "|") != 3 {
			t.Errorf("%q: %q", s, lines)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	var unknown *UnknownError
	if _, err := New("excel", nil, Options{}); !errors.As(err, &unknown) || !unknown.Usage() || !strings.Contains(unknown.Hint(), "markdown") {
		t.Errorf("%v", err)
	}
	for _, name := range Names() {
		if _, err := New(name, nil, Options{}); err != nil {
			t.Error(err)
		}
	}
}

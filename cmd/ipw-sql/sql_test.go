//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ipw/lib/column"
	"ipw/lib/event"
	"ipw/lib/source"
	"ipw/lib/sql"
	"ipw/lib/sql/format"
	"ipw/lib/trace"
	"ipw/lib/trace/tracetest"
)

// These tests of lib/sql stand here so that DuckDB is linked into one test
// binary only.

// rows collects a result.
type rows struct {
	columns []format.Column
	values  [][]any
}

func (r *rows) Begin(c []format.Column) error { r.columns = c; return nil }
func (r *rows) Row(v []any) error             { r.values = append(r.values, slices.Clone(v)); return nil }
func (r *rows) End() error                    { return nil }

// open makes a database over what stdin holds.
func open(t *testing.T, stdin []byte) *sql.DB {
	t.Helper()
	set, err := source.Open(nil, bytes.NewReader(stdin))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(context.Background(), set, sql.Config{Print: func(s string) { t.Error(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), set.Close()); err != nil {
			t.Error(err)
		}
	})
	return db
}

func query(t *testing.T, db *sql.DB, text string) *rows {
	t.Helper()
	r := new(rows)
	if err := db.Query(context.Background(), text, r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// TestViewsGiveTheTraces compares the views' values with the traces'.
func TestViewsGiveTheTraces(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var file bytes.Buffer
	var traces, turns, tools [][]any
	for i := range 60 {
		q := tracetest.Random(r, fmt.Sprintf("q%02d", i))
		run := "r@1"
		q.Run = &run
		line, err := q.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		file.Write(append(line, '\n'))
		if err := json.Unmarshal(line, q); err != nil { // metadata as the file spells it
			t.Fatal(err)
		}
		traces = append(traces, append(drop(column.Trace(), column.TraceValues(q), "turns"), nil, nil, string(line)))
		key := []any{run, q.QueryID, int64(q.Attempt)}
		for j := range q.Turns {
			turn := &q.Turns[j]
			turns = append(turns, slices.Concat(key, drop(column.Turn(), column.TurnValues(turn), "tools")))
			for k := range turn.Tools {
				tools = append(tools, slices.Concat(key, []any{int64(turn.TurnIndex), int64(k)}, column.ToolValues(&turn.Tools[k])))
			}
		}
	}
	db := open(t, file.Bytes())
	for view, want := range map[string][][]any{"traces": traces, "turns": turns, "tools": tools} {
		got := query(t, db, "SELECT * FROM "+view)
		if len(got.values) != len(want) || len(want) < 60 {
			t.Fatalf("%s: %d rows, want %d", view, len(got.values), len(want))
		}
		for i := range want {
			for c := range want[i] {
				if a, b := spell(got.values[i][c]), spell(want[i][c]); !reflect.DeepEqual(a, b) {
					t.Fatalf("%s: row %d: %s is %#v, want %#v", view, i, got.columns[c].Name, a, b)
				}
			}
		}
	}
}

func drop(columns []column.Column, values []any, name string) []any {
	at := slices.IndexFunc(columns, func(c column.Column) bool { return c.Name == name })
	return slices.Delete(values, at, at+1)
}

// spell is a value as formats get it; lists and maps are decoded.
func spell(v any) any {
	switch v := v.(type) {
	case int64:
		return format.Number(strconv.FormatInt(v, 10))
	case float64:
		b, _ := json.Marshal(v)
		return format.Number(b)
	case format.JSON:
		var x any
		if err := json.Unmarshal([]byte(v), &x); err != nil {
			return err
		}
		return x
	case []any:
		return append([]any{}, v...) // of strings
	case []column.Entry:
		m := map[string]any{}
		for _, e := range v {
			m[e.Key] = e.Value
		}
		return m
	}
	return v
}

// TestEveryKeyIsAColumn holds the views against the formats' own lists of keys.
func TestEveryKeyIsAColumn(t *testing.T) {
	db := open(t, nil)
	names := func(view string) (out []string) {
		for _, c := range query(t, db, "SELECT * FROM "+view+" WHERE false").columns {
			out = append(out, c.Name)
		}
		return out
	}
	need := func(view string, keys []string, elsewhere map[string]string) {
		have := names(view)
		for _, k := range keys {
			if elsewhere[k] == "" && !slices.Contains(have, k) {
				t.Errorf("%s has no column %s", view, k)
			}
		}
	}
	fields := func(fields []trace.Field) (out []string) {
		for _, f := range fields {
			out = append(out, f.Name)
		}
		return out
	}
	need("traces", fields((&trace.QueryTrace{HasAboveIdle: true, HasElectricity: true}).Fields()), map[string]string{"turns": "a view", "energy": "energy_… columns"})
	need("turns", fields((&trace.TurnTrace{HasAboveIdle: true, HasElectricity: true}).Fields()), map[string]string{"tools": "a view", "energy": "energy_… columns"})
	var keys []string
	for f := range reflect.TypeFor[event.Event]().Fields() {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() {
			keys = append(keys, key)
		}
	}
	if len(keys) < 30 {
		t.Fatalf("only %d keys of events", len(keys))
	}
	need("events", keys, nil)
}

func TestStatements(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		" ;\n; -- nothing":               nil,
		"/* a ; b */ ;":                  nil,
		"SELECT 1":                       {"SELECT 1"},
		"SELECT 1;":                      {"SELECT 1"},
		"SELECT ';'; SELECT 'it''s ;'":   {"SELECT ';'", "SELECT 'it''s ;'"},
		`SELECT 1 AS "a;""b"; x`:         {`SELECT 1 AS "a;""b"`, "x"},
		"SELECT $$;$$, $a$ $$;$a$ ; y":   {"SELECT $$;$$, $a$ $$;$a$", "y"},
		"SELECT $1, '$a$;' ; z":          {"SELECT $1, '$a$;'", "z"},
		"-- ;\nSELECT 1 -- ; end\n; b":   {"-- ;\nSELECT 1 -- ; end", "b"},
		"SELECT 'open ; string":          {"SELECT 'open ; string"},
		"SELECT 1 /* open ; comment":     {"SELECT 1 /* open ; comment"},
		"SELECT 10 - -1; SELECT 4/2 ; 5": {"SELECT 10 - -1", "SELECT 4/2", "5"},
		"'":                              {"'"},
		"$":                              {"$"},
	} {
		if got := sql.Statements(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestScansEndWithTheQuery reads a little of much, and cancels.
func TestScansEndWithTheQuery(t *testing.T) {
	var file bytes.Buffer
	file.WriteString(`{"type":"header","schema":"ipw.power/1","host":"n1","t_us":1,"domains":[{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none"}]}` + "\n")
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&file, "{\"t_us\":%d,\"j\":[%d.25]}\n", 1+i, i)
	}
	fmt.Fprintf(&file, "{\"type\":\"end\",\"records\":%d,\"status\":\"ok\"}\n", n)
	db := open(t, file.Bytes())
	for range 20 {
		if got := query(t, db, "SELECT t_us FROM power LIMIT 1"); len(got.values) != 1 {
			t.Fatalf("%d rows", len(got.values))
		}
	}
	// Two scans of one view at once, and again in the same database.
	got := query(t, db, "SELECT count(*), sum(a.joules) FROM power a JOIN power b USING (t_us)")
	if want := []any{format.Number("100000"), format.Number("99999")}; !reflect.DeepEqual(got.values[0], want) {
		t.Errorf("%v, want %v", got.values[0], want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	err := db.Query(ctx, "SELECT count(*) FROM power a, power b WHERE a.joules < b.joules + random()", new(rows))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query: %v", err)
	}
	if err := db.Err(); err != nil {
		t.Error(err)
	}
}

// TestRowsKeepTheirOrder reads more rows than one chunk holds.
func TestRowsKeepTheirOrder(t *testing.T) {
	var file bytes.Buffer
	const n = 7000
	for i := range n {
		fmt.Fprintf(&file, "{\"query_id\":\"q%d\",\"start_us\":%d}\n", i, i)
	}
	got := query(t, open(t, file.Bytes()), "SELECT start_us, query_id FROM traces")
	if len(got.values) != n {
		t.Fatalf("%d rows", len(got.values))
	}
	for i, row := range got.values {
		if row[0] != format.Number(strconv.Itoa(i)) || row[1] != fmt.Sprintf("q%d", i) {
			t.Fatalf("row %d is %v", i, row)
		}
	}
}

// FuzzStatements: what was split and is put together again splits the same way.
func FuzzStatements(f *testing.F) {
	for _, s := range []string{"SELECT 1; SELECT ';' -- ;\n;", "a;/*;*/b", "$a$;$a$;\"\"\";\"", "'", "$$;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := sql.Statements(s)
		if again := sql.Statements(strings.Join(got, "\n;\n")); !reflect.DeepEqual(got, again) {
			t.Errorf("%q is %q, and then %q", s, got, again)
		}
	})
}

package hf

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"ipw/lib/column"
	"ipw/lib/export"
	"ipw/lib/source"
	"ipw/lib/stream"
	"ipw/lib/trace"
	"ipw/lib/trace/tracetest"
)

// tracesFile writes n random traces and returns them as they were written.
func tracesFile(t *testing.T, path string, n int, seed uint64) []string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, seed))
	var file bytes.Buffer
	var lines []string
	for i := range n {
		q := tracetest.Random(r, fmt.Sprintf("q%04d", i))
		run := "run_x@1"
		q.Run = &run
		line, err := q.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
		file.Write(append(line, '\n'))
	}
	write(t, path, file.String())
	return lines
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// create exports the inputs to dir.
func create(t *testing.T, dir string, o Options, inputs ...string) {
	t.Helper()
	set, err := source.Open(inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Rows, err = set.CountTraces(); err != nil {
		t.Fatal(err)
	}
	if err := Create(dir, export.Rows(context.Background(), set, new(stream.Problems)), o); err != nil {
		t.Fatal(err)
	}
}

// dataset is what a directory holds, read as `datasets` does: the files that
// state.json names, in order.
type dataset struct {
	files    []string
	perShard []int
	rows     [][]any
	schema   *arrow.Schema
	state    map[string]any
	info     struct {
		Features    map[string]any
		Description string
	}
}

func load(t *testing.T, dir string) dataset {
	t.Helper()
	var d dataset
	var state struct {
		Files []struct{ Filename string } `json:"_data_files"`
	}
	readJSON(t, filepath.Join(dir, stateFile), &state)
	readJSON(t, filepath.Join(dir, stateFile), &d.state)
	readJSON(t, filepath.Join(dir, infoFile), &d.info)
	for _, f := range state.Files {
		d.files = append(d.files, f.Filename)
		before := len(d.rows)
		d.read(t, filepath.Join(dir, f.Filename))
		d.perShard = append(d.perShard, len(d.rows)-before)
	}
	return d
}

func (d *dataset) read(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	d.schema = r.Schema()
	for r.Next() {
		batch := r.RecordBatch()
		for row := range int(batch.NumRows()) {
			values := make([]any, batch.NumCols())
			for c := range values {
				values[c] = get(batch.Column(c), row)
			}
			d.rows = append(d.rows, values)
		}
	}
	if err := r.Err(); err != nil && err != io.EOF {
		t.Fatal(err)
	}
}

// get reads one value back, knowing only Arrow's types.
func get(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.List:
		list := []any{}
		for j, end := a.ValueOffsets(i); j < end; j++ {
			list = append(list, get(a.ListValues(), int(j)))
		}
		return list
	case *array.Struct:
		var fields []any
		for j := range a.NumField() {
			fields = append(fields, get(a.Field(j), i))
		}
		return fields
	}
	panic(fmt.Sprintf("%T", a))
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// listed turns maps into the lists of pairs that Arrow has of them.
func listed(v any) any {
	switch v := v.(type) {
	case []column.Entry:
		out := []any{}
		for _, e := range v {
			out = append(out, []any{e.Key, listed(e.Value)})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = listed(v[i])
		}
		return out
	}
	return v
}

func TestReadingBackGivesTheTraces(t *testing.T) {
	dir := t.TempDir()
	lines := tracesFile(t, filepath.Join(dir, "traces.jsonl"), 57, 7)
	create(t, filepath.Join(dir, "out"), Options{Shards: 4}, filepath.Join(dir, "traces.jsonl"))
	d := load(t, filepath.Join(dir, "out"))
	if want := []int{15, 14, 14, 14}; !reflect.DeepEqual(d.perShard, want) {
		t.Errorf("shards have %v rows, want %v", d.perShard, want)
	}
	if len(d.rows) != len(lines) {
		t.Fatalf("%d rows, want %d", len(d.rows), len(lines))
	}
	for i, line := range lines {
		q := new(trace.QueryTrace)
		if err := json.Unmarshal([]byte(line), q); err != nil {
			t.Fatal(err)
		}
		want := listed(append(column.TraceValues(q), nil, nil, line)).([]any)
		for c, col := range export.Columns() {
			if d.schema.Field(c).Name != col.Name {
				t.Fatalf("column %d is %s, want %s", c, d.schema.Field(c).Name, col.Name)
			}
			if !reflect.DeepEqual(d.rows[i][c], want[c]) {
				t.Errorf("row %d: %s is %#v, want %#v", i, col.Name, d.rows[i][c], want[c])
			}
		}
	}
}

func TestSchemaIsFixed(t *testing.T) {
	dir := t.TempDir()
	tracesFile(t, filepath.Join(dir, "rich.jsonl"), 20, 1)
	write(t, filepath.Join(dir, "poor.jsonl"), `{"query_id":"q1"}`+"\n")
	write(t, filepath.Join(dir, "none.jsonl"), "")
	var sets []dataset
	for _, name := range []string{"rich", "poor", "none"} {
		out := filepath.Join(dir, name)
		create(t, out, Options{}, out+".jsonl")
		sets = append(sets, load(t, out))
	}
	for i, n := range []int{20, 1, 0} {
		d := sets[i]
		if len(d.rows) != n || len(d.files) != 1 {
			t.Errorf("%d rows in %v, want %d", len(d.rows), d.files, n)
		}
		if !d.schema.Equal(sets[0].schema) || !reflect.DeepEqual(d.info.Features, sets[0].info.Features) {
			t.Errorf("data set %d has another schema", i)
		}
		if len(d.info.Features) != len(export.Columns()) {
			t.Errorf("%d features, want %d", len(d.info.Features), len(export.Columns()))
		}
	}
	meta, _ := sets[0].schema.Metadata().GetValue("huggingface")
	var hugging struct {
		Info struct{ Features map[string]any }
	}
	if err := json.Unmarshal([]byte(meta), &hugging); err != nil || !reflect.DeepEqual(hugging.Info.Features, sets[0].info.Features) {
		t.Errorf("features in the schema's metadata differ: %v", err)
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "traces.jsonl")
	tracesFile(t, in, 10, 3)
	for _, test := range []struct {
		o    Options
		want []int
	}{
		{Options{}, []int{10}},
		{Options{Shards: 1}, []int{10}},
		{Options{Shards: 3}, []int{4, 3, 3}},
		{Options{Shards: 10}, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{Options{Shards: 12}, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0}},
		{Options{ShardRows: 4}, []int{4, 4, 2}},
		{Options{ShardRows: 5}, []int{5, 5}},
		{Options{ShardRows: 100}, []int{10}},
	} {
		out := filepath.Join(dir, "out")
		create(t, out, test.o, in)
		d := load(t, out)
		if !reflect.DeepEqual(d.perShard, test.want) {
			t.Errorf("%+v: shards have %v rows, want %v", test.o, d.perShard, test.want)
		}
		for i, name := range d.files {
			if want := fmt.Sprintf("data-%05d-of-%05d.arrow", i, len(test.want)); name != want {
				t.Errorf("file is %s, want %s", name, want)
			}
		}
		if got := ls(t, out); len(got) != len(test.want)+2 {
			t.Errorf("%+v: directory holds %v", test.o, got)
		}
	}
	out := filepath.Join(dir, "small")
	create(t, out, Options{ShardSize: 1}, in) // every batch ends a shard, and there is one batch
	if d := load(t, out); len(d.rows) != 10 {
		t.Errorf("%d rows", len(d.rows))
	}
}

func ls(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestBatchesStaySmall(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "traces.jsonl")
	big := strings.Repeat("x", batchBytes/4)
	var file strings.Builder
	for i := range 10 {
		fmt.Fprintf(&file, "{\"query_id\":\"q%d\",\"query_text\":%q}\n", i, big)
	}
	write(t, in, file.String())
	out := filepath.Join(dir, "out")
	create(t, out, Options{}, in)
	f, err := os.Open(filepath.Join(out, "data-00000-of-00001.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	for r.Next() {
		if n := r.RecordBatch().NumRows(); n > 4 {
			t.Errorf("a batch of %d rows of 2 MiB", n)
		}
		batches++
	}
	if batches < 3 {
		t.Errorf("%d batches", batches)
	}
	// By size: a shard ends behind the batch that filled it.
	create(t, out, Options{ShardSize: batchBytes}, in)
	if d := load(t, out); len(d.files) < 2 || len(d.rows) != 10 {
		t.Errorf("%d rows in %v", len(d.rows), d.files)
	}
}

func TestFingerprintIsOfTheContent(t *testing.T) {
	dir := t.TempDir()
	tracesFile(t, filepath.Join(dir, "a.jsonl"), 5, 1)
	tracesFile(t, filepath.Join(dir, "b.jsonl"), 5, 2)
	print := func(out, in string) any {
		create(t, filepath.Join(dir, out), Options{}, filepath.Join(dir, in))
		return load(t, filepath.Join(dir, out)).state["_fingerprint"]
	}
	a, again, b := print("1", "a.jsonl"), print("2", "a.jsonl"), print("3", "b.jsonl")
	if a != again || a == b || len(a.(string)) != 16 {
		t.Errorf("fingerprints %v %v %v", a, again, b)
	}
}

package hf

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ipw/lib/export"
	"ipw/lib/stream"
)

// run makes a run directory with n traces.
func runDir(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run_a_m_d")
	tracesFile(t, filepath.Join(dir, "traces.jsonl"), n, 5)
	write(t, filepath.Join(dir, "power.jsonl"), `{"type":"header","schema":"ipw.power/1","host":"n1","t_us":1,"domains":[`+
		`{"id":"gpu:0","kind":"gpu","name":"H100","energy":"counter","power":"none"},{"id":"gpu:1","kind":"gpu","name":"H100","energy":"counter","power":"none"},`+
		`{"id":"gpu:2","kind":"gpu","name":"L4","energy":"none","power":"none"},{"id":"cpu:0","kind":"cpu","name":"package-0","energy":"counter","power":"none"}]}`+"\n")
	write(t, filepath.Join(dir, "events.jsonl"), `{"type":"header","schema":"ipw.events/1","run":"run_a_m_d@2","t_us":1,"config":{"max_turns": 20, "tools":["calculator"]}}`+"\n")
	return dir
}

func TestRunGivesGPUAndConfig(t *testing.T) {
	dir := runDir(t, 2)
	out := filepath.Join(t.TempDir(), "out")
	bare := filepath.Join(dir, "else", "traces.jsonl")
	write(t, bare, `{"query_id":"q9","run":"another"}`+"\n")
	create(t, out, Options{}, dir, bare)
	d := load(t, out)
	if len(d.rows) != 3 {
		t.Fatalf("%d rows", len(d.rows))
	}
	for i, want := range [][]any{{"H100, L4", `{"max_turns":20,"tools":["calculator"]}`}, {"H100, L4", `{"max_turns":20,"tools":["calculator"]}`}, {nil, nil}} {
		if n := len(d.rows[i]); !reflect.DeepEqual(d.rows[i][n-3:n-1], want) {
			t.Errorf("row %d: gpu_name and config are %v, want %v", i, d.rows[i][n-3:n-1], want)
		}
	}
}

func TestUpdateRun(t *testing.T) {
	dir := runDir(t, 3)
	write(t, filepath.Join(dir, "data-00000-of-00002.arrow"), "stale")
	write(t, filepath.Join(dir, "data-00001-of-00002.arrow"), "stale")
	write(t, filepath.Join(dir, "data-mine.arrow"), "mine")
	write(t, filepath.Join(dir, "artifacts", "q0000", "m.json"), "{}")
	before := ls(t, dir)
	for range 2 { // and again
		if err := UpdateRun(context.Background(), dir, new(stream.Problems)); err != nil {
			t.Fatal(err)
		}
	}
	want := slices.DeleteFunc(before, func(s string) bool { return strings.HasSuffix(s, "-of-00002.arrow") })
	want = append(want, "data-00000-of-00001.arrow", infoFile, stateFile)
	slices.Sort(want)
	if got := ls(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("directory holds %v, want %v", got, want)
	}
	if d := load(t, dir); len(d.rows) != 3 {
		t.Errorf("%d rows", len(d.rows))
	}
	// A run directory that has its data set may be written by Create too, and loses nothing.
	create(t, dir, Options{Shards: 2}, dir)
	if d := load(t, dir); len(d.rows) != 3 || len(d.files) != 2 {
		t.Errorf("%d rows in %v", len(d.rows), d.files)
	}
	if _, err := os.Stat(filepath.Join(dir, "traces.jsonl")); err != nil {
		t.Error(err)
	}
}

func TestCreateKeepsWhatIsNotOurs(t *testing.T) {
	none := iter.Seq2[export.Row, error](func(func(export.Row, error) bool) {})
	dir := t.TempDir()
	for name, files := range map[string][]string{
		"other":      {"letter.txt"},
		"other set":  {"dataset_info.json", "state.json", "data-00000-of-00001.arrow"},
		"run":        {"traces.jsonl"},
		"hidden":     {".git"},
		"only state": {"state.json"},
	} {
		out := filepath.Join(dir, name)
		for _, f := range files {
			write(t, filepath.Join(out, f), `{"description":"someone's"}`)
		}
		var refused *RefusedError
		if err := Create(out, none, Options{}); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
		if got := ls(t, out); len(got) != len(files) {
			t.Errorf("%s: holds %v now", name, got)
		}
	}
	file := filepath.Join(dir, "file")
	write(t, file, "x")
	if err := Create(file, none, Options{}); err == nil {
		t.Error("wrote over a file")
	}
	if got := ls(t, dir); len(got) != 6 {
		t.Errorf("left behind: %v", got)
	}
}

func TestCreateReplacesOursAtOnce(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "traces.jsonl"), filepath.Join(dir, "deep", "er", "out")
	tracesFile(t, in, 4, 1)
	create(t, out, Options{Shards: 4}, in)
	write(t, filepath.Join(out, "cache-0123456789abcdef.arrow"), "of datasets")
	boom := errors.New("boom")
	broken := iter.Seq2[export.Row, error](func(yield func(export.Row, error) bool) { yield(export.Row{}, boom) })
	if err := Create(out, broken, Options{}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if err := Update(out, broken, Options{}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if d := load(t, out); len(d.rows) != 4 || len(ls(t, filepath.Dir(out))) != 1 || len(ls(t, out)) != 7 {
		t.Errorf("after a failure: %d rows, %v beside, %v in it", len(d.rows), ls(t, filepath.Dir(out)), ls(t, out))
	}
	create(t, out, Options{}, in)
	if got := ls(t, out); len(got) != 3 || len(ls(t, filepath.Dir(out))) != 1 {
		t.Errorf("holds %v", got)
	}
	// Through a link, which stays a link.
	link := filepath.Join(dir, "link")
	if err := os.Symlink(out, link); err != nil {
		t.Skip(err)
	}
	create(t, link, Options{Shards: 2}, in)
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if d := load(t, out); len(d.files) != 2 {
		t.Errorf("%v", d.files)
	}
}

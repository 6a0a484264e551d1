package dataset

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ipw/lib/retrieval"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// read collects the tasks of a set, each as one line, and what was reported.
func read(t *testing.T, s *Set) (tasks, reported []string) {
	t.Helper()
	problems := &stream.Problems{Print: func(s string) { reported = append(reported, s) }}
	for task, err := range s.Tasks(context.Background(), problems) {
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, describe(task))
	}
	return tasks, reported
}

func describe(t Task) string {
	answer := "?"
	if t.Answer != nil {
		answer = *t.Answer
	}
	return fmt.Sprintf("%s|%s|%s|%s|%s", t.ID, t.Problem, answer, t.Metadata, t.WorkloadType)
}

func TestTasks(t *testing.T) {
	for _, test := range []struct{ line, want, fails string }{
		{`{"problem":"p"}`, "q0000|p|?||w", ""},
		{`{"problem":"p","id":"x","answer":"a","metadata":{"k": 1},"workload_type":"v","other":1}`, `x|p|a|{"k": 1}|v`, ""},
		{`{"problem":"p","id":12,"answer":1.50}`, "12|p|1.50||w", ""},
		{`{"problem":"p","answer":true}`, "q0000|p|true||w", ""},
		{`{"problem":"p","answer":null,"id":null,"metadata":null,"workload_type":null}`, "q0000|p|?||w", ""},
		{`{"problem":"p","answer":"","id":"","workload_type":""}`, "q0000|p|?||w", ""},
		{`{"problem":"p","metadata":{}}`, "q0000|p|?|{}|w", ""},
		{`{"problem":"a\nb\u0000 é","answer":"1e400"}`, "q0000|a\nb\x00 é|1e400||w", ""},
		{`{"Problem":"p"}`, "", `a task needs a "problem"`},
		{`{"problem":""}`, "", `a task needs a "problem"`},
		{`{"problem":" \n"}`, "", `a task needs a "problem"`},
		{`{"problem":null}`, "", `a task needs a "problem"`},
		{`{"answer":"x"}`, "", `a task needs a "problem"`},
		{`{"problem":7}`, "", `"problem" must be a string`},
		{`{"problem":"p","answer":["x"]}`, "", `"answer" must be a string, number or bool`},
		{`{"problem":"p","answer":{}}`, "", `"answer" must be`},
		{`{"problem":"p","id":{}}`, "", `"id" must be a string, number or bool`},
		{`{"problem":"p","metadata":"x"}`, "", `"metadata" must be an object`},
		{`{"problem":"p","workload_type":1}`, "", `"workload_type" must be a string`},
		{`{"problem":7,"id":[]}`, "", `"problem" must be a string; "id" must be`},
		{`["p"]`, "", "no task"},
		{`"p"`, "", "no task"},
		{`{"problem":"p"`, "", "no task"},
	} {
		got, reported := read(t, fromPipe("w", strings.NewReader(test.line+"\n")))
		if test.fails != "" {
			if len(got) != 0 || len(reported) != 1 || !strings.HasPrefix(reported[0], "w:1: ") || !strings.Contains(reported[0], test.fails) {
				t.Errorf("%s: %q, %q", test.line, got, reported)
			}
		} else if len(got) != 1 || got[0] != test.want || len(reported) != 0 {
			t.Errorf("%s: %q, %q", test.line, got, reported)
		}
	}
}

func TestPositions(t *testing.T) {
	const lines = "\ufeff" + `{"problem":"a"}` + "\r\n\n" +
		`{"problem":7}` + "\n" +
		`{"problem":"c"}` + "\n" +
		`{"problem":"d","id":"q0005"}` + "\n" +
		`{"problem":"e","id":"q0005"}` + "\n" +
		`{"problem":"f"}` + "\n" +
		`{"problem":"g","id":"x"}` // no newline, and yet whole
	got, reported := read(t, fromPipe("in", strings.NewReader(lines)))
	want := []string{"q0000|a|?||in", "q0002|c|?||in", "q0005|d|?||in", "x|g|?||in"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	wantReported := []string{
		`in:3: "problem" must be a string`,
		`in:6: id "q0005" is known already, from in:5`,
		`in:7: id "q0005" is known already, from in:5`,
	}
	if !reflect.DeepEqual(reported, wantReported) {
		t.Errorf("%q", reported)
	}
}

func TestLastLine(t *testing.T) {
	for _, test := range []struct{ last, reported string }{
		{`{"problem":"b`, "in:2: torn last line dropped"},
		{`{"answer":"b"}`, `in:2: a task needs a "problem"`},
	} {
		got, reported := read(t, fromPipe("in", strings.NewReader(`{"problem":"a"}`+"\n"+test.last)))
		if len(got) != 1 || len(reported) != 1 || reported[0] != test.reported {
			t.Errorf("%s: %q, %q", test.last, got, reported)
		}
	}
}

func TestStrict(t *testing.T) {
	s := fromPipe("in", strings.NewReader("{\"problem\":\"a\"}\n{}\n{\"problem\":\"c\"}\n"))
	var got []string
	for task, err := range s.Tasks(context.Background(), &stream.Problems{Strict: true}) {
		got = append(got, fmt.Sprint(task.ID, err))
	}
	if want := []string{"q0000<nil>", `in:2: a task needs a "problem"`}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	const lines = `{"problem":"a"}` + "\n" + `{"problem":"b","workload_type":"w"}` + "\n"
	plain, packed := filepath.Join(dir, "tasks.jsonl"), filepath.Join(dir, "tasks.jsonl.gz")
	if err := os.WriteFile(plain, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	io.WriteString(z, lines)
	z.Close()
	f.Close()
	var hashes []string
	for _, path := range []string{plain, packed} {
		s, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != filepath.Base(path) || s.Scorer != "" || !reflect.DeepEqual(s.Tools, []string{"calculator"}) || s.Len() != -1 {
			t.Errorf("%+v", s)
		}
		for range 2 { // a file can be read again
			got, _ := read(t, s)
			if want := []string{"q0000|a|?||" + s.Name, "q0001|b|?||w"}; !reflect.DeepEqual(got, want) {
				t.Errorf("%q", got)
			}
		}
		hash, err := s.Hash(context.Background())
		if err != nil || len(hash) != 64 {
			t.Errorf("hash %q, %v", hash, err)
		}
		hashes = append(hashes, hash)
	}
	if hashes[0] != hashes[1] {
		t.Error("compression changes the hash")
	}
	os.WriteFile(plain, []byte(strings.Replace(lines, "a", "A", 1)), 0o644)
	s, _ := Open(plain, nil)
	if hash, _ := s.Hash(context.Background()); hash == hashes[0] {
		t.Error("another content has the same hash")
	}
}

func TestOpenNames(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("IPW_DATASETS", t.TempDir())
	os.WriteFile("gaia", []byte(`{"problem":"a"}`), 0o644)
	os.WriteFile("demo", []byte(`{"problem":"a"}`), 0o644)
	os.Mkdir("folder", 0o755)
	for _, test := range []struct{ name, fails, hint string }{
		{"demo", "", ""},
		{"./demo", "", ""},
		{"./gaia", "", ""},
		{"gaia", `data set "gaia" is not built yet; there is demo`, "./gaia names the file"},
		{"swebench", `data set "swebench" is not on this machine`, "save SWE-bench's rows as JSON Lines in " + os.Getenv("IPW_DATASETS") + "/swebench.jsonl   (or name such a file: --dataset FILE)"},
		{"mmlu-pro", "not built yet", ""},
		{"terminalbench-native", "not built yet", ""},
		{"nonsense", `no data set and no file is called "nonsense"; there is demo, and any JSONL file of tasks`, ""},
		{"folder", `"folder" is a directory`, ""},
		{"", `called ""`, ""},
	} {
		s, err := Open(test.name, nil)
		if test.fails == "" {
			if err != nil || s.Name != "demo" && s.Name != "gaia" {
				t.Errorf("%s: %v, %v", test.name, s, err)
			}
			continue
		}
		var e *NameError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.fails) || e.Hint() != test.hint || !e.Usage() {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestPipe sees that the first task of a pipe is there before the second was
// written, that nothing is read ahead, and that a silent pipe can be left.
func TestPipe(t *testing.T) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	set, err := Open("-", r)
	if err != nil || set.Name != "stdin" {
		t.Fatalf("%+v, %v", set, err)
	}
	if hash, err := set.Hash(ctx); hash != "" || err != nil {
		t.Errorf("hash %q, %v", hash, err)
	}
	go io.WriteString(w, `{"problem":"a"}`+"\n")
	var got []string
	for task, err := range set.Tasks(ctx, &stream.Problems{}) {
		got = append(got, fmt.Sprint(task.ID, err))
		time.AfterFunc(time.Millisecond, cancel) // while the second is waited for
	}
	if want := []string{"q0000<nil>", "context canceled"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestDemo(t *testing.T) {
	s := Demo()
	tasks, reported := read(t, s)
	if len(tasks) != s.Len() || len(tasks) < 12 || len(reported) != 0 {
		t.Errorf("%d tasks, Len %d, %q", len(tasks), s.Len(), reported)
	}
	for _, task := range tasks {
		if fields := strings.Split(task, "|"); fields[2] == "?" || fields[4] != "demo" {
			t.Errorf("%s", task)
		}
	}
	if s.Scorer != "exact" {
		t.Errorf("scorer %q", s.Scorer)
	}
	corpus := func() (*retrieval.Corpus, error) { return retrieval.Open(context.Background(), s.Corpus, nil) }
	if _, err := tool.Build(s.Tools, tool.Options{Corpus: corpus}); err != nil {
		t.Error(err)
	}
	one, _ := s.Hash(context.Background())
	two, err := Demo().Hash(context.Background())
	if one != two || len(one) != 64 || err != nil {
		t.Errorf("hashes %q %q, %v", one, two, err)
	}
}

// FuzzParse: a line that is taken as a task has an id, a problem and a metadata
// object, whatever it holds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"problem":"p","id":"x","answer":1.50,"metadata":{"k":1},"workload_type":"v"}`))
	f.Add([]byte(`{"problem":"p","answer":true,"metadata":null}`))
	f.Add([]byte(`{"problem" : "\ud800", "id": -0e1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		task, err := parse(line, 3, "w")
		if err != nil {
			return
		}
		if task.ID == "" || strings.TrimSpace(task.Problem) == "" || task.WorkloadType == "" || task.Answer != nil && *task.Answer == "" {
			t.Errorf("%q: %+v", line, task)
		}
		if len(task.Metadata) > 0 && task.Metadata[0] != '{' {
			t.Errorf("%q: metadata %s", line, task.Metadata)
		}
	})
}

package dataset

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipw/lib/stream"
)

const instance = `{"instance_id":"a__b-1","repo":"a/b","base_commit":"0123456789abcdef0123456789abcdef01234567","problem_statement":"it is broken","patch":"the answer","test_patch":"diff --git a/t.py b/t.py","FAIL_TO_PASS":"[\"t.py::x\"]","PASS_TO_PASS":"[]"}`

// TestInstances: rows of SWE-bench are tasks, and tell the agent neither patch
// nor tests.
func TestInstances(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swebench.jsonl")
	os.WriteFile(path, []byte(instance+"\n"+strings.Replace(instance, "a/b", "a", 1)+"\n"+`{"problem":"plain"}`+"\n"), 0o644)
	for _, name := range []string{path, "swebench"} {
		t.Setenv("IPW_DATASETS", filepath.Dir(path))
		s, err := Open(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []Task
		_, reported := read(t, s)
		for task, err := range s.Tasks(context.Background(), &stream.Problems{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, task)
		}
		if len(got) != 2 || got[0].ID != "a__b-1" || got[0].Instance == nil || got[0].Answer != nil || got[1].Instance != nil || got[1].ID != "q0002" {
			t.Errorf("%+v", got)
		}
		if s := got[0].Problem + string(got[0].Metadata); strings.Contains(s, "the answer") || strings.Contains(s, "t.py") || !strings.Contains(s, "it is broken") {
			t.Error(s)
		}
		if len(reported) != 1 || !strings.Contains(reported[0], ":2: no instance of SWE-bench: repo") {
			t.Errorf("%q", reported)
		}
	}
}

// TestBench: a directory of Terminal-Bench tasks is a data set, by its path and
// by its name; a task that cannot be read is rejected.
func TestBench(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "terminalbench", "tasks")
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(name), 0o755)
		os.WriteFile(name, []byte(text), 0o644)
	}
	write("b/task.yaml", "instruction: do b\ndifficulty: easy\n")
	write("b/Dockerfile", "FROM scratch\n")
	write("a/task.toml", "[environment]\ndocker_image = \"x\"\n")
	write("a/instruction.md", "do a\n")
	write("c/task.yaml", "instruction: [\n")
	t.Setenv("IPW_DATASETS", root)
	hashes := map[string]bool{}
	for _, test := range []struct{ name, called string }{{dir, "tasks"}, {dir + "/", "tasks"}, {"terminalbench", "terminalbench"}} {
		s, err := Open(test.name, nil)
		if err != nil || s.Name != test.called {
			t.Fatal(s, err)
		}
		var ids []string
		problems := &stream.Problems{}
		for task, err := range s.Tasks(context.Background(), problems) {
			if err != nil || task.Bench == nil || task.WorkloadType != test.called {
				t.Errorf("%+v, %v", task, err)
			}
			ids = append(ids, task.ID+" "+task.Problem+" "+string(task.Metadata))
		}
		if strings.Join(ids, ", ") != `a do a {}, b do b {"difficulty":"easy"}` || problems.Err() == nil {
			t.Errorf("%q, %v", ids, problems.Err())
		}
		hash, err := s.Hash(context.Background())
		if err != nil {
			t.Error(err)
		}
		hashes[hash] = true
	}
	write("b/tests/test.py", "x")
	s, _ := Open(dir, nil)
	hash, _ := s.Hash(context.Background())
	if len(hashes) != 1 || hashes[hash] {
		t.Errorf("%v, then %s", hashes, hash)
	}
	if one, err := Open(filepath.Join(dir, "a"), nil); err != nil || one.Name != "a" {
		t.Errorf("%v, %v", one, err)
	}
}

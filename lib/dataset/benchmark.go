package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"ipw/lib/stream"
	"ipw/lib/swebench"
	"ipw/lib/terminalbench"
)

// fromInstance makes a task of an instance of SWE-bench.
func fromInstance(line []byte, task Task) (Task, error) {
	in, err := swebench.Parse(line)
	if err != nil {
		return task, fmt.Errorf("no instance of SWE-bench: %w", err)
	}
	task.ID, task.Problem, task.Metadata, task.Instance = in.ID, in.Prompt(), in.Metadata(), in
	return task, nil
}

// boxTools are for tasks that are done in a container; agents other than react
// bring their own.
var boxTools = []string{"think", "bash"}

// fromTasks is a directory of Terminal-Bench tasks, or one that is such a task.
func fromTasks(name, dir string) *Set {
	return &Set{Name: name, About: dir, Tools: boxTools, Scorer: "exact", Testbed: true, size: -1, tasks: dir}
}

// readTasks reads the tasks of a directory. One that cannot be read is rejected.
func (s *Set) readTasks(problems *stream.Problems) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		tasks, err := terminalbench.Read(s.tasks)
		if err = reject(problems, err); err != nil {
			yield(Task{}, err)
			return
		}
		for i := range tasks {
			t := &tasks[i]
			metadata, err := json.Marshal(t.Metadata)
			if err != nil {
				metadata = nil
			}
			if !yield(Task{ID: t.ID, Problem: t.Instruction, Metadata: metadata, WorkloadType: s.Name, Bench: t}, nil) {
				return
			}
		}
	}
}

// reject reports each error of a joined one, and returns what ends the reading.
func reject(problems *stream.Problems, err error) error {
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		if err := problems.Reject("", 0, e); err != nil {
			return err
		}
	}
	return nil
}

// hashTasks is a digest of all files of the tasks, with their names.
func hashTasks(ctx context.Context, dir string) (string, error) {
	digest := sha256.New()
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		content := sha256.New()
		if _, err := io.Copy(content, f); err != nil {
			return err
		}
		fmt.Fprintf(digest, "%q %x\n", name, content.Sum(nil))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("data set: %w", err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// folder is where a data set that cannot come with the program is looked for:
// below IPW_DATASETS, else below the user's cache directory.
func folder(name string) string {
	dir := os.Getenv("IPW_DATASETS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(cache, "ipw", "datasets")
	}
	return filepath.Join(dir, name)
}

// fetched opens a benchmark by its name, if somebody has put it into its
// folder; nil if not.
func fetched(name string) *Set {
	dir := folder(name)
	switch {
	case dir == "":
	case terminalbench.Holds(dir):
		return fromTasks(name, dir)
	case terminalbench.Holds(filepath.Join(dir, "tasks")):
		return fromTasks(name, filepath.Join(dir, "tasks"))
	case isInstances(dir + ".jsonl"):
		set := fromFile(dir + ".jsonl")
		set.Name, set.About = name, "issues of real repositories, graded by their tests"
		return set
	}
	return nil
}

// isInstances tells whether a file begins with instances of SWE-bench.
func isInstances(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 1<<20)
	n, _ := io.ReadFull(f, head)
	return bytes.Contains(head[:n], []byte(`"instance_id"`))
}

// howToFetch says how to get a benchmark, "" for what is none.
func howToFetch(name string) string {
	switch name {
	case "terminalbench":
		return "git clone https://github.com/laude-institute/terminal-bench " + folder(name) + "   (or name a directory of tasks: --dataset DIR)"
	case "swebench":
		return "save SWE-bench's rows as JSON Lines in " + folder(name) + ".jsonl   (or name such a file: --dataset FILE)"
	}
	return ""
}

// Package terminalbench reads tasks of Terminal-Bench in both of their layouts:
// task.yaml with a Dockerfile or compose file beside it, and Harbor's task.toml
// with instruction.md, environment/ and tests/. It also reads what their tests
// leave behind.
//
//	tasks, err := terminalbench.Read("terminal-bench/tasks")
//	v := tasks[0].Judge(output)          // task.yaml: what the test run printed
//	v, err := terminalbench.Reward(files) // task.toml: what it wrote
//
// A task is a directory, and its name is the task's id. Formats as described at
// tbench.ai/docs and harborframework.com/docs/tasks.
package terminalbench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Task is one task.
type Task struct {
	ID          string
	Dir         string
	Instruction string
	Harbor      bool           // the layout of task.toml
	Metadata    map[string]any // what describes the task: difficulty, category, tags

	AgentTimeout time.Duration
	TestTimeout  time.Duration
	BuildTimeout time.Duration
	AgentUser    string // "" for the image's own
	TestUser     string
	TestEnv      map[string]string
	Parser       string // of task.yaml: who reads the tests' output
	SameShell    bool   // of task.yaml: the tests run as the agent did, not as root

	Service      Service  // the agent's container
	Main         string   // what it is called in the compose file
	Others       []string // the other containers of the compose file
	Unnamed      []string // those of Others whose image is built and has no name
	ComposeFile  string   // "" for none
	WantsNetwork bool     // the agent may use the network
}

// Service is the container that the agent works in.
type Service struct {
	Image      string // to be pulled; "" with a Context
	Context    string // directory to be built; "" with an Image
	Dockerfile string // in it
	BuildArgs  map[string]string
	Command    []string
	Env        map[string]string
	Workdir    string
	User       string
	CPUs       float64
	Memory     int64 // bytes
	Disk       int64 // bytes
}

// Where the tests lie in the container, and what they leave.
const (
	TestDir     = "/tests"
	LogDir      = "/logs"
	AgentLogDir = "/agent-logs"
	VerifierDir = "/logs/verifier"
)

// IsTask tells whether a directory is a task.
func IsTask(dir string) bool { return exists(dir, "task.toml") || exists(dir, "task.yaml") }

// Holds tells whether a directory is a task, or one that holds tasks.
func Holds(dir string) bool {
	found, err := find(dir)
	return err == nil && len(found) > 0
}

// Read reads the task that a directory is, or all that it holds, by name. A
// task that cannot be read is in the error, with its file; the others are
// there.
func Read(dir string) ([]Task, error) {
	dirs, err := find(dir)
	if err != nil {
		return nil, err
	}
	var tasks []Task
	var bad []error
	for _, d := range dirs {
		t, err := ReadTask(d)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		tasks = append(tasks, t)
	}
	return tasks, errors.Join(bad...)
}

func find(dir string) ([]string, error) {
	if IsTask(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if d := filepath.Join(dir, e.Name()); IsTask(d) {
			dirs = append(dirs, d)
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// ReadTask reads one task.
func ReadTask(dir string) (Task, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Task{}, err
	}
	t := Task{ID: filepath.Base(dir), Dir: dir, WantsNetwork: true, BuildTimeout: 10 * time.Minute}
	if t.Harbor = exists(dir, "task.toml"); t.Harbor {
		err = t.readHarbor()
	} else {
		err = t.readYAML()
	}
	if err == nil && t.Instruction == "" {
		err = fmt.Errorf("%s: the task has no instruction", dir)
	}
	return t, err
}

func exists(parts ...string) bool {
	_, err := os.Stat(filepath.Join(parts...))
	return err == nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Package swebench reads instances of SWE-bench and sets that are made like it,
// knows how a project's tests are run, and grades what they print.
//
//	in, ok, err := swebench.Parse(line)
//	command := in.TestCommand()
//	g := in.Grade(output)
//
// An instance is a repository at a commit, an issue to be resolved, tests that
// fail and must pass afterwards (FAIL_TO_PASS), and tests that must go on
// passing (PASS_TO_PASS). Fields as in princeton-nlp/SWE-bench on the Hugging
// Face hub; how tests are run and their output is read as in the swebench
// package, harness 4.
package swebench

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Instance is one instance.
type Instance struct {
	ID         string   `json:"instance_id"`
	Repo       string   `json:"repo"` // owner/name
	BaseCommit string   `json:"base_commit"`
	Problem    string   `json:"problem_statement"`
	Hints      string   `json:"hints_text"`
	TestPatch  string   `json:"test_patch"`
	Version    string   `json:"version"`
	Difficulty string   `json:"difficulty"`
	FailToPass testList `json:"FAIL_TO_PASS"`
	PassToPass testList `json:"PASS_TO_PASS"`

	// Of other sets than SWE-bench itself.
	TestCmd    command `json:"test_cmd"`     // runs the tests; the files of TestPatch are appended
	InstallCmd command `json:"install_cmd"`  // run after the checkout
	Image      string  `json:"image_name"`   // with the repository in it
	Image2     string  `json:"docker_image"` // the same, of other writers
}

// testList is a list, or a text that holds one.
type testList []string

func (l *testList) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if b = []byte(text); text == "" {
			return nil
		}
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return errors.New("a list of tests must be a list of strings, or a string with one")
	}
	*l = list
	return nil
}

// command is a line for the shell, or several to be run one after the other.
type command string

func (c *command) UnmarshalJSON(b []byte) error {
	var list []string
	if json.Unmarshal(b, &list) == nil {
		*c = command(strings.Join(list, " && "))
		return nil
	}
	return json.Unmarshal(b, (*string)(c))
}

var (
	repoName = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{7,64}$`)
)

// Is tells whether an object with these keys is an instance.
func Is(fields map[string]json.RawMessage) bool {
	for _, key := range []string{"instance_id", "repo", "base_commit", "problem_statement"} {
		if fields[key] == nil {
			return false
		}
	}
	return true
}

// Parse reads one instance.
func Parse(line []byte) (*Instance, error) {
	var in Instance
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, err
	}
	switch {
	case in.ID == "":
		return nil, errors.New(`an instance needs an "instance_id"`)
	case !repoName.MatchString(in.Repo):
		return nil, fmt.Errorf("repo %q is not of the form owner/name", in.Repo)
	case !commit.MatchString(in.BaseCommit):
		return nil, fmt.Errorf("base_commit %q is no commit", in.BaseCommit)
	case strings.TrimSpace(in.Problem) == "":
		return nil, errors.New(`an instance needs a "problem_statement"`)
	}
	return &in, nil
}

// Prompt is what an agent is told.
func (in *Instance) Prompt() string {
	return "The working directory is a checkout of the repository " + in.Repo + ". " +
		"Change its code so that the issue below is resolved. " +
		"Leave the tests as they are: other ones will be run. " +
		"What counts is the state of the files in the end; nothing has to be committed.\n\n" +
		"<issue>\n" + strings.TrimSpace(in.Problem) + "\n</issue>"
}

// Metadata is what may be written down about the instance before it is solved:
// neither the patch nor the tests.
func (in *Instance) Metadata() json.RawMessage {
	m := map[string]string{"repo": in.Repo, "base_commit": in.BaseCommit}
	if in.Version != "" {
		m["version"] = in.Version
	}
	if in.Difficulty != "" {
		m["difficulty"] = in.Difficulty
	}
	b, _ := json.Marshal(m) // of strings: cannot fail
	return b
}

// Images are names under which the instance's image may be had, best first. The
// repository is in it, at Testbed, with its environment.
func (in *Instance) Images() []string {
	var names []string
	for _, name := range []string{in.Image, in.Image2} {
		if name != "" {
			names = append(names, name)
		}
	}
	id := strings.ToLower(strings.ReplaceAll(in.ID, "__", "_1776_"))
	return append(names, "swebench/sweb.eval.x86_64."+id+":latest", "sweb.eval.x86_64."+strings.ToLower(in.ID)+":latest")
}

// Testbed is where the images of SWE-bench have the repository.
const Testbed = "/testbed"

// TestFiles are the files that the test patch touches.
func (in *Instance) TestFiles() []string {
	var files []string
	for line := range strings.Lines(in.TestPatch) {
		if rest, ok := strings.CutPrefix(line, "diff --git a/"); ok {
			if _, name, ok := strings.Cut(strings.TrimSpace(rest), " b/"); ok {
				files = append(files, name)
			}
		}
	}
	return files
}

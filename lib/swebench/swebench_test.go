package swebench

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const row = `{"repo":"psf/requests","instance_id":"psf__requests-1963","base_commit":"110048f9837f8441ea536804115e80b69f400277","patch":"diff --git a/requests/sessions.py b/requests/sessions.py\n","test_patch":"diff --git a/test_requests.py b/test_requests.py\n--- a/test_requests.py\n+++ b/test_requests.py\n","problem_statement":"Session.resolve_redirects copies the original request","hints_text":"","created_at":"2014-03-15T00:00:00Z","version":"2.3","FAIL_TO_PASS":"[\"test_requests.py::T::test_a\"]","PASS_TO_PASS":"[\"test_requests.py::T::test_b\", \"test_requests.py::T::test_c[/tmp/x/y]\"]","environment_setup_commit":"3eb69be879063de4803f7f0152b83738a1c95ca4"}`

func TestParse(t *testing.T) {
	in, err := Parse([]byte(row))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(in.FailToPass, []string{"test_requests.py::T::test_a"}) || len(in.PassToPass) != 2 || in.TestCommand() != "pytest -rA 'test_requests.py'" ||
		in.Images()[0] != "swebench/sweb.eval.x86_64.psf_1776_requests-1963:latest" {
		t.Errorf("%+v %s %v", in, in.TestCommand(), in.Images())
	}
	if s := in.Prompt() + string(in.Metadata()); strings.Contains(s, "test_a") || strings.Contains(s, "sessions.py") || !strings.Contains(s, "copies the original request") {
		t.Errorf("the agent is told too much or too little: %s", s)
	}
	var fields map[string]json.RawMessage
	json.Unmarshal([]byte(row), &fields)
	if !Is(fields) {
		t.Error("not recognised")
	}
	delete(fields, "base_commit")
	if Is(fields) {
		t.Error("recognised without its commit")
	}
}

func TestParseRefuses(t *testing.T) {
	for edit, want := range map[[2]string]string{
		{"psf/requests", "requests; rm -rf /"}:                                   "owner/name",
		{"110048f9837f8441ea536804115e80b69f400277", "--upload-pack=x"}:          "is no commit",
		{"psf__requests-1963", ""}:                                               "instance_id",
		{"Session.resolve_redirects copies the original request", " "}:           "problem_statement",
		{`"[\"test_requests.py::T::test_a\"]"`, `7`}:                             "list of tests",
		{`"[\"test_requests.py::T::test_a\"]"`, `"test_requests.py::T::test_a"`}: "list of tests",
		{`"version":"2.3"`, `"version":2.3`}:                                     "version",
	} {
		if _, err := Parse([]byte(strings.Replace(row, edit[0], edit[1], 1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", edit[1], err, want)
		}
	}
}

func TestCommand(t *testing.T) {
	patch := "diff --git a/tests/admin/test_x.py b/tests/admin/test_x.py\n+++\ndiff --git a/tests/admin/data.json b/tests/admin/data.json\n+++\ndiff --git a/docs/a b.py b/docs/a b.py\n"
	for _, test := range []struct {
		in   Instance
		want string
	}{
		{Instance{Repo: "django/django", TestPatch: patch}, "./tests/runtests.py --verbosity 2 --settings=test_sqlite --parallel 1 'admin.test_x'"},
		{Instance{Repo: "a/b", TestPatch: patch}, "pytest -rA 'tests/admin/test_x.py' 'docs/a b.py'"},
		{Instance{Repo: "a/b", TestPatch: patch, TestCmd: "make check"}, "make check 'tests/admin/test_x.py' 'docs/a b.py'"},
	} {
		if got := test.in.TestCommand(); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	var in Instance
	if err := json.Unmarshal([]byte(`{"test_cmd":["a","b"]}`), &in); err != nil || in.TestCmd != "a && b" {
		t.Errorf("%q, %v", in.TestCmd, err)
	}
}

func TestGrade(t *testing.T) {
	in, _ := Parse([]byte(row))
	in.PassToPass[1] = "test_requests.py::T::test_c[/y]" // as the data set has it
	const good = "PASSED test_requests.py::T::test_a\nPASSED test_requests.py::T::test_b\nPASSED test_requests.py::T::test_c[/tmp/other/y]\n"
	for _, test := range []struct {
		output   string
		graded   bool
		resolved bool
		failed   int
	}{
		{good, true, true, 0},
		{strings.Replace(good, "PASSED", "FAILED", 1), true, false, 1},
		{strings.Replace(good, "PASSED", "SKIPPED", 1), true, false, 1},
		{strings.Replace(good, "PASSED", "XFAIL", 1), true, true, 0},
		{"PASSED test_requests.py::T::test_a\n", true, false, 2},
		{good + "ERROR test_requests.py::T::test_b - boom\n", true, false, 1},
		{"E   ModuleNotFoundError: No module named 'x'\n", false, false, 0},
		{"", false, false, 0},
	} {
		g := in.Grade(test.output)
		if (g != nil) != test.graded {
			t.Errorf("%q: %+v", test.output, g)
			continue
		}
		if g != nil && (g.Resolved != test.resolved || len(g.FailToPass.Failed)+len(g.PassToPass.Failed) != test.failed) {
			t.Errorf("%q: %+v", test.output, g)
		}
	}
	if in.FailToPass = nil; in.Grade(good) != nil {
		t.Error("graded without a test that must pass")
	}
}

func TestReaders(t *testing.T) {
	for _, test := range []struct {
		read   func(string) map[string]string
		output string
		want   map[string]string
	}{
		{readPytest, "t.py::a PASSED\nt.py::b[x y] FAILED\nthe end PASSED\n\x1b[32mPASSED\x1b[0m t.py::\x1b[1mc\x1b[0m\n", map[string]string{"t.py::a": Passed, "t.py::b[x y]": Failed, "t.py::c": Passed}},
		{readDjango, "test_a (admin.T) ... ok\ntest_b (admin.T) ... skipped 'no'\ntest_c (admin.T) ... FAIL\nFAIL: test_d (admin.T)\nA docstring ... ok\n", map[string]string{"test_a (admin.T)": Passed, "test_b (admin.T)": Skipped, "test_c (admin.T)": Failed, "test_d (admin.T)": Failed, "A docstring": Passed}},
		{readSympy, "test_a ok\ntest_b F [FAIL]\ntest_c f\ntest_d s\n________ sympy/x.py:test_a ________\n", map[string]string{"test_a": Failed, "test_b": Failed, "test_c": Passed, "test_d": Skipped}},
		{readMatplotlib, "PASSED t.py::a[MouseButton.LEFT]\n", map[string]string{"t.py::a[1]": Passed}},
	} {
		got := test.read(test.output)
		for name, state := range test.want {
			if got[name] != state {
				t.Errorf("%s is %q, want %s", name, got[name], state)
			}
		}
		if len(got) != len(test.want) && len(test.want) != 3 {
			t.Errorf("%v", got)
		}
	}
}

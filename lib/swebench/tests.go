package swebench

import (
	"path"
	"slices"
	"strings"
)

// project is how the tests of a repository are run and read, where it is not by
// plain pytest -rA.
type project struct {
	command string
	targets func(file string) string // of a test file, what the command is told
	read    func(output string) map[string]string
}

const pytest = "pytest -rA"

var projects = map[string]project{
	"django/django": {"./tests/runtests.py --verbosity 2 --settings=test_sqlite --parallel 1", djangoLabel, readDjango},
	"sympy/sympy":   {"PYTHONWARNINGS='ignore::UserWarning,ignore::SyntaxWarning' bin/test -C --verbose", nil, readSympy},

	"sphinx-doc/sphinx":         {"tox --current-env -epy39 -v --", nil, readPytest},
	"mwaskom/seaborn":           {"pytest --no-header -rA", nil, readPytest},
	"astropy/astropy":           {"pytest -rA -vv -o console_output_style=classic --tb=no", nil, readPytest},
	"matplotlib/matplotlib":     {pytest, nil, readMatplotlib},
	"psf/requests":              {pytest, nil, readShortOptions},
	"pylint-dev/pylint":         {pytest, nil, readShortOptions},
	"scikit-learn/scikit-learn": {"pytest -rA --color=no", nil, readPytest},
}

// documents are kinds of files that a test patch may bring and no runner takes.
var documents = []string{".json", ".png", ".csv", ".txt", ".md", ".jpg", ".jpeg", ".pkl", ".yml", ".yaml", ".toml", ".rst", ".cfg", ".ini", ".html", ".xml", ".svg", ".npy", ".fits"}

// TestCommand is the line that runs the tests, in the repository.
func (in *Instance) TestCommand() string {
	p := in.project()
	words := []string{p.command}
	for _, f := range in.TestFiles() {
		if slices.Contains(documents, path.Ext(f)) {
			continue
		}
		if p.targets != nil {
			f = p.targets(f)
		}
		if f != "" {
			words = append(words, "'"+strings.ReplaceAll(f, "'", `'\''`)+"'")
		}
	}
	return strings.Join(words, " ")
}

func (in *Instance) project() project {
	p, ok := projects[in.Repo]
	if !ok {
		p = project{pytest, nil, readPytest}
	}
	if in.TestCmd != "" {
		p.command = string(in.TestCmd)
	}
	return p
}

// djangoLabel is a test file's name for runtests.py: tests/a/test_b.py is
// a.test_b.
func djangoLabel(file string) string {
	name, isPython := strings.CutSuffix(file, ".py")
	name, inTests := strings.CutPrefix(name, "tests/")
	if !isPython || !inTests {
		return ""
	}
	return strings.ReplaceAll(name, "/", ".")
}

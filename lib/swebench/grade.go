package swebench

import (
	"cmp"
	"slices"
)

// Grade is what the tests say of a patch.
type Grade struct {
	Resolved   bool
	FailToPass Tally
	PassToPass Tally
}

// Tally counts tests of one list; Failed names those that did not pass, skipped
// ones and ones that did not run too.
type Tally struct {
	Passed int
	Failed []string
}

// Grade reads the tests' output. Nil means that it holds no test at all, or
// that the instance names none that must pass.
func (in *Instance) Grade(output string) *Grade {
	tests := in.project().read(output)
	if len(tests) == 0 || len(in.FailToPass) == 0 {
		return nil
	}
	g := &Grade{FailToPass: tally(in.FailToPass, tests), PassToPass: tally(in.PassToPass, tests)}
	g.Resolved = len(g.FailToPass.Failed) == 0 && len(g.PassToPass.Failed) == 0
	return g
}

func tally(names []string, tests map[string]string) Tally {
	var t Tally
	for _, name := range names {
		if tests[name] == Passed {
			t.Passed++
		} else {
			t.Failed = append(t.Failed, name)
		}
	}
	slices.SortFunc(t.Failed, cmp.Compare)
	return t
}

// Prediction is a line of the file that SWE-bench's own harness grades.
type Prediction struct {
	InstanceID string `json:"instance_id"`
	Model      string `json:"model_name_or_path"`
	Patch      string `json:"model_patch"`
}

package swebench

import (
	"regexp"
	"strings"
)

// States of a test.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
	states  = map[string]string{"PASSED": Passed, "XFAIL": Passed, "FAILED": Failed, "ERROR": Failed, "SKIPPED": Skipped, "XPASS": Failed}
)

// readPytest reads lines of pytest -rA, PASSED name, and of -v, name PASSED. Of
// several about one test the last holds.
func readPytest(output string) map[string]string { return readLines(output, nil) }

// readMatplotlib undoes what a mouse button is called in the names of some
// tests.
func readMatplotlib(output string) map[string]string {
	buttons := strings.NewReplacer("MouseButton.LEFT", "1", "MouseButton.RIGHT", "3")
	return readLines(buttons.Replace(output), nil)
}

var option = regexp.MustCompile(`^(.*?)\[(.*)\](.*)$`)

// readShortOptions keeps of a path among a test's parameters its last part: the
// rest is another on every machine.
func readShortOptions(output string) map[string]string {
	return readLines(output, func(name string) string {
		m := option.FindStringSubmatch(name)
		if m == nil || !strings.HasPrefix(m[2], "/") || strings.HasPrefix(m[2], "//") || strings.Contains(m[2], "*") {
			return name
		}
		return m[1] + "[" + m[2][strings.LastIndexByte(m[2], '/'):] + "]" + m[3]
	})
}

func readLines(output string, rename func(string) string) map[string]string {
	tests := map[string]string{}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(colours.ReplaceAllString(line, ""))
		first, rest, _ := strings.Cut(line, " ")
		state, name := states[first], strings.TrimSpace(rest)
		if state == "" {
			i := strings.LastIndexByte(line, ' ')
			if i < 0 || !strings.Contains(line, "::") {
				continue
			}
			state, name = states[line[i+1:]], strings.TrimSpace(line[:i])
		}
		name, _, _ = strings.Cut(name, " - ")
		if state == "" || name == "" {
			continue
		}
		if rename != nil {
			name = rename(name)
		}
		tests[name] = state
	}
	return tests
}

var djangoEnds = []struct{ end, state string }{
	{" ... ok", Passed}, {" ... OK", Passed}, {" ...  OK", Passed}, {" ... expected failure", Passed},
	{" ... FAIL", Failed}, {" ... ERROR", Failed}, {" ... unexpected success", Failed},
}

// readDjango reads what Django's runner prints: a line a test, and again what
// failed.
func readDjango(output string) map[string]string {
	tests := map[string]string{}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if i := strings.Index(line, " ... skipped"); i > 0 {
			tests[line[:i]] = Skipped
			continue
		}
		for _, e := range djangoEnds {
			if name, ok := strings.CutSuffix(line, e.end); ok {
				tests[name] = e.state
			}
		}
		for _, prefix := range []string{"FAIL: ", "ERROR: "} {
			if name, ok := strings.CutPrefix(line, prefix); ok {
				tests[name] = Failed
			}
		}
	}
	return tests
}

var (
	sympyLine = regexp.MustCompile(`^(test_\S+)\s+(ok|E|F|f|X|s|w|T|K)$`)
	sympyFail = regexp.MustCompile(`^_+ (\S+\.py):(test_\S+) _+$`)
)

// readSympy reads what bin/test --verbose prints. f is an expected failure, X
// one that passed unexpectedly, s, w, T and K are skipped for different reasons.
func readSympy(output string) map[string]string {
	tests := map[string]string{}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "[OK]"))
		line = strings.TrimSpace(strings.TrimSuffix(line, "[FAIL]"))
		if m := sympyFail.FindStringSubmatch(line); m != nil {
			tests[m[2]] = Failed
			continue
		}
		m := sympyLine.FindStringSubmatch(line)
		if m == nil || tests[m[1]] == Failed {
			continue
		}
		switch m[2] {
		case "ok", "f":
			tests[m[1]] = Passed
		case "E", "F", "X":
			tests[m[1]] = Failed
		default:
			tests[m[1]] = Skipped
		}
	}
	return tests
}

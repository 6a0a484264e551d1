package terminalbench

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Verdict is what a task's tests say. Resolved nil means that they said nothing
// that could be read, and Reason why.
type Verdict struct {
	Resolved *bool
	Reason   string
	Tests    map[string]string // passed, failed or skipped, by test
	Reward   *float64          // of Harbor
}

// States of a test.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// Reasons for no verdict.
const (
	NoResult = "tests_without_result" // the tests ended and left nothing to read
	TimedOut = "test_timeout"
	Broken   = "test_error" // the tests could not be run
)

// Judge reads what the tests of a task.yaml printed. Resolved means that each
// passed and at least one did: skipped tests prove nothing.
func (t Task) Judge(output string) Verdict {
	tests := readPytest(output)
	if t.Parser != "" && t.Parser != "pytest" {
		tests = readPlain(output)
	}
	return judge(tests)
}

func judge(tests map[string]string) Verdict {
	v := Verdict{Tests: tests}
	passed, failed := 0, 0
	for _, state := range tests {
		switch state {
		case Passed:
			passed++
		case Failed:
			failed++
		}
	}
	switch {
	case failed > 0:
		v.Resolved = new(bool)
	case passed > 0:
		yes := true
		v.Resolved = &yes
	case len(tests) > 0: // all of them were skipped
		v.Resolved, v.Reason = new(bool), "all tests were skipped"
	default:
		v.Reason = NoResult
	}
	return v
}

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
	summary = regexp.MustCompile(`^=+ short test summary info =+$`)
	ending  = regexp.MustCompile(`^=+ .*\b(\d+) (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected)\b.*=+$|^=+ no tests ran\b.*=+$`)
	counts  = regexp.MustCompile(`(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)`)
	result  = regexp.MustCompile(`^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\s+(.+?)(?: - .*)?$`)
)

var pytestStates = map[string]string{"PASSED": Passed, "XFAIL": Passed, "FAILED": Failed, "ERROR": Failed, "XPASS": Failed, "SKIPPED": Skipped}

// readPytest reads the last summary of pytest -rA, and holds it against the
// counts of the closing line: a run that counts a failure which the summary
// does not name is a failure still.
func readPytest(output string) map[string]string {
	tests, within := map[string]string{}, false
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(colours.ReplaceAllString(line, ""))
		switch {
		case summary.MatchString(line):
			clear(tests)
			within = true
		case ending.MatchString(line):
			if !within {
				clear(tests)
			}
			within = false
			addCounts(tests, line)
		case within:
			if m := result.FindStringSubmatch(line); m != nil {
				addTest(tests, m[2], pytestStates[m[1]])
			}
		}
	}
	return tests
}

// addTest notes a test's state. Of two the worse one holds.
func addTest(tests map[string]string, name, state string) {
	if tests[name] != Failed {
		tests[name] = state
	}
}

// addCounts adds nameless tests until there are as many as the line counts.
func addCounts(tests map[string]string, line string) {
	want := map[string]int{}
	for _, m := range counts.FindAllStringSubmatch(line, -1) {
		n, _ := strconv.Atoi(m[1])
		switch m[2] {
		case "passed", "xfailed":
			want[Passed] += n
		case "skipped":
			want[Skipped] += n
		default:
			want[Failed] += n
		}
	}
	have := map[string]int{}
	for _, state := range tests {
		have[state]++
	}
	for _, state := range []string{Passed, Failed, Skipped} {
		if have[state] < want[state] {
			tests[fmt.Sprintf("(%d more)", want[state]-have[state])+" "+state] = state
		}
	}
}

var plain = regexp.MustCompile(`(?i)^(?:[-*]\s*)?(?:test[: ]+)?(.+?)\s*(?:[:=]|\.{2,}|-)?\s*\b(PASS(?:ED)?|OK|FAIL(?:ED)?|ERROR|SKIP(?:PED)?)$|^(PASS(?:ED)?|OK|FAIL(?:ED)?|ERROR|SKIP(?:PED)?)[: ]+(.+)$`)

// readPlain reads lines that begin or end with PASSED, FAILED or SKIPPED, which
// is what the parsers other than pytest's come to.
func readPlain(output string) map[string]string {
	if tests := readPytest(output); len(tests) > 0 {
		return tests
	}
	tests := map[string]string{}
	for line := range strings.Lines(output) {
		m := plain.FindStringSubmatch(strings.TrimSpace(colours.ReplaceAllString(line, "")))
		if m == nil {
			continue
		}
		name, word := m[1]+m[4], strings.ToUpper(m[2]+m[3])
		switch word[0] {
		case 'P', 'O':
			addTest(tests, name, Passed)
		case 'S':
			addTest(tests, name, Skipped)
		default:
			addTest(tests, name, Failed)
		}
	}
	return tests
}

// Reward reads the files that a Harbor task's tests wrote below VerifierDir:
// reward.json, else reward.txt. A reward of 1 or more is resolved; of several
// the one called reward, else all must be. ctrf.json tells the tests by name,
// and a reward with none that passed is none.
func Reward(files map[string][]byte) Verdict {
	reward, reason := readReward(files)
	v := Verdict{Reward: reward, Reason: reason, Tests: readCTRF(files["ctrf.json"])}
	if reward == nil {
		return v
	}
	yes := *reward >= 1
	if len(v.Tests) > 0 && !slices.Contains(states(v.Tests), Passed) && yes {
		yes, v.Reason = false, "no test passed"
	}
	v.Resolved = &yes
	return v
}

func states(tests map[string]string) []string {
	var out []string
	for _, s := range tests {
		out = append(out, s)
	}
	return out
}

func readReward(files map[string][]byte) (*float64, string) {
	if b, ok := files["reward.json"]; ok {
		var many map[string]float64
		if err := json.Unmarshal(b, &many); err != nil || len(many) == 0 {
			return nil, "reward.json holds no numbers"
		}
		if r, ok := many["reward"]; ok {
			return &r, ""
		}
		least := math.Inf(1)
		for _, r := range many {
			least = min(least, r)
		}
		return &least, ""
	}
	b, ok := files["reward.txt"]
	if !ok {
		return nil, NoResult
	}
	r, err := strconv.ParseFloat(strings.TrimSpace(string(b)), 64)
	if err != nil || math.IsNaN(r) || math.IsInf(r, 0) {
		return nil, "reward.txt holds no number"
	}
	return &r, ""
}

// readCTRF reads a Common Test Report Format file; none, or another, is nil.
func readCTRF(b []byte) map[string]string {
	var report struct {
		Results struct {
			Tests []struct {
				Name   string `json:"name"`
				Status string `json:"status"`
			} `json:"tests"`
		} `json:"results"`
	}
	if len(b) == 0 || json.Unmarshal(b, &report) != nil {
		return nil
	}
	tests := map[string]string{}
	for _, t := range report.Results.Tests {
		switch t.Status {
		case "passed":
			addTest(tests, t.Name, Passed)
		case "skipped", "pending":
			addTest(tests, t.Name, Skipped)
		default:
			addTest(tests, t.Name, Failed)
		}
	}
	return tests
}

package terminalbench

import (
	"strings"
	"testing"
)

const header = "============================= test session starts ==============================\ncollected 2 items\n\n"

func TestJudge(t *testing.T) {
	const all = "=========================== short test summary info ============================\n"
	for _, test := range []struct {
		name, output string
		want         string // yes, no or a reason
		tests        int
	}{
		{"all pass", header + all + "PASSED tests/test_outputs.py::test_a\nPASSED tests/test_outputs.py::test_b[x - y]\n============================== 2 passed in 0.01s ===============================\n", "yes", 2},
		{"one fails", header + all + "PASSED t.py::a\nFAILED t.py::b - AssertionError: assert 1 == 2\n========================= 1 failed, 1 passed in 0.01s ==========================\n", "no", 2},
		{"an error", header + all + "ERROR t.py - ModuleNotFoundError\n=============================== 1 error in 0.05s ===============================\n", "no", 1},
		{"all skipped", header + all + "SKIPPED [2] t.py:3: not now\n============================== 2 skipped in 0.01s ==============================\n", "no", 2},
		{"nothing ran", header + "============================ no tests ran in 0.00s =============================\n", NoResult, 0},
		{"no output", "", NoResult, 0},
		{"no pytest at all", "bash: pytest: command not found\n", NoResult, 0},
		{"the summary names fewer than are counted", header + all + "PASSED t.py::a\n========================= 1 failed, 1 passed in 0.01s ==========================\n", "no", 2},
		{"without -rA", header + "t.py ..\n============================== 2 passed in 0.01s ===============================\n", "yes", 1},
		{"xfail passes, xpass does not", header + all + "XFAIL t.py::a\nXPASS t.py::b\n==================== 1 xfailed, 1 xpassed in 0.01s =====================\n", "no", 2},
		{"colours and CR", "\x1b[36m\x1b[1m=========================== short test summary info ============================\x1b[0m\r\n\x1b[32mPASSED\x1b[0m t.py::\x1b[1ma\x1b[0m\r\n\x1b[32m============================== \x1b[32m\x1b[1m1 passed\x1b[0m\x1b[32m in 0.00s\x1b[0m\x1b[32m ===============================\x1b[0m\r\n", "yes", 1},
		{"a forged summary before the real one", all + "PASSED t.py::a\n=== 1 passed in 0.01s ===\n" + header + all + "FAILED t.py::a\n=== 1 failed in 0.01s ===\n", "no", 1},
	} {
		v := Task{Parser: "pytest"}.Judge(test.output)
		if got := word(v); got != test.want || len(v.Tests) != test.tests {
			t.Errorf("%s: %s, %v", test.name, got, v.Tests)
		}
	}
}

func word(v Verdict) string {
	switch {
	case v.Resolved == nil:
		return v.Reason
	case *v.Resolved:
		return "yes"
	}
	return "no"
}

func TestJudgePlain(t *testing.T) {
	task := Task{Parser: "swebench"}
	for output, want := range map[string]string{
		"PASSED tests/a.py::b\nPASSED tests/a.py::c\n": "yes",
		"PASSED a\nFAILED b\n":                         "no",
		"ok: test one\nSKIPPED two\n":                  "yes",
		"test one ... ok\ntest two ... FAILED\n":       "no",
		"SKIPPED a\n":                                  "no",
		"nothing of the kind\n":                        NoResult,
	} {
		if got := word(task.Judge(output)); got != want {
			t.Errorf("%q: %s, want %s", output, got, want)
		}
	}
}

func TestReward(t *testing.T) {
	const skipped = `{"results":{"tests":[{"name":"a","status":"skipped"}]}}`
	for _, test := range []struct {
		files map[string][]byte
		want  string
	}{
		{map[string][]byte{"reward.txt": []byte("1\n")}, "yes"},
		{map[string][]byte{"reward.txt": []byte("0.5")}, "no"},
		{map[string][]byte{"reward.txt": []byte("0")}, "no"},
		{map[string][]byte{"reward.txt": []byte("")}, "reward.txt holds no number"},
		{map[string][]byte{"reward.txt": []byte("NaN")}, "reward.txt holds no number"},
		{map[string][]byte{"reward.json": []byte(`{"reward":1.0}`), "reward.txt": []byte("0")}, "yes"},
		{map[string][]byte{"reward.json": []byte(`{"style":1,"function":0.9}`)}, "no"},
		{map[string][]byte{"reward.json": []byte(`{"style":1,"function":1}`)}, "yes"},
		{map[string][]byte{"reward.json": []byte(`{}`)}, "reward.json holds no numbers"},
		{map[string][]byte{"reward.json": []byte(`yes`)}, "reward.json holds no numbers"},
		{map[string][]byte{}, NoResult},
		{map[string][]byte{"reward.txt": []byte("1"), "ctrf.json": []byte(skipped)}, "no"},
		{map[string][]byte{"reward.txt": []byte("1"), "ctrf.json": []byte("damaged")}, "yes"},
		{map[string][]byte{"reward.txt": []byte("1"), "ctrf.json": []byte(strings.Replace(skipped, "skipped", "passed", 1))}, "yes"},
	} {
		if got := word(Reward(test.files)); got != test.want {
			t.Errorf("%q: %s, want %s", test.files, got, test.want)
		}
	}
}

// FuzzJudge: whatever the tests print, resolved means that a test passed and
// none failed.
func FuzzJudge(f *testing.F) {
	f.Add(header+"PASSED a\n=== 1 passed in 1s ===", "pytest")
	f.Add("test a ... ok\nFAIL b", "other")
	f.Fuzz(func(t *testing.T, output, parser string) {
		v := Task{Parser: parser}.Judge(output)
		passed, failed := 0, 0
		for _, s := range v.Tests {
			switch s {
			case Passed:
				passed++
			case Failed:
				failed++
			}
		}
		if yes := v.Resolved != nil && *v.Resolved; yes != (passed > 0 && failed == 0) {
			t.Errorf("%s with %v", word(v), v.Tests)
		}
	})
}

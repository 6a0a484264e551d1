package trace

import "testing"

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		reason, err     string // "" for null
		completed, late bool
		errored, failed bool
	}{
		{"finished", "", true, false, false, false},
		{"finished", "a tool failed once", true, false, false, false},
		{"max_turns", "", true, false, false, false},
		{"max_turns", "", false, false, false, true},
		{"timeout", "", false, true, false, true},
		{"budget", "", false, false, false, true},
		{"error", "gone", false, false, true, true},
		{"interrupted", "", false, false, true, true},
		{"", "gone", false, false, true, true},
		{"", "", false, false, false, false}, // a window of a table
		{"", "", false, true, false, true},
	} {
		q := &QueryTrace{Completed: c.completed, TimedOut: c.late}
		if c.reason != "" {
			q.Reason = &c.reason
		}
		if c.err != "" {
			q.Error = &c.err
		}
		if q.Errored() != c.errored || q.Failed() != c.failed {
			t.Errorf("%+v: errored %v, failed %v", c, q.Errored(), q.Failed())
		}
	}
}

func TestIsWarmup(t *testing.T) {
	for metadata, want := range map[string]bool{
		`{"warmup":true,"task":"q0001"}`: true, `{"task":1, "warmup" : true}`: true,
		`{"warmup":false}`: false, `{"warmup":"true"}`: false, `{"a":{"warmup":true}}`: false, `{"a":"\"warmup\":true"}`: false, `{}`: false, ``: false,
	} {
		if got := IsWarmup([]byte(metadata)); got != want {
			t.Errorf("%s: %v", metadata, got)
		}
	}
}

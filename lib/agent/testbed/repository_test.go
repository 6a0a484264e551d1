package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipw/lib/agent"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/sandbox"
	"ipw/lib/sandbox/host"
	"ipw/lib/stream"
	"ipw/lib/swebench"
)

// sh runs a script on this machine.
func sh(t *testing.T, dir, text string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", text)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
	return strings.TrimSpace(string(out))
}

// instance makes a repository with a bug, its later mending, and tests.
func instance(t *testing.T) (in swebench.Instance, mirror string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing")
	}
	mirror = t.TempDir()
	repo := filepath.Join(mirror, "o", "tally")
	os.MkdirAll(repo, 0o755)
	base := sh(t, repo, `git init -qb trunk
printf 'echo $(($1 + 1))\n' > add.sh
mkdir tests
printf 'for t in tests/*.t; do if sh $t; then echo "PASSED $t"; else echo "FAILED $t"; fi; done\n' > run.sh
printf 'test "$(sh add.sh 1 1)" = 2\n' > tests/one.t
printf '*.log\n' > .gitignore
git add -A; git commit -qm first; git rev-parse HEAD`)
	sh(t, repo, `printf 'echo $(($1 + $2))\n' > add.sh; git commit -qam "the mending that nobody may see"; git tag v2; git branch later`)
	return swebench.Instance{ID: "o__tally-1", Repo: "o/tally", BaseCommit: base, Problem: "add.sh adds 1",
		TestCmd: "sh run.sh", TestPatch: "diff --git a/tests/two.t b/tests/two.t\nnew file mode 100644\n--- /dev/null\n+++ b/tests/two.t\n@@ -0,0 +1 @@\n+test \"$(sh add.sh 2 3)\" = 5\n",
		FailToPass: []string{"tests/two.t"}, PassToPass: []string{"tests/one.t"}}, mirror
}

// does is an agent that runs a script in its box.
type does string

func (d does) Solve(ctx context.Context, q *agent.Query, _ dataset.Task) agent.Outcome {
	r, err := q.Place.Box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", string(d)}})
	if err != nil {
		return q.Cut(ctx, err)
	}
	return agent.Outcome{Text: r.Stdout + r.Stderr, Reason: event.Finished}
}

// run runs one instance and returns its verdict and answer, and the folder of
// its artifacts.
func run(t *testing.T, b *Bed, in swebench.Instance, script string) (scored, ended event.Event, artifacts string) {
	t.Helper()
	return runAs(t.Context(), t, b, in, &agent.Run{Agent: does(script)})
}

// runAs is run with an agent and a time limit of r's.
func runAs(ctx context.Context, t *testing.T, b *Bed, in swebench.Instance, r *agent.Run) (scored, ended event.Event, artifacts string) {
	t.Helper()
	var out bytes.Buffer
	w := event.NewWriter(stream.NewWriter(&out), clock.System)
	if err := w.Header(event.Header{Run: "r@1"}); err != nil {
		t.Fatal(err)
	}
	b.Sandbox = host.Sandbox{}
	artifacts = t.TempDir()
	r.Recorder, r.Open, r.Artifacts = agent.NewRecorder(w), b.Open, artifacts
	var task iter.Seq2[dataset.Task, error] = func(yield func(dataset.Task, error) bool) {
		yield(dataset.Task{ID: in.ID, Problem: in.Prompt(), Instance: &in}, nil)
	}
	totals, err := r.Tasks(ctx, task)
	if err != nil || totals.Left != nil || totals.Unkept != nil {
		t.Fatal(err, totals)
	}
	if err := w.End("ok"); err != nil {
		t.Fatal(err)
	}
	events := event.NewReader(&stream.Problems{}, stream.NewInput("events", &out))
	for {
		rec, err := events.Next()
		if err != nil {
			return scored, ended, filepath.Join(artifacts, agent.FolderName(in.ID))
		}
		switch e := rec.Event; {
		case e == nil:
		case e.Type == event.ScoringEnd:
			scored = *e
		case e.Type == event.QueryEnd:
			ended = *e
		}
	}
}

func verdict(e event.Event) string {
	switch {
	case e.IsResolved == nil:
		return "none: " + e.UnscorableReason
	case *e.IsResolved:
		return "right"
	}
	return "wrong"
}

// TestRepository: what an agent leaves is graded by the tests, in a checkout of
// its own.
func TestRepository(t *testing.T) {
	const mend = `printf 'echo $(($1 + $2))\n' > add.sh`
	for _, test := range []struct {
		name, script  string
		want          string
		patch, absent string // what the patch holds, and what not
	}{
		{"mended", mend, "right", "+echo $(($1 + $2))", "tests/"},
		{"mended, with a new file", mend + "; mkdir new; echo x > new/file; echo y > a.log", "right", "b/new/file", "a.log"},
		{"mended and committed", mend + `; git -c user.name=a -c user.email=a@b commit -qam done; git checkout -q -b other`, "right", "+echo $(($1 + $2))", ""},
		{"nothing done", "echo 'I see no bug'", "wrong", "", ""},
		{"another bug", `printf 'echo 5\n' > add.sh`, "wrong", "+echo 5", ""},
		{"the tests changed", `printf 'true\n' > tests/one.t; printf 'exit 1\n' > add.sh`, "wrong", "+true", ""},
		{"a binary file", mend + `; printf 'a\000b' > bin`, "right", "GIT binary patch", ""},
		{"hooks and a monitor", mend + `; printf 'exit 1' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; git config core.autocrlf input`, "right", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, mirror := instance(t)
			predictions := filepath.Join(t.TempDir(), "p.jsonl")
			scored, ended, artifacts := run(t, &Bed{Mirror: mirror, Model: "m", Predictions: predictions}, in, test.script)
			if got := verdict(scored); got != test.want {
				t.Errorf("%s, want %s: %s %v", got, test.want, scored.ScoreMetadata, scored.Error)
			}
			patch, err := os.ReadFile(filepath.Join(artifacts, "patch.diff"))
			if err != nil || !strings.Contains(string(patch), test.patch) || test.absent != "" && strings.Contains(string(patch), test.absent) {
				t.Errorf("%v, patch %s", err, patch)
			}
			if len(patch) > 0 && *ended.ResponseText != string(patch) {
				t.Errorf("the answer is %q", *ended.ResponseText)
			}
			var p swebench.Prediction
			line, _ := os.ReadFile(predictions)
			if err := json.Unmarshal(line, &p); err != nil || p.InstanceID != in.ID || p.Model != "m" || p.Patch != string(patch) {
				t.Errorf("%v, prediction %+v", err, p)
			}
		})
	}
}

// mends is an agent that mends the bug and then ends in a way of its own.
type mends func(ctx context.Context, q *agent.Query) agent.Outcome

func (m mends) Solve(ctx context.Context, q *agent.Query, t dataset.Task) agent.Outcome {
	does(`printf 'echo $(($1 + $2))\n' > add.sh`).Solve(ctx, q, t)
	return m(ctx, q)
}

// TestEveryExit: the patch is taken however the query ends, and graded unless
// the user stopped the run.
func TestEveryExit(t *testing.T) {
	for _, reason := range []string{event.MaxTurns, event.Failed, event.Timeout, event.Interrupted, "panic"} {
		t.Run(reason, func(t *testing.T) {
			in, mirror := instance(t)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			r := &agent.Run{Agent: mends(func(ctx context.Context, q *agent.Query) agent.Outcome {
				switch reason {
				case "panic":
					panic("oh")
				case event.Interrupted:
					stop()
				case event.Timeout:
					<-ctx.Done()
				default:
					return agent.Outcome{Reason: reason}
				}
				return q.Cut(ctx, nil)
			})}
			if reason == event.Timeout {
				r.Timeout = 3 * time.Second
			}
			predictions := filepath.Join(t.TempDir(), "p.jsonl")
			scored, ended, artifacts := runAs(ctx, t, &Bed{Mirror: mirror, Predictions: predictions}, in, r)
			want := map[string]string{"panic": event.Failed}[reason]
			if want == "" {
				want = reason
			}
			patch, err := os.ReadFile(filepath.Join(artifacts, "patch.diff"))
			if ended.Reason != want || err != nil || !strings.Contains(string(patch), "+echo $(($1 + $2))") || *ended.ResponseText != string(patch) {
				t.Errorf("%s, %v, patch %s", ended.Reason, err, patch)
			}
			if line, _ := os.ReadFile(predictions); !strings.Contains(string(line), "add.sh") {
				t.Errorf("prediction %s", line)
			}
			if got := verdict(scored); (got == "right") != (reason != event.Interrupted) {
				t.Errorf("verdict %s", got)
			}
		})
	}
}

// TestHistory: an agent finds what was before, and nothing of what came later.
func TestHistory(t *testing.T) {
	in, mirror := instance(t)
	_, ended, _ := run(t, &Bed{Mirror: mirror}, in, `git log --oneline --all | cat; git tag; git branch -a | cat; git remote; git cat-file --batch-all-objects --batch-check | grep -c commit`)
	if text := *ended.ResponseText; strings.Contains(text, "mending") || strings.Contains(text, "v2") || strings.Contains(text, "later") || !strings.Contains(text, "first") || !strings.HasSuffix(text, "\n1\n") {
		t.Errorf("%q", text)
	}
}

// TestBroken: what is no fault of the agent's is an error, and no wrong answer.
func TestBroken(t *testing.T) {
	for _, test := range []struct {
		name  string
		edit  func(*swebench.Instance)
		error string // of scoring, or of the query
		want  string
	}{
		{"a test patch that does not apply", func(in *swebench.Instance) { in.TestPatch = strings.Replace(in.TestPatch, "@@ -0,0", "@@ -7,3", 1) }, "the test patch does not apply", "none: test_patch_apply_failed"},
		{"no tests run", func(in *swebench.Instance) { in.TestCmd = "echo collected 0 items;" }, "", "none: tests_without_result"},
		{"no such commit", func(in *swebench.Instance) { in.BaseCommit = strings.Repeat("1", 40) }, "o/tally at 1111", "none: "},
		{"an installation that fails", func(in *swebench.Instance) { in.InstallCmd = "echo no compiler >&2; exit 3" }, "setup: install_cmd: exit status 3: no compiler", "none: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, mirror := instance(t)
			test.edit(&in)
			scored, ended, _ := run(t, &Bed{Mirror: mirror}, in, `echo x > y`)
			said := ""
			for _, e := range []*string{scored.Error, ended.Error} {
				if e != nil {
					said += *e
				}
			}
			if got := verdict(scored); got != test.want || !strings.Contains(said, test.error) || (said == "") != (test.error == "") {
				t.Errorf("%s, error %q", got, said)
			}
		})
	}
}

// TestInstalled: what the instance's installation makes is no part of the patch.
func TestInstalled(t *testing.T) {
	in, mirror := instance(t)
	in.InstallCmd = "echo built > build.out"
	scored, _, artifacts := run(t, &Bed{Mirror: mirror}, in, `cat build.out; printf 'echo $(($1 + $2))\n' > add.sh`)
	patch, _ := os.ReadFile(filepath.Join(artifacts, "patch.diff"))
	if verdict(scored) != "right" || strings.Contains(string(patch), "build.out") {
		t.Errorf("%s %s", verdict(scored), patch)
	}
}

// TestNoDocker: a task with a container of its own says what it needs.
func TestNoDocker(t *testing.T) {
	b := &Bed{Sandbox: host.Sandbox{}}
	set, err := dataset.Open("../../terminalbench/testdata/tasks", nil)
	if err != nil {
		t.Fatal(err)
	}
	for task, err := range set.Tasks(t.Context(), &stream.Problems{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Open(t.Context(), nil, task); err != ErrNoImages {
			t.Error(err)
		}
	}
}
